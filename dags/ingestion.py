"""Loads data from a source's API into the lake, then into the warehouse, and builds the marts.

| task | does | can be repeated because |
|---|---|---|
| `transformation` | fetches each collection, stores the responses, writes typed Parquet and a manifest; mapped if the source is split into groups of collections | manifests are not overwritten |
| `copy_job` | validates the files and loads them in one transaction | the ledger records the run |
| `dbt_build` | builds and tests the marts | it builds from the loaded tables |
| `report` | writes the page of the run to the lake, also if a task has failed | it replaces the page |

Each task is one AWS Batch job, and Batch retries temporary failures. If a task still fails, fix the cause and clear the
task; the run continues from there. See dags/README.md.
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from dpworld import notify
from dpworld.assets import built, loaded
from dpworld.batch.operator import batch_job
from dpworld.batch.stop import stop_jobs
from dpworld.options import params
from dpworld.settings import PLATFORM, SOURCES


def load(source: str) -> DAG:
    """Returns the DAG that loads a source."""
    settings = SOURCES[source]
    with DAG(
        dag_id=settings["dag"],
        description=f"Loads data from the API of {source} into the lake and the warehouse, and builds the marts",
        doc_md=__doc__,
        schedule=settings["schedule"],
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        # A run loads the current data of the source: a missed run cannot be repeated later.
        catchup=False,
        # The loads of a source are serialized anyway.
        max_active_runs=1,
        # The settings define the schedule; the DAG is paused only manually.
        is_paused_upon_creation=False,
        on_failure_callback=stop_jobs,
        params=params(),
        default_args={
            "retries": PLATFORM["retries"],
            "retry_delay": timedelta(seconds=PLATFORM["retry_delay_seconds"]),
            "on_failure_callback": notify.failed,
        },
        tags=["dpworld", source],
    ) as dag:
        transformation = batch_job(PLATFORM, source, "transformation", settings["groups"])
        # A group is skipped if the run has none of its collections.
        copy_job = batch_job(PLATFORM, source, "copy_job", outlets=[loaded(source)], trigger_rule="none_failed")
        dbt_build = batch_job(PLATFORM, source, "dbt_build", outlets=[built(source)])
        steps = [transformation, copy_job, dbt_build]
        names = [step.task_id for step in steps]
        report = batch_job(PLATFORM, source, "report", steps=names, trigger_rule="all_done")
        # The state of a run is that of its last tasks. Without this one, it would be that of the report alone, and the run of a
        # failed task would be successful. A teardown is not used: Airflow would not fail a run that is marked as failed.
        done = EmptyOperator(task_id="done", execution_timeout=timedelta(minutes=5))
        transformation >> copy_job >> dbt_build >> done
        # After all of them: a group of collections may still run when another one has failed the tasks after it.
        steps >> report
    return dag


# Airflow registers the DAGs that the module contains.
DAGS = [load(source) for source in SOURCES]
globals().update({dag.dag_id: dag for dag in DAGS})
