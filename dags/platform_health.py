"""Checks the health of the platform. A task fails with a list of all problems and hints.

| task | checks |
|---|---|
| `warehouse` | age and quarantine share of the last load; row counts compared with earlier runs and the ledger |
| `batch` | failed jobs that were not repeated, jobs that have waited too long, and the queue length |

It runs after each load, while the warehouse is active. If `ingestion` has a schedule, it also runs four times a day to
detect a missing load; each of these runs resumes the warehouse for a minute.
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
    """Fails without a retry if there are problems, because a retry would find the same ones. It is an operator, because
    with `@task` Airflow would load every provider at each parse."""

    def execute(self, context) -> None:
        import health

        if problems := self.problems(datetime.now(timezone.utc)):
            raise AirflowFailException(health.report(problems))
        self.log.info("No problems found")

    def problems(self, now: datetime) -> list[str]:
        raise NotImplementedError


class WarehouseCheck(Check):
    """Checks the ledger and compares the tables with it."""

    def problems(self, now: datetime) -> list[str]:
        import aws
        import findings
        import health

        try:
            warehouse = findings.Warehouse(PLATFORM)
            runs = warehouse.runs()
            # Each was either accepted or is only a warning, so the task does not fail.
            for text in warehouse.implausible():
                self.log.warning("Implausible data in the newest run: %s", text)
            # A table of an older run may have left the contract, and a load of some collections says nothing about others.
            tables = sorted(runs[0].tables) if runs else []
            return [
                *health.load_age(runs, now, PLATFORM["max_load_age_hours"]),
                *health.quarantine(runs, PLATFORM["max_quarantine_share"]),
                *health.row_counts(runs),
                *(health.tampering(runs, *warehouse.counts(tables)) if tables else []),
            ]
        except (findings.QueryFailed, *aws.errors()) as error:
            hint = "check the workgroup, and grant Airflow's role access with `cargo xtask warehouse-init --reader`"
            return [f"{error}; hint: {hint}"]


class BatchCheck(Check):
    """Checks the waiting and finished jobs in the queue."""

    def problems(self, now: datetime) -> list[str]:
        import aws
        import findings
        import health

        try:
            jobs = findings.jobs(PLATFORM, now)
        except aws.errors() as error:
            return [
                f"{error}; hint: check that the queue {PLATFORM['queue']} is deployed, and that Airflow's role may list its jobs"
            ]
        return [*health.failed_jobs(jobs, now), *health.queue(jobs, now)]


with DAG(
    dag_id="platform_health",
    description="Checks the age, row counts and quarantine of the last load, and failed and waiting jobs",
    doc_md=__doc__,
    # Without a schedule, no load can be missing.
    schedule=AssetOrTimeSchedule(timetable=CLOCK, assets=[LOADED]) if PLATFORM["schedule"] else [LOADED],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={
        "retries": 0,
        "execution_timeout": timedelta(minutes=10),
        "on_failure_callback": alarm.notify,
    },
    tags=["dpworld"],
) as dag:
    WarehouseCheck(task_id="warehouse")
    BatchCheck(task_id="batch")
