"""The complete chain, run by Airflow with moto's Batch. Its jobs are real containers with real exit codes."""

import json
import re
import time

import pytest
from conftest import DAGS, QUEUE
from emulator import Docker

from dpworld.batch.jobs import Batch
from dpworld.runs import run_id_of

pytestmark = pytest.mark.needs_docker
DEFINITIONS = ("ingestion-job", "dbt-transformation-job")


@pytest.fixture
def deployed(moto, image):
    """Registers both job definitions with the given environment."""

    def deploy(**environment: str):
        for name in DEFINITIONS:
            moto.define(name, image, environment)
        return moto

    return deploy


def test_three_jobs_run_in_sequence_with_one_run_id(deployed, airflow):
    moto = deployed()
    done = airflow(retries=1).run("-m", "airflow", "dags", "test", "ingestion", AWS_ENDPOINT_URL=moto.url)
    assert done.returncode == 0
    assert "DeprecationWarning" not in done.stdout
    jobs = moto.jobs(QUEUE)
    assert [job["status"] for job in jobs] == ["SUCCEEDED"] * 3
    assert [job["container"]["command"] for job in jobs] == [["transformation"], ["copy"], ["dbt", "build"]]
    assert [job["jobDefinition"].split("/")[1] for job in jobs] == ["ingestion-job:1"] * 2 + [
        "dbt-transformation-job:1"
    ]
    names = [job["jobName"].removeprefix("ingestion-").split("-", 1) for job in jobs]
    assert [name for name, _ in names] == ["transformation", "copy_job", "dbt_build"]
    (run_id,) = {run_id for _, run_id in names}
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", run_id)
    # The output of the containers is in the logs of the tasks.
    assert f"| probe: transformation with 0 more arguments, run {run_id}" in done.stdout
    assert f"| probe: dbt with 1 more arguments, run {run_id}" in done.stdout
    assert "SUCCEEDED: exit code 0" in done.stdout


def test_exit_code_1_fails_without_a_retry_and_stops_the_chain(deployed, airflow):
    moto = deployed(EXIT_copy="1")
    done = airflow(retries=1).run("-m", "airflow", "dags", "test", "ingestion", AWS_ENDPOINT_URL=moto.url)
    assert done.returncode == 1
    assert [(job["jobName"].split("-")[1], job["status"]) for job in moto.jobs(QUEUE)] == [
        ("transformation", "SUCCEEDED"),
        ("copy_job", "FAILED"),
    ]
    assert "FAILED: exit code 1 (permanent failure)" in done.stdout
    assert "| ERROR probe: configured to fail" in done.stdout


def test_exit_code_75_is_retried_once(deployed, airflow):
    moto = deployed(EXIT_transformation="75")
    done = airflow(retries=1).run("-m", "airflow", "dags", "test", "ingestion", AWS_ENDPOINT_URL=moto.url)
    assert done.returncode == 1
    jobs = moto.jobs(QUEUE)
    assert [job["status"] for job in jobs] == ["FAILED"] * 2
    assert len({job["jobName"] for job in jobs}) == 1, "a retried task continues its run"
    assert "FAILED: exit code 75 (temporary failure)" in done.stdout


