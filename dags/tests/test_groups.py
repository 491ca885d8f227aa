"""Mapped tasks, task groups, options and schedules in a running Airflow: which jobs it submits. jobs/tests/it/scale.rs tests
what the jobs of groups write and load."""

import urllib.error

import pytest
from services import environment

pytestmark = [pytest.mark.needs_docker, pytest.mark.xdist_group("services")]
SELECTED = {"collections": ["cores"], "accept": "they retired", "select": "stg_cores"}


@pytest.fixture(scope="module")
def runs(airflow):
    """One run of each source with two groups."""
    options = {"split": {}, "half": {}, "moons": {"collections": ["moons"]}, "cores": SELECTED}
    return {source: airflow.run(source, **given) for source, given in options.items()}


def collections(jobs: list[dict]) -> list:
    return [(job["tags"]["task_id"], job["tags"]["map_index"], environment(job).get("COLLECTIONS")) for job in jobs]


def states(airflow, run: str) -> dict:
    tasks = airflow.request("GET", f"{run}/taskInstances")["task_instances"]
    return {(task["task_id"], task["map_index"]): task["state"] for task in tasks}


def test_every_task_of_two_dags_with_the_same_schedule_has_a_separate_job(airflow):
    for dag in ("one", "two.daily"):
        airflow.wait(lambda dag=dag: airflow.request("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False}))
    jobs = airflow.wait(
        lambda: len(jobs := [job for job in airflow.moto.jobs() if job["tags"]["source"] == "several"]) >= 8 and jobs
    )
    tasks = {tuple(job["tags"][key] for key in ("dag_id", "task_id", "map_index")): job for job in jobs}
    assert set(tasks) == {
        (dag_id, task_id, map_index)
        for dag_id in ("one", "two.daily")
        for task_id, map_index in (("copy_job", "-1"), ("load.copy_job", "-1"), ("load.each", "0"), ("load.each", "1"))
    }
    assert len({job["jobName"] for job in jobs}) == len(jobs) == 8
    assert len({job["tags"]["dag_run_id"] for job in jobs}) == 1, "both DAGs have the run ID of their schedule"
    assert tasks["one", "load.each", "1"]["container"]["command"] == ["copy", "b"]
    run_ids = [{environment(tasks[one])["RUN_ID"] for one in tasks if one[0] == dag} for dag in ("one", "two.daily")]
    assert [len(ids) for ids in run_ids] == [1, 1] and run_ids[0] != run_ids[1]
    assert all(job["jobName"].endswith(f"-{environment(job)['RUN_ID']}") for job in jobs)


def test_each_group_has_a_job_of_its_own_and_one_load_follows(airflow, runs):
    airflow.until(runs["split"], "deferred", "copy_job")
    jobs = airflow.jobs(runs["split"])
    assert sorted(collections(jobs[:2])) == [("transformation", "0", "crew,cores"), ("transformation", "1", "launches")]
    assert collections(jobs[2:]) == [("copy_job", "-1", None)]
    assert len({environment(job)["RUN_ID"] for job in jobs}) == 1


def test_a_run_is_not_loaded_if_a_group_failed(airflow, runs):
    airflow.until(runs["half"], "failed")
    found = states(airflow, runs["half"])
    assert found["transformation", 0] == "success" and found["transformation", 1] == "failed"
    assert found["copy_job", -1] == "upstream_failed"
    assert "copy_job" not in [job["tags"]["task_id"] for job in airflow.jobs(runs["half"])]


def test_options_of_a_run_reach_its_jobs_and_a_group_without_a_selected_collection_is_skipped(airflow, runs):
    airflow.until(runs["cores"], "success")
    found = states(airflow, runs["cores"])
    assert [found["transformation", 0], found["transformation", 1]] == ["success", "skipped"]
    transformation, copy, dbt, _ = airflow.jobs(runs["cores"])
    assert {"COLLECTIONS": "cores", "CONTRACT": "/contracts/spacex.yaml"}.items() <= environment(transformation).items()
    assert {"COLLECTIONS": "cores", "ACCEPT": "they retired"}.items() <= environment(copy).items()
    assert "ACCEPT" not in environment(transformation)
    assert environment(copy)["ACCEPT_WITH"].startswith("cargo xtask run spacex ")
    assert dbt["container"]["command"] == ["dbt", "build", "--select", "stg_cores"]


def test_an_unknown_collection_is_left_to_copy_which_refuses_it(airflow, runs):
    job, *_ = airflow.wait(lambda: airflow.jobs(runs["moons"]))
    assert collections([job]) == [("copy_job", "-1", "moons")]
    assert {states(airflow, runs["moons"])["transformation", index] for index in (0, 1)} == {"skipped"}


def test_a_failed_report_fails_the_run_and_sends_a_message(airflow, mailbox, runs):
    airflow.until(runs["moons"], "failed")
    assert [airflow.state(runs["moons"], task) for task in ("dbt_build", "report")] == ["success", "failed"]
    (message,) = airflow.wait(lambda: mailbox("moons"))
    assert message["Message"].startswith("ingestion_moons.report failed: ")


def test_an_invalid_option_starts_no_run_and_no_job(airflow, runs):
    body = {"dag_run_id": "manual__invalid", "logical_date": None, "conf": {"collections": "cores"}}
    path = runs["cores"].rpartition("/")[0]
    with pytest.raises(urllib.error.HTTPError, match="400"):
        airflow.request("POST", path, body)
    assert airflow.jobs(f"{path}/manual__invalid") == []
