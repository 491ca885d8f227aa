"""A run of the platform: SpaceX's API into the lake, from there into the warehouse, and on to the marts.

| task | does | may be repeated because |
|---|---|---|
| `transformation` | fetches every collection, keeps the bytes, writes typed Parquet and a receipt each | a receipt stands once written |
| `copy_job` | proves the receipts and loads them in one transaction | the ledger knows the run |
| `dbt_build` | builds and tests the marts | it builds from what is loaded |

Each is one job of AWS Batch, which tries again by itself where the container says that it may help. A task that failed
all the same is cleared once its cause is mended; the run goes on where it stood. See dags/README.md.
"""

from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG

import alarm
from assets import LOADED
from batch_job import batch_job
from platform_settings import PLATFORM

with DAG(
    dag_id="ingestion",
    description="SpaceX's API into the lake, the warehouse and the marts",
    doc_md=__doc__,
    schedule=PLATFORM["schedule"],
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    # A run takes what the source has now: one that was missed cannot be made up for.
    catchup=False,
    # The loads would take turns anyway.
    max_active_runs=1,
    # The settings say when it runs; a pause is for people.
    is_paused_upon_creation=False,
    default_args={
        "retries": PLATFORM["retries"],
        "retry_delay": timedelta(seconds=PLATFORM["retry_delay_seconds"]),
        "on_failure_callback": alarm.tell,
    },
    tags=["dpworld"],
) as dag:
    transformation = batch_job(PLATFORM, "transformation", ["transformation"])
    copy_job = batch_job(PLATFORM, "copy_job", ["copy"], outlets=[LOADED])
    dbt_build = batch_job(PLATFORM, "dbt_build", ["dbt", "build"])

    transformation >> copy_job >> dbt_build
