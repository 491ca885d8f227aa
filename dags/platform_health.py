"""Checks the health of the platform. A task fails with a list of all problems and hints.

| task | checks |
|---|---|
| `warehouse` | age and quarantine share of the last load; row counts compared with earlier runs and the ledger |
| `batch` | jobs that have waited too long, and the queue length |

Every source is checked separately. It runs after each run of any source, while the warehouse is active. If a source has
a schedule, it also runs four times a day to detect a missing load; each of these runs resumes the warehouse for a minute.
"""

from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, AssetAny, BaseOperator
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.trigger import CronTriggerTimetable

from dpworld import aws, notify
from dpworld.assets import built
from dpworld.exceptions import AirflowFailException
from dpworld.health import checks, queries
from dpworld.settings import PLATFORM, SOURCES

CLOCK = CronTriggerTimetable("17 */6 * * *", timezone="UTC")
BUILT = AssetAny(*(built(source) for source in SOURCES))
IS_SCHEDULED = any(source["schedule"] for source in SOURCES.values())


class Check(BaseOperator):
    """Fails without a retry if there are problems, because a retry would find the same ones. It is an operator, because
    with `@task` Airflow would load every provider at each parse."""

    def execute(self, context) -> None:
        if problems := self.problems(datetime.now(timezone.utc)):
            raise AirflowFailException(checks.report(problems))
        self.log.info("No problems found")

    def problems(self, now: datetime) -> list[str]:
        raise NotImplementedError


class WarehouseCheck(Check):
    """Checks the ledger of every source and compares the tables with it."""

    def problems(self, now: datetime) -> list[str]:
        return [
            f"{name} (DAG `{source['dag']}`): {problem}"
            for name, source in SOURCES.items()
            for problem in self.problems_of(name, source, now)
        ]

    def problems_of(self, name: str, source: dict, now: datetime) -> list[str]:
        try:
            warehouse = queries.Warehouse(PLATFORM)
            runs = warehouse.runs(name)
            # Each was either accepted or is only a warning, so the task does not fail.
            for text in warehouse.implausible(name):
                self.log.warning("Implausible data in the newest run of %s: %s", name, text)
            # A table of an older run may have left the contract, and a load of some collections says nothing about others.
            tables = sorted(runs[0].tables) if runs else []
            return [
                *checks.load_age(runs, now, source),
                *checks.quarantine(runs, source["max_quarantine_share"]),
                *checks.row_counts(runs),
                *(checks.tampering(runs, *warehouse.counts(name, tables)) if tables else []),
            ]
        except (queries.QueryFailed, *aws.errors()) as error:
            hint = "check the workgroup, and grant Airflow's role access with `cargo xtask warehouse-init --reader`"
            return [f"{error}; hint: {hint}"]


class BatchCheck(Check):
    """Checks the waiting jobs. A failed one is reported by its task."""

    def problems(self, now: datetime) -> list[str]:
        try:
            jobs = queries.waiting_jobs(PLATFORM)
        except aws.errors() as error:
            return [
                f"{error}; hint: check that the queue {PLATFORM['queue']} is deployed, and that Airflow's role may list its jobs"
            ]
        groups = sum(len(source["groups"]) for source in SOURCES.values())
        return checks.queue(jobs, now, groups)


with DAG(
    dag_id="platform_health",
    description="Checks the age, row counts and quarantine of the last load, and the waiting jobs",
    doc_md=__doc__,
    # Without a schedule, no load can be missing.
    schedule=AssetOrTimeSchedule(timetable=CLOCK, assets=BUILT) if IS_SCHEDULED else BUILT,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={
        "retries": 0,
        "execution_timeout": timedelta(minutes=10 * max(len(SOURCES), 1)),
        "on_failure_callback": notify.failed,
    },
    tags=["dpworld"],
) as dag:
    WarehouseCheck(task_id="warehouse")
    BatchCheck(task_id="batch")
