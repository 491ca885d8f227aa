"""Is the platform well? It fails with every problem and what to do about it.

| task | looks at |
|---|---|
| `warehouse` | the last load's age, its share in quarantine, rows against earlier runs, the tables against the ledger |
| `batch` | jobs that failed and were not repeated, jobs that wait too long, the length of the queue |

It runs after every load, when the warehouse is awake anyway. Where `ingestion` has a schedule it also runs four times a
day, to notice a load that did not come; each time wakes the warehouse for a minute.
"""

from datetime import datetime, timedelta, timezone

from airflow.exceptions import AirflowFailException
from airflow.sdk import DAG, BaseOperator
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.trigger import CronTriggerTimetable

import alarm
from assets import LOADED
from platform_settings import PLATFORM

CLOCK = CronTriggerTimetable("17 */6 * * *", timezone="UTC")


class Check(BaseOperator):
    """Fails for good where there are problems: a look that is repeated shows the same. An operator of our own, because
    for `@task` Airflow looks through every provider, at each parse."""

    def execute(self, context) -> None:
        import health

        if problems := self.problems(datetime.now(timezone.utc)):
            raise AirflowFailException(health.report(problems))
        self.log.info("All is well")

    def problems(self, now: datetime) -> list[str]:
        raise NotImplementedError


class WarehouseCheck(Check):
    """The ledger, and the tables against it."""

    def problems(self, now: datetime) -> list[str]:
        import aws
        import findings
        import health

        try:
            warehouse = findings.Warehouse(PLATFORM)
            runs = warehouse.runs()
            tables = sorted({table for run in runs for table in run.tables})
            return [
                *health.load_age(runs, now, PLATFORM["max_load_age_hours"]),
                *health.quarantine(runs, PLATFORM["max_quarantine_share"]),
                *health.row_counts(runs),
                *(health.tampering(runs, *warehouse.counts(tables)) if tables else []),
            ]
        except (findings.NoAnswer, *aws.errors()) as error:
            hint = "does the workgroup answer, and did `cargo xtask warehouse-init --reader` let Airflow's role in?"
            return [f"{error}; hint: {hint}"]


class BatchCheck(Check):
    """The queue, and the jobs that have left it."""

    def problems(self, now: datetime) -> list[str]:
        import aws
        import findings
        import health

        try:
            jobs = findings.jobs(PLATFORM, now)
        except aws.errors() as error:
            return [f"{error}; hint: is the queue {PLATFORM['queue']} deployed, and may Airflow's role look at it?"]
        return [*health.failed_jobs(jobs, now), *health.queue(jobs, now)]


with DAG(
    dag_id="platform_health",
    description="Age, rows and quarantine of what is loaded; failed and waiting jobs",
    doc_md=__doc__,
    # Where nothing runs by itself, nobody misses a load.
    schedule=AssetOrTimeSchedule(timetable=CLOCK, assets=[LOADED]) if PLATFORM["schedule"] else [LOADED],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={
        "retries": 0,
        "execution_timeout": timedelta(minutes=10),
        "on_failure_callback": alarm.tell,
    },
    tags=["dpworld"],
) as dag:
    WarehouseCheck(task_id="warehouse")
    BatchCheck(task_id="batch")
