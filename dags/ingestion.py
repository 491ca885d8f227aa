"""Loads data from the SpaceX API into the lake, then into the warehouse, and builds the marts.

| task | does | can be repeated because |
|---|---|---|
| `transformation` | fetches each collection, stores the responses, writes typed Parquet and a manifest | manifests are not overwritten |
| `copy_job` | validates the files and loads them in one transaction | the ledger records the run |
| `dbt_build` | builds and tests the marts | it builds from the loaded tables |

Each task is one AWS Batch job, and Batch retries temporary failures. If a task still fails, fix the cause and clear the
task; the run continues from there. See dags/README.md.
"""

from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG

import alarm
from assets import LOADED
from batch_job import batch_job
from platform_settings import PLATFORM

with DAG(
    dag_id="ingestion",
    description="Loads data from the SpaceX API into the lake and the warehouse, and builds the marts",
    doc_md=__doc__,
    schedule=PLATFORM["schedule"],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    # A run loads the current data of the source: a missed run cannot be repeated later.
    catchup=False,
    # The loads are serialized anyway.
    max_active_runs=1,
    # The settings define the schedule; the DAG is paused only manually.
    is_paused_upon_creation=False,
    default_args={
        "retries": PLATFORM["retries"],
        "retry_delay": timedelta(seconds=PLATFORM["retry_delay_seconds"]),
        "on_failure_callback": alarm.notify,
    },
    tags=["dpworld"],
) as dag:
    transformation = batch_job(PLATFORM, "transformation", ["transformation"])
    copy_job = batch_job(PLATFORM, "copy_job", ["copy"], outlets=[LOADED])
    dbt_build = batch_job(PLATFORM, "dbt_build", ["dbt", "build"])

    transformation >> copy_job >> dbt_build