def test_a_failed_task_sends_a_message_to_the_topic(deployed, airflow):
    moto = deployed(EXIT_copy="1")
    topic = moto.client("sns").create_topic(Name="alarms")["TopicArn"]
    mailbox = moto.client("sqs").create_queue(QueueName="mailbox")["QueueUrl"]
    arn = moto.client("sqs").get_queue_attributes(QueueUrl=mailbox, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    moto.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    instance = airflow(alarm_topic=topic)
    run = "manual__2026-11-22T09:30:00+00:00"
    instance.run(str(script("supervised.py")), "copy_job", run, AWS_ENDPOINT_URL=moto.url)
    (job,) = moto.jobs(QUEUE)
    (message,) = moto.client("sqs").receive_message(QueueUrl=mailbox)["Messages"]
    notification = json.loads(message["Body"])
    assert notification["Subject"] == "dpstack: ingestion.copy_job failed"
    lines = dict(line.split(maxsplit=1) for line in notification["Message"].replace("Batch job", "Batch").splitlines())
    assert lines["DAG"] == "ingestion" and lines["Run"] == run and lines["Task"] == "copy_job, try 1"
    assert lines["Batch"] == job["jobId"]
    assert lines["RUN_ID"] == job["jobName"].removeprefix("ingestion-copy_job-")
    assert (
        lines["Log"].startswith("https://eu-west-1.console.aws.amazon.com/cloudwatch/") and job["jobId"] in lines["Log"]
    )
    assert lines["Error"].startswith(f"job {job['jobId']} failed: exit code 1")
    assert notification["Message"].splitlines()[-1] == "Last line  ERROR probe: configured to fail"


def test_a_killed_task_terminates_its_job(deployed, airflow, image, tmp_path):
    moto = deployed(SECONDS_transformation="600")
    started, mark = time.monotonic(), tmp_path / "kill"
    instance = airflow()

    import threading

    def wait_for_the_container():
        while not Docker().running(image):
            time.sleep(0.2)
        mark.touch()

    threading.Thread(target=wait_for_the_container, daemon=True).start()
    done = instance.run(
        str(script("supervised.py")), "transformation", "manual__null", str(mark), AWS_ENDPOINT_URL=moto.url
    )
    (job,) = settled(moto)
    assert job["status"] == "FAILED"
    assert job["statusReason"] == "The Airflow task was killed or exceeded its timeout"
    assert not Docker().running(image)
    assert time.monotonic() - started < 500, "the container would have run for ten minutes"
    assert "Terminated job" in done.stdout


def test_a_task_that_exceeds_its_timeout_terminates_its_job(deployed, airflow):
    moto = deployed(SECONDS_transformation="600")
    sources = json.loads((DAGS / "platform.json").read_text())["sources"]
    for job in sources["spacex"]["jobs"].values():
        # Long enough to submit the job, also on a busy machine.
        job["timeout_seconds"] = 15
    done = airflow(sources=sources).run("-m", "airflow", "dags", "test", "ingestion", AWS_ENDPOINT_URL=moto.url)
    assert done.returncode == 1 and "AirflowTaskTimeout" in done.stdout
    (job,) = settled(moto)
    assert job["status"] == "FAILED" and "exceeded its timeout" in job["statusReason"]


def test_a_retried_task_joins_the_job_of_its_dead_worker(deployed, airflow):
    # Longer than Airflow takes to start on a busy machine.
    moto = deployed(SECONDS_transformation="60")
    run = "manual__2026-11-22T10:30:00+00:00"
    name = f"ingestion-transformation-{run_id_of(run)}"
    jobs = json.loads((DAGS / "platform.json").read_text())["sources"]["spacex"]["jobs"]
    environment = {"RUN_ID": run_id_of(run), **jobs["transformation"]["environment"]}
    job_id = Batch("eu-west-1").submit(QUEUE, name, "ingestion-job", ["transformation"], environment, {}, {})
    instance = airflow()
    done = instance.run(str(script("supervised.py")), "transformation", run, AWS_ENDPOINT_URL=moto.url)
    assert [(job["jobId"], job["status"]) for job in moto.jobs(QUEUE)] == [(job_id, "SUCCEEDED")]
    assert f"Job {job_id} of an earlier attempt is still running" in done.stdout


def script(name: str):
    from conftest import HERE

    return HERE / name


def settled(moto) -> list[dict]:
    """Waits until no job is running; moto checks twice a second whether a job was terminated."""
    for _ in range(1200):
        jobs = moto.jobs(QUEUE)
        if all(job["status"] in ("SUCCEEDED", "FAILED") for job in jobs):
            return jobs
        time.sleep(0.1)
    raise AssertionError(f"still running: {jobs}")
