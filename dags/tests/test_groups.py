"""A source that is split into groups of collections, in a copy of the DAG folder. Jobs of moto's Batch succeed immediately
here, or are reported as failed; jobs/tests/it/scale.rs tests what the jobs of groups write and load."""

import json

import pytest
from conftest import DAGS, QUEUE

GROUPS = ["crew,cores", "launches"]
# `airflow dags test` uses the current time; here, both runs of a test are the same run.
RUN = """
import sys
from datetime import datetime, timezone

import ingestion
from dpworld.batch.jobs import Batch

described = Batch.job


def job(self, job_id):
    job = described(self, job_id)
    failed = {"status": "FAILED", "container": {"exitCode": 1}}
    return job | failed if sys.argv[1] and job and sys.argv[1] in job["jobName"] else job


Batch.job = job
now = datetime(2026, 11, 22, 5, tzinfo=timezone.utc)
(dag,) = ingestion.DAGS
run = dag.test(run_after=now, logical_date=now, run_conf=eval(sys.argv[2]))
states = {(ti.task_id, ti.map_index): str(ti.state) for ti in run.get_task_instances()}
print("STATES", [*sorted(states.items()), str(run.state)])
"""


@pytest.fixture
def split(airflow, moto):
    """Runs the DAG of a source with two groups; returns the states of its tasks, and the jobs."""
    for name in ("ingestion-job", "dbt-transformation-job"):
        moto.define(name, "none", {})
    spacex = json.loads((DAGS / "platform.json").read_text())["sources"]["spacex"] | {"groups": GROUPS}
    instance = airflow(sources={"spacex": spacex})
    assert instance.run("-m", "airflow", "dags", "reserialize").returncode == 0

    def run(failing: str = "", **conf):
        done = instance.run("-c", RUN, failing, repr(conf), AWS_ENDPOINT_URL=moto.url)
        *states, state = eval(done.stdout.split("STATES ")[1].splitlines()[0])
        return dict(states), state, moto.jobs(QUEUE)

    return run


def collections(job: dict) -> str | None:
    environment = {one["name"]: one["value"] for one in job["container"]["environment"]}
    return environment.get("COLLECTIONS")


def test_each_group_has_a_job_of_its_own_and_one_load_follows(split):
    states, state, jobs = split()
    assert state == "success" and set(states.values()) == {"success"}
    assert set(states) == {("transformation", 0), ("transformation", 1), ("copy_job", -1), ("dbt_build", -1)}
    assert {(job["tags"]["task_id"], job["tags"]["map_index"], collections(job)) for job in jobs} == {
        ("transformation", "0", "crew,cores"),
        ("transformation", "1", "launches"),
        ("copy_job", "-1", None),
        ("dbt_build", "-1", None),
    }
    assert jobs[2]["tags"]["task_id"] == "copy_job", "after both groups"
    assert (
        len({one["value"] for job in jobs for one in job["container"]["environment"] if one["name"] == "RUN_ID"}) == 1
    )

    # The same run again: each job has the name of the group's earlier one.
    again = split()[2][4:]
    assert {job["jobName"] for job in again} == {job["jobName"] for job in jobs}


def test_a_run_is_not_loaded_if_a_group_failed(split):
    states, state, jobs = split(failing="transformation-1-")
    assert state == "failed"
    assert states["transformation", 0] == "success" and states["transformation", 1] == "failed"
    assert states["copy_job", -1] == "upstream_failed"
    assert {job["tags"]["task_id"] for job in jobs} == {"transformation"}


def test_a_group_without_a_selected_collection_is_skipped_and_the_others_are_loaded(split):
    states, state, jobs = split(collections=["cores"])
    assert state == "success"
    assert [states["transformation", 0], states["transformation", 1]] == ["success", "skipped"]
    assert [collections(job) for job in jobs] == ["cores", "cores", None]


def test_an_unknown_collection_is_left_to_copy_which_refuses_it(split):
    states, _, jobs = split(collections=["moons"])
    assert {states["transformation", 0], states["transformation", 1]} == {"skipped"}
    assert (jobs[0]["tags"]["task_id"], collections(jobs[0])) == ("copy_job", "moons")
