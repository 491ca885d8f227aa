"""The chain in a running Airflow, with moto's Batch: its jobs are real containers with real exit codes. All tasks share one
worker slot, so each test also needs those of the others to give it back while they wait."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from conftest import DAGS, QUEUE, Airflow
from emulator import Moto
from services import Gate, Services

pytestmark = [pytest.mark.needs_docker, pytest.mark.xdist_group("services")]
# Airflow 3.0 fails a task that is queued again before the scheduler has noticed that it waits or failed; jobs on Fargate and
# retries take longer.
SHORT = {f"SECONDS_{command}": "5" for command in ("transformation", "copy", "dbt")}
SLOW = {"SECONDS_transformation": "600"}
# The sources, and the environment of their containers.
SOURCES = {
    "good": SHORT,
    "failing": SHORT | {"EXIT_copy": "1"},
    "temporary": SHORT | {"EXIT_transformation": "75"},
    "cleared": SLOW,
    "marked": SLOW,
    "restarted": {"SECONDS_transformation": "15"},
    "killed": SLOW,
    "silent": {"SECONDS_transformation": "60"},
    "late": SLOW,
}


@pytest.fixture(scope="module")
def moto(tmp_path_factory, tools, image):
    server = Moto(tools, tmp_path_factory.mktemp("moto"), docker=True)
    try:
        server.platform(QUEUE)
        for name, environment in SOURCES.items():
            server.define(name, image, environment)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def gate(moto):
    return Gate(moto.url)


@pytest.fixture(scope="module")
def mailbox(moto):
    """Returns the topic, and a function that returns the messages that it received."""
    topic, sqs = moto.client("sns").create_topic(Name="alarms")["TopicArn"], moto.client("sqs")
    queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    moto.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    received = []

    def messages(dag: str) -> list[dict]:
        while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            received.extend(json.loads(one["Body"]) for one in found)
            for one in found:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
        return [one for one in received if f"{dag}." in one["Message"]]

    return topic, messages


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, moto, gate, mailbox):
    spacex = json.loads((DAGS / "platform.json").read_text())["sources"]["spacex"]
    sources = {}
    for name in SOURCES:
        late = {"timeout_seconds": 20} if name == "late" else {}
        jobs = {task: job | {"definition": name} | late for task, job in spacex["jobs"].items()}
        sources[name] = spacex | {"dag": f"ingestion_{name}", "jobs": jobs}
    folder = Airflow(
        tmp_path_factory.mktemp("services"), sources=sources, retries=1, alarm_topic=mailbox[0], retry_delay_seconds=8
    )
    # It needs a warehouse, and occupies the worker while it waits for one.
    (folder.dags / "platform_health.py").unlink()
    services = Services(folder, gate.url)
    try:
        # Those that wait for long start first; the others do not have to wait for them.
        services.runs = {name: services.run(name) for name in ("cleared", "marked", "late", "good")}
        yield services
    finally:
        for name in list(services.processes):
            services.stop(name)


@pytest.fixture
def jobs(moto):
    """Returns a function that returns the jobs of a source."""
    return lambda source: [job for job in moto.jobs(QUEUE) if job["jobName"].startswith(f"ingestion_{source}-")]


def test_tasks_that_wait_occupy_no_worker(airflow):
    waiting = [airflow.runs[name] for name in ("cleared", "marked")]
    for run in waiting:
        airflow.until(run, "deferred", "transformation")
    airflow.until(airflow.runs["good"], "success")
    assert [airflow.state(run, "transformation") for run in waiting] == ["deferred"] * 2
    assert airflow.database("SELECT slots FROM slot_pool WHERE pool = 'default_pool'") == [(1,)]


def test_three_jobs_run_in_sequence_with_one_run_id(airflow, jobs):
    airflow.until(airflow.runs["good"], "success")
    done = jobs("good")
    assert [job["status"] for job in done] == ["SUCCEEDED"] * 3
    assert [job["container"]["command"] for job in done] == [["transformation"], ["copy"], ["dbt", "build"]]
    names = [job["jobName"].removeprefix("ingestion_good-").split("-", 1) for job in done]
    assert [name for name, _ in names] == ["transformation", "copy_job", "dbt_build"]
    (run_id,) = {run_id for _, run_id in names}
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", run_id)
    log = airflow.log(airflow.runs["good"], "transformation")
    assert f"| probe: transformation with 0 more arguments, run {run_id}" in log and "SUCCEEDED: exit code 0" in log
    links = airflow.request("GET", f"{airflow.runs['good']}/taskInstances/transformation/links")["extra_links"]
    assert done[0]["jobId"] in links["Batch Job Details"] and done[0]["jobId"] in links["CloudWatch Events"]


def test_a_failed_job_is_not_retried_and_sends_one_message_that_starts_with_the_cause(airflow, jobs, mailbox):
    run = airflow.run("failing")
    airflow.until(run, "failed")
    assert [job["status"] for job in jobs("failing")] == ["SUCCEEDED", "FAILED"]
    assert "| ERROR probe: configured to fail" in airflow.log(run, "copy_job")
    (message,) = airflow.wait(lambda: mailbox[1]("ingestion_failing"))
    assert message["Subject"] == "dpstack: ingestion_failing.copy_job failed: probe: configured to fail"
    first, *others = message["Message"].splitlines()
    assert first == "ingestion_failing.copy_job failed: probe: configured to fail"
    assert any(line.startswith("Batch job") and jobs("failing")[1]["jobId"] in line for line in others)


def test_a_temporary_failure_is_retried_once_before_a_message_is_sent(airflow, jobs, mailbox):
    run = airflow.run("temporary")
    airflow.until(run, "failed")
    assert [job["status"] for job in jobs("temporary")] == ["FAILED"] * 2
    assert len({job["jobName"] for job in jobs("temporary")}) == 1, "a retried task continues its run"
    assert len(airflow.wait(lambda: mailbox[1]("ingestion_temporary"))) == 1


def test_a_cleared_task_joins_its_job(airflow, jobs):
    run = airflow.runs["cleared"]
    airflow.until(run, "deferred", "transformation")
    body = {"dry_run": False, "task_ids": ["transformation"], "dag_run_id": "manual__cleared", "only_failed": False}
    airflow.request("POST", "/api/v2/dags/ingestion_cleared/clearTaskInstances", body)
    again = f"{run}/taskInstances/transformation"
    airflow.wait(lambda: airflow.request("GET", again)["try_number"] == 2)
    airflow.until(run, "deferred", "transformation")
    assert [job["status"] for job in jobs("cleared")] == ["RUNNING"]
    assert "Joined job" in airflow.log(run, "transformation", 2)


def test_the_job_of_a_task_that_is_marked_as_failed_is_terminated(airflow, jobs):
    run = airflow.runs["marked"]
    airflow.until(run, "deferred", "transformation")
    airflow.request("PATCH", f"{run}/taskInstances/transformation", {"new_state": "failed"})
    airflow.wait(lambda: [job["status"] for job in jobs("marked")] == ["FAILED"])
    assert jobs("marked")[0]["statusReason"] == "The Airflow task was marked as failed"
    assert airflow.state(run) == "failed"


def test_a_job_that_exceeds_the_timeout_of_its_task_is_terminated(airflow, jobs):
    airflow.until(airflow.runs["late"], "failed")
    # One for each attempt.
    airflow.wait(lambda: [job["status"] for job in jobs("late")] == ["FAILED"] * 2)
    assert jobs("late")[0]["statusReason"] == "The Airflow task was killed or exceeded its timeout"
    assert "it exceeded the task's timeout" in airflow.log(airflow.runs["late"], "transformation")


def test_a_restart_of_the_triggerer_changes_nothing(airflow, jobs):
    run = airflow.run("restarted")
    airflow.until(run, "deferred", "transformation")
    airflow.stop("triggerer")
    airflow.start("triggerer")
    airflow.until(run, "success", "transformation")
    assert len([job for job in jobs("restarted") if "-transformation-" in job["jobName"]]) == 1


@pytest.fixture
def submitting(airflow, gate):
    """Starts a run whose first task does not receive the response to its submission; returns it with the task's process."""

    def start(source: str) -> tuple[str, int]:
        gate.withheld.add(f"ingestion_{source}-transformation")
        run = airflow.run(source)
        airflow.wait(lambda: [one for one in gate.submitted if one.startswith(f"ingestion_{source}-")])
        gate.withheld.clear()
        pid = f"SELECT pid FROM task_instance WHERE dag_id = 'ingestion_{source}' AND task_id = 'transformation'"
        return run, airflow.database(pid)[0][0]

    return start


def test_a_task_that_was_killed_while_it_submitted_leaves_no_job_behind(airflow, submitting, jobs):
    run, process = submitting("killed")
    # Airflow 3.0 does not retry it.
    os.kill(process, signal.SIGKILL)
    airflow.until(run, "failed")
    airflow.wait(lambda: [job["status"] for job in jobs("killed")] == ["FAILED"])


def test_the_retry_of_a_task_without_heartbeats_joins_its_job(airflow, submitting, jobs):
    run, process = submitting("silent")
    # The name before the parent's ID may contain spaces.
    worker = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    for died in (worker, process):
        os.kill(died, signal.SIGKILL)
    airflow.until(run, "success", "transformation")
    assert len([job for job in jobs("silent") if "-transformation-" in job["jobName"]]) == 1
    assert "Joined job" in airflow.log(run, "transformation", 2)
