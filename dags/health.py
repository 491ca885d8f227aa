"""What is wrong with the platform, told from what was found; each problem says what to do. Nothing here asks anybody
anything, so that every judgement is tested on made-up findings. Thresholds that differ between deployments are in
`platform.json`; these here do not.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

# The newest run is held against this many before it.
EARLIER_RUNS = 9
# A table is odd that lost or gained more than this share of what it had, and more rows than chance would.
MAX_CHANGE, MIN_ROWS = 0.5, 20
# Fargate starts a job within a minute or so; a job that waits longer has no place, or never gets one.
MAX_WAIT = timedelta(minutes=30)
# How far apart two clocks may be.
MAX_CLOCK_SKEW = timedelta(minutes=5)
# A run is three jobs, one after the other.
MAX_WAITING = 12
# How far back failed jobs are looked for. Batch forgets jobs after seven days.
WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Run:
    """A row of the ledger; `tables` has rows, quarantined and dropped of each table."""

    seq: int
    run_id: str
    loaded_at: datetime
    tables: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job of Batch."""

    job_id: str
    name: str
    status: str
    created_at: datetime
    reason: str = ""


def load_age(runs: list[Run], now: datetime, max_hours: float) -> list[str]:
    """Whether the newest load is too old. `runs` are the newest first, here and below."""
    if not runs:
        return ["nothing was ever loaded; hint: trigger the DAG `ingestion`"]
    hours = (now - runs[0].loaded_at).total_seconds() / 3600
    last = f"run {runs[0].run_id}, {runs[0].loaded_at:%Y-%m-%d %H:%M} UTC"
    if hours < -MAX_CLOCK_SKEW / timedelta(hours=1):
        hint = "set the clock of the machine that ran `copy`, and correct loaded_at and fetched_at in etl.runs"
        return [f"the last load is {-hours:.1f} hours in the future ({last}); hint: {hint}"]
    if hours <= max_hours:
        return []
    hint = "see what the DAG `ingestion` did since: paused, failed, or never started? Then trigger it"
    return [f"the last load is {hours:.1f} hours old, {max_hours} are allowed ({last}); hint: {hint}"]


def quarantine(runs: list[Run], max_share: float) -> list[str]:
    """Whether too many of the newest run's records were set aside."""
    tables = runs[0].tables if runs else {}
    aside = sum(counts.get("quarantined", 0) for counts in tables.values())
    read = sum(counts.get(name, 0) for counts in tables.values() for name in ("rows", "quarantined", "dropped"))
    if not read or aside / read <= max_share:
        return []
    worst = sorted(tables, key=lambda name: -tables[name].get("quarantined", 0))[:3]
    shown = ", ".join(f"{name} {tables[name]['quarantined']}" for name in worst if tables[name].get("quarantined"))
    share = f"{aside} of {read} records ({aside / read:.1%}) are in quarantine, {max_share:.1%} are allowed: {shown}"
    hint = f"read the reasons in the lake, quarantine/…/run={runs[0].run_id}/; the source or the contract has changed"
    return [f"{share}; hint: {hint}"]


def row_counts(runs: list[Run]) -> list[str]:
    """Tables of the newest run that have far more or far fewer rows than the runs before gave them."""
    problems = []
    for table, counts in runs[0].tables.items() if runs else ():
        before = [run.tables[table].get("rows", 0) for run in runs[1 : EARLIER_RUNS + 1] if table in run.tables]
        if not before:
            continue
        usual, rows = median(before), counts.get("rows", 0)
        if abs(rows - usual) > max(MAX_CHANGE * usual, MIN_ROWS) or (rows == 0 and usual > 0):
            hint = f"look at the answer in the lake, raw/…/run={runs[0].run_id}/: is it the source's, and whole?"
            problems.append(f"`{table}` has {rows} rows, usually {usual:g}; hint: {hint}")
    return problems


def tampering(runs: list[Run], head: int, counts: dict[str, int]) -> list[str]:
    """Tables that do not hold what the ledger says. `counts` were taken in one snapshot, when `head` was the newest run;
    a load that came between the two questions is no problem."""
    if not runs or runs[0].seq != head:
        return []
    expected = {}
    for run in runs:
        for table, told in run.tables.items():
            expected.setdefault(table, told.get("rows", 0))
    hint = "something other than `copy` wrote to it; run `transformation --from-raw` of the last run, and load that"
    odd = [(table, rows) for table, rows in counts.items() if rows != expected.get(table, rows)]
    return [f"`{table}` holds {rows} rows, the ledger says {expected[table]}; hint: {hint}" for table, rows in odd]


def failed_jobs(jobs: list[Job], now: datetime) -> list[str]:
    """Jobs that failed of late, and whose name, which is that of task and run, has not succeeded since."""
    succeeded = {job.name: job.created_at for job in sorted(jobs, key=created) if job.status == "SUCCEEDED"}
    failed = {job.name: job for job in sorted(jobs, key=created) if job.status == "FAILED"}
    return [
        f"job {job.name} failed ({job.job_id}: {job.reason or 'no reason given'}); hint: see the task's log, mend the "
        "cause, and clear the task"
        for job in failed.values()
        if now - job.created_at <= WINDOW and not (job.name in succeeded and succeeded[job.name] > job.created_at)
    ]


def queue(jobs: list[Job], now: datetime) -> list[str]:
    """Jobs that wait too long, and a queue that is too long."""
    waiting = [job for job in jobs if job.status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING")]
    stuck = [job for job in waiting if now - job.created_at > MAX_WAIT]
    hint = (
        "is the compute environment enabled and valid, are fewer vCPU left than the job wants, can it pull its image?"
    )
    problems = [
        f"job {job.name} is {job.status} for {(now - job.created_at).total_seconds() / 60:.0f} minutes "
        f"({job.job_id}); hint: {hint}"
        for job in sorted(stuck, key=created)
    ]
    if len(waiting) > MAX_WAITING:
        hint = "who submits them? See batch.max_vcpu in the settings, and end what nobody needs"
        problems.append(f"{len(waiting)} jobs wait in the queue, {MAX_WAITING} are usual at most; hint: {hint}")
    return problems


def created(job: Job) -> datetime:
    return job.created_at


def report(problems: list[str]) -> str:
    """All problems as one text."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([count, *(f"- {problem}" for problem in problems)])
