"""The names and tags of the jobs that Airflow submits for several DAGs with one schedule, mapped tasks and task groups. Jobs
of moto's Batch succeed immediately here; test_batch_job.py and test_chain.py test how a running job is joined or rejected."""

from conftest import QUEUE

# Two DAGs with the same tasks and the same schedule, and therefore the same run IDs.
CODE = """
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, TaskGroup

from dpworld.batch.operator import BatchJobOperator, batch_job
from dpworld.settings import PLATFORM

COPY = PLATFORM["sources"]["spacex"]["jobs"]["copy_job"]
MORE = [COPY | {"command": ["copy", name]} for name in ("a", "b")]
TASK = {"source": "spacex", "job_queue": PLATFORM["queue"], "region": PLATFORM["region"], "poll_seconds": 0.1}
TASK["execution_timeout"] = timedelta(minutes=5)


def make(dag_id):
    with DAG(dag_id, schedule="0 5 * * *", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
        batch_job(PLATFORM, "spacex", "copy_job")
        with TaskGroup("load"):
            batch_job(PLATFORM, "spacex", "copy_job")
            BatchJobOperator.partial(task_id="each", **TASK).expand(job=MORE)
    return dag


one, two = make("one"), make("two.daily")
"""
# Both DAGs run for the same time, as with the scheduler. `airflow dags test` uses the current time.
RUN = """
from datetime import datetime, timedelta, timezone

import several

now = datetime(2026, 11, 22, 5, tzinfo=timezone.utc)
for dag in (several.one, several.two):
    assert dag.test(run_after=now, logical_date=now).state == "success"
"""


def test_every_task_of_two_dags_with_the_same_schedule_has_a_separate_job(airflow, moto):
    moto.define("ingestion-job", "none", {})
    instance = airflow()
    (instance.dags / "several.py").write_text(CODE)
    assert instance.run("-m", "airflow", "dags", "reserialize").returncode == 0
    assert instance.run("-c", RUN, AWS_ENDPOINT_URL=moto.url).returncode == 0
    jobs = moto.jobs(QUEUE)
    assert [job["status"] for job in jobs] == ["SUCCEEDED"] * 8
    assert len({job["jobName"] for job in jobs}) == 8
    tasks = {tuple(job["tags"][key] for key in ("dag_id", "task_id", "map_index")): job for job in jobs}
    assert set(tasks) == {
        (dag_id, task_id, map_index)
        for dag_id in ("one", "two.daily")
        for task_id, map_index in (("copy_job", "-1"), ("load.copy_job", "-1"), ("load.each", "0"), ("load.each", "1"))
    }
    assert len({job["tags"]["dag_run_id"] for job in jobs}) == 1, "both DAGs have the run id of their schedule"
    assert tasks["one", "load.each", "1"]["container"]["command"] == ["copy", "b"]
    assert {job["tags"]["source"] for job in jobs} == {"spacex"}
    run_ids = {
        dag_id: {run_id_in(job) for job in jobs if job["tags"]["dag_id"] == dag_id} for dag_id in ("one", "two.daily")
    }
    assert [len(ids) for ids in run_ids.values()] == [1, 1] and run_ids["one"] != run_ids["two.daily"]

    # The same runs again, as after clearing them, with a newer revision of the definition.
    moto.define("ingestion-job", "none", {})
    assert instance.run("-c", RUN, AWS_ENDPOINT_URL=moto.url).returncode == 0
    again = moto.jobs(QUEUE)[8:]
    assert {job["jobName"] for job in again} == {job["jobName"] for job in jobs}
    assert {job["jobDefinition"].rsplit("/")[-1] for job in again} == {"ingestion-job:2"}


def run_id_in(job: dict) -> str:
    (value,) = [one["value"] for one in job["container"]["environment"] if one["name"] == "RUN_ID"]
    assert job["jobName"].endswith(f"-{value}")
    return value
