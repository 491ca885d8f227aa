"""The health checks. Each problem includes a hint. The checks are pure functions of the data that `findings.py`
queries, so tests need no services. Thresholds that differ between deployments are in `platform.json`; the constants
here are the same for all deployments.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

# The number of earlier runs that the newest run is compared with.
EARLIER_RUNS = 9
# A change of a table's row count is unusual if it exceeds this share of the usual count and this number of rows.
MAX_CHANGE, MIN_ROWS = 0.5, 20
# Fargate usually starts a job within a minute; a job that waits longer lacks capacity or cannot start.
MAX_WAIT = timedelta(minutes=30)
# The allowed difference between two clocks.
MAX_CLOCK_SKEW = timedelta(minutes=5)
# The maximum number of waiting jobs, besides those of groups of collections, which are submitted at the same time. The
# other jobs of a source's run are submitted one after the other.
MAX_WAITING = 12


@dataclass(frozen=True)
class Run:
    """A row in the ledger; `tables` has the number of rows, quarantined records and dropped records of each table. If the run
    had only some of the rows, it also has the number of records that were read."""

    seq: int
    run_id: str
    loaded_at: datetime
    tables: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A Batch job that waits."""

    job_id: str
    name: str
    status: str
    created_at: datetime


def load_age(runs: list[Run], now: datetime, source: dict) -> list[str]:
    """Reports a load of a source that is too old. Without a schedule, no load can be missing. `runs` are sorted newest
    first, here and below."""
    dag, max_hours, is_scheduled = source["dag"], source["max_load_age_hours"], source["schedule"] is not None
    if not runs:
        return [f"no run has been loaded; hint: trigger the `{dag}` DAG"] if is_scheduled else []
    hours = (now - runs[0].loaded_at).total_seconds() / 3600
    last = f"run {runs[0].run_id}, {runs[0].loaded_at:%Y-%m-%d %H:%M} UTC"
    if hours < -MAX_CLOCK_SKEW / timedelta(hours=1):
        hint = "correct the clock of the machine that ran `copy`, then loaded_at and fetched_at in etl.runs"
        return [f"the last load is {-hours:.1f} hours in the future ({last}); hint: {hint}"]
    if hours <= max_hours or not is_scheduled:
        return []
    hint = f"check whether the `{dag}` DAG is paused or its runs failed, then trigger it"
    return [f"the last load is {hours:.1f} hours old; the limit is {max_hours} ({last}); hint: {hint}"]


def quarantine(runs: list[Run], max_share: float) -> list[str]:
    """Reports too many quarantined records in the newest run."""
    tables = runs[0].tables if runs else {}
    quarantined = sum(counts.get("quarantined", 0) for counts in tables.values())
    read = sum(read_records(counts) for counts in tables.values())
    if not read or quarantined / read <= max_share:
        return []
    worst = sorted(tables, key=lambda name: -tables[name].get("quarantined", 0))[:3]
    shown = ", ".join(f"{name} {tables[name]['quarantined']}" for name in worst if tables[name].get("quarantined"))
    share = f"{quarantined} of {read} records ({quarantined / read:.1%}) are in quarantine; the limit is {max_share:.1%}: {shown}"
    hint = f"read the reasons in the lake, quarantine/…/run={runs[0].run_id}/; the source or the contract has changed"
    return [f"{share}; hint: {hint}"]


def read_records(counts: dict[str, int]) -> int:
    return counts.get("read", sum(counts.get(name, 0) for name in ("rows", "quarantined", "dropped")))


def row_counts(runs: list[Run]) -> list[str]:
    """Reports tables in the newest run that have far more or far fewer rows than in earlier runs."""
    problems = []
    for table, counts in runs[0].tables.items() if runs else ():
        before = [run.tables[table].get("rows", 0) for run in runs[1 : EARLIER_RUNS + 1] if table in run.tables]
        if not before:
            continue
        usual, rows = median(before), counts.get("rows", 0)
        if abs(rows - usual) > max(MAX_CHANGE * usual, MIN_ROWS) or (rows == 0 and usual > 0):
            hint = f"check in the lake whether the responses in raw/…/run={runs[0].run_id}/ are complete"
            problems.append(f"`{table}` has {rows} rows, but usually has {usual:g}; hint: {hint}")
    return problems


def tampering(runs: list[Run], head: int, counts: dict[str, int]) -> list[str]:
    """Reports tables whose row counts differ from the ledger. `counts` were read in one snapshot, when `head` was the
    newest run; a load between the two queries is not a problem."""
    if not runs or runs[0].seq != head:
        return []
    expected = {}
    for run in runs:
        for table, loaded in run.tables.items():
            expected.setdefault(table, loaded.get("rows", 0))
    hint = (
        "a program other than `copy` wrote to it; run `transformation --from-raw` for the last run and load the result"
    )
    different = [(table, rows) for table, rows in counts.items() if rows != expected.get(table, rows)]
    return [
        f"`{table}` has {rows} rows, but the ledger records {expected[table]}; hint: {hint}"
        for table, rows in different
    ]


def queue(jobs: list[Job], now: datetime, groups: int = 0) -> list[str]:
    """Reports jobs that have waited too long, and a queue with too many of them. `groups` is the number of groups of all
    sources."""
    stuck = [job for job in jobs if now - job.created_at > MAX_WAIT]
    hint = "check that the compute environment is valid and has enough free vCPUs, and that the image can be pulled"
    problems = [
        f"job {job.name} has been {job.status} for {(now - job.created_at).total_seconds() / 60:.0f} minutes "
        f"({job.job_id}); hint: {hint}"
        for job in sorted(stuck, key=created)
    ]
    most = MAX_WAITING + groups
    if len(jobs) > most:
        hint = "raise batch.max_vcpu in the settings, or terminate jobs that are not needed"
        problems.append(f"{len(jobs)} jobs are waiting in the queue; the limit is {most}; hint: {hint}")
    return problems


def created(job: Job) -> datetime:
    return job.created_at


def report(problems: list[str]) -> str:
    """Formats all problems as one message."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([count, *(f"- {problem}" for problem in problems)])
