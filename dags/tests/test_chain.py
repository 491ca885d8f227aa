"""The chain in a running Airflow, with moto's Batch: its jobs are real containers with real exit codes. All tasks share two
worker slots, so each test also needs those of the others to give them back while they wait."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from services import environment

pytestmark = [pytest.mark.needs_docker, pytest.mark.xdist_group("services")]
STEPS = ["transformation", "copy_job", "dbt_build"]
# The sources whose runs fail: the failed task, and the cause.
FAILED = {
    "unavailable": (
        "transformation",
        "2 of 2 collections failed: cores: `https://source/v4/cores` returned 500 Internal Server Error: `oops`",
    ),
    "memory": ("transformation", "out of memory with 64 MiB; hint: raise `memory_mib` of this job in the settings"),
    "refused": ("copy_job", "table `cores` would lose 50 of its 83 rows (60.2 %, more than 20.0 %)"),
    "untested": (
        "dbt_build",
        "dbt: unique_fct_launches_launch_id failed: Got 3 results, configured to fail if != 0",
    ),
}


@pytest.fixture(scope="module")
def runs(airflow):
    """One run of each source. The tasks of the first two are killed while they submit their jobs, one with its worker."""
    names = ("killed", "silent", "good", "untested", "refused", "unavailable", "memory", "late", "cleared", "marked")
    started = {name: airflow.run(name) for name in names}
    for name in names[:2]:
        airflow.wait(lambda name=name: f"ingestion_{name}" not in airflow.gate.withheld)
        pid = f"SELECT pid FROM task_instance WHERE dag_id = 'ingestion_{name}' AND task_id = 'transformation'"
        process = airflow.database(pid)[0][0]
        if name == "silent":
            # The name before the parent's ID may contain spaces.
            worker = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1]
            os.kill(int(worker), signal.SIGKILL)
        os.kill(process, signal.SIGKILL)
    return started


def test_a_restart_of_the_triggerer_changes_nothing(airflow, mailbox, runs):
    airflow.until(runs["good"], "deferred", "transformation")
    airflow.stop("triggerer")
    airflow.start("triggerer")
    airflow.until(runs["good"], "success", "transformation")
    assert airflow.job(runs["good"], "transformation")["status"] == "SUCCEEDED"


def test_a_cleared_task_joins_its_job(airflow, runs):
    run = runs["cleared"]
    airflow.until(run, "deferred", "transformation")
    body = {"dry_run": False, "task_ids": ["transformation"], "dag_run_id": "manual__cleared", "only_failed": False}
    airflow.request("POST", "/api/v2/dags/ingestion_cleared/clearTaskInstances", body)
    again = f"{run}/taskInstances/transformation"
    airflow.wait(lambda: airflow.request("GET", again)["try_number"] == 2)
    airflow.until(run, "deferred", "transformation")
    assert [job["status"] for job in airflow.jobs(run)] == ["RUNNING"]
    assert "Joined job" in airflow.log(run, "transformation", 2)


def test_tasks_that_wait_occupy_no_worker(airflow, runs):
    waiting = [runs[name] for name in ("cleared", "marked")]
    for run in waiting:
        airflow.until(run, "deferred", "transformation")
    airflow.until(runs["good"], "success")
    assert [airflow.state(run, "transformation") for run in waiting] == ["deferred"] * 2
    assert airflow.database("SELECT slots FROM slot_pool WHERE pool = 'default_pool'") == [(len(waiting),)]


def test_the_jobs_run_in_sequence_with_one_run_id(airflow, runs):
    run = runs["good"]
    airflow.until(run, "success")
    done = airflow.jobs(run)
    assert [job["status"] for job in done] == ["SUCCEEDED"] * 4
    assert [job["container"]["command"] for job in done] == [["transformation"], ["copy"], ["dbt", "build"], ["report"]]
    names = [job["jobName"].removeprefix("ingestion_good-").split("-", 1) for job in done]
    assert [name for name, _ in names] == [*STEPS, "report"]
    (run_id,) = {run_id for _, run_id in names}
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", run_id)
    log = airflow.log(run, "transformation")
    assert f"| probe: transformation with 0 more arguments, run {run_id}" in log and "SUCCEEDED: exit code 0" in log
    links = airflow.request("GET", f"{run}/taskInstances/transformation/links")["extra_links"]
    assert done[0]["jobId"] in links["Batch Job Details"] and done[0]["jobId"] in links["CloudWatch Events"]


def steps(airflow, run: str) -> list[dict]:
    """What the report of a run received."""
    return json.loads(environment(airflow.job(run, "report"))["STEPS"])["steps"]


def test_the_report_receives_the_results_of_the_other_tasks(airflow, runs):
    airflow.until(runs["good"], "success")
    found = steps(airflow, runs["good"])
    assert [(step["task"], step["state"], step["billed_seconds"], step["cause"]) for step in found] == [
        (task, "success", 60, None) for task in STEPS
    ]
    assert all(step["seconds"] > 0 and step["log"].startswith("https://") for step in found)


@pytest.mark.parametrize("source", FAILED)
def test_the_report_of_a_failed_run_receives_the_cause(airflow, runs, source):
    task, cause = FAILED[source]
    airflow.until(runs[source], "failed")
    expected = [("success", None)] * STEPS.index(task) + [("failed", cause)]
    expected += [("upstream_failed", None)] * (len(STEPS) - len(expected))
    assert [(step["state"], step["cause"]) for step in steps(airflow, runs[source])] == expected
    assert airflow.state(runs[source], "report") == ("failed" if source == "refused" else "success")


@pytest.mark.parametrize("source", FAILED)
def test_a_failure_sends_a_message_whose_first_line_is_the_cause(airflow, mailbox, runs, source):
    task, cause = FAILED[source]
    airflow.until(runs[source], "failed")
    (message,) = airflow.wait(lambda: mailbox(source))
    first, *others = message["Message"].splitlines()
    assert first == f"ingestion_{source}.{task} failed: {cause}"
    assert message["Subject"] == f"dpstack: {first}"[:100]
    *_, failed = [job for job in airflow.jobs(runs[source]) if job["tags"]["task_id"] == task]
    assert any(line.startswith("Batch job") and failed["jobId"] in line for line in others)
    assert failed["status"] == "FAILED" and failed["container"]["exitCode"] == {"unavailable": 75, "memory": 137}.get(
        source, 1
    )


def test_only_a_temporary_failure_is_retried(airflow, runs):
    for source, (task, _) in FAILED.items():
        airflow.until(runs[source], "failed")
        names = [job["jobName"] for job in airflow.jobs(runs[source]) if job["tags"]["task_id"] == task]
        assert len(names) == (2 if source == "unavailable" else 1)
        assert len(set(names)) == 1, "a retried task continues its run"


def test_the_job_of_a_task_that_is_marked_as_failed_is_terminated(airflow, runs):
    run = runs["marked"]
    airflow.until(run, "deferred", "transformation")
    airflow.request("PATCH", f"{run}/taskInstances/transformation", {"new_state": "failed"})
    # Before the job of the report, which may need its place.
    airflow.wait(lambda: len(airflow.jobs(run)) == 2)
    airflow.wait(lambda: airflow.job(run, "transformation")["status"] == "FAILED")
    airflow.until(run, "failed")
    assert airflow.job(run, "transformation")["statusReason"] == "The Airflow task was marked as failed"


def test_a_job_that_exceeds_the_timeout_of_its_task_is_terminated(airflow, runs):
    run = runs["late"]
    airflow.until(run, "failed")
    # One for each attempt, and the report.
    airflow.wait(lambda: [job["status"] for job in airflow.jobs(run)] == ["FAILED", "FAILED", "SUCCEEDED"])
    assert airflow.jobs(run)[0]["statusReason"] == "The Airflow task was killed or exceeded its timeout"
    assert "it exceeded the task's timeout" in airflow.log(run, "transformation")


def test_a_task_that_was_killed_while_it_submitted_has_one_job(airflow, runs):
    run = runs["killed"]
    airflow.wait(lambda: airflow.state(run) == "failed" or airflow.state(run, "transformation") == "deferred")
    if airflow.state(run) == "failed":
        # Airflow 3.0 does not retry it.
        airflow.wait(lambda: airflow.job(run, "transformation")["status"] == "FAILED")
    else:
        assert airflow.job(run, "transformation")["status"] == "RUNNING"
        assert "Joined job" in airflow.log(run, "transformation", 2)


def test_the_retry_of_a_task_without_heartbeats_joins_its_job(airflow, runs):
    run = runs["silent"]
    airflow.until(run, "deferred", "transformation")
    assert [job["status"] for job in airflow.jobs(run)] == ["RUNNING"]
    assert "Joined job" in airflow.log(run, "transformation", 2)


def test_no_failure_sends_a_second_message(airflow, mailbox, runs):
    """The last test, because a message may arrive late."""
    assert {source: len(mailbox(source)) for source in (*FAILED, "late")} == dict.fromkeys((*FAILED, "late"), 1)
