"""The whole chain, run by Airflow itself against moto's Batch, whose jobs are real containers with real exit codes."""

import json
import re
import time

import pytest
from conftest import QUEUE
from emulator import Docker

pytestmark = pytest.mark.needs_docker
DEFINITIONS = ("ingestion-job", "dbt-transformation-job")


@pytest.fixture
def deployed(moto, image):
    """Registers both job definitions with an environment."""

    def deploy(**environment: str):
        for name in DEFINITIONS:
            moto.define(name, image, environment)
        return moto

    return deploy


def test_three_jobs_run_one_after_the_other_with_one_run_id(deployed, airflow):
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
    # What the containers saw, in the tasks' log.
    assert f"| probe: transformation with 0 more words, run {run_id}" in done.stdout
    assert f"| probe: dbt with 1 more words, run {run_id}" in done.stdout
    assert "SUCCEEDED: exit code 0" in done.stdout


def test_exit_code_1_fails_for_good_at_once_and_stops_the_chain(deployed, airflow):
    moto = deployed(EXIT_copy="1")
    done = airflow(retries=1).run("-m", "airflow", "dags", "test", "ingestion", AWS_ENDPOINT_URL=moto.url)
    assert done.returncode == 1
    assert [(job["jobName"].split("-")[1], job["status"]) for job in moto.jobs(QUEUE)] == [
        ("transformation", "SUCCEEDED"),
        ("copy_job", "FAILED"),
    ]
    assert "FAILED: exit code 1 (refused, or failed for good)" in done.stdout
    assert "| ERROR probe: told to fail" in done.stdout


def test_exit_code_75_is_tried_again_once(deployed, airflow):
    moto = deployed(EXIT_transformation="75")
    done = airflow(retries=1).run("-m", "airflow", "dags", "test", "ingestion", AWS_ENDPOINT_URL=moto.url)
    assert done.returncode == 1
    jobs = moto.jobs(QUEUE)
    assert [job["status"] for job in jobs] == ["FAILED"] * 2
    assert len({job["jobName"] for job in jobs}) == 1, "a retried task goes on with its run"
    assert "FAILED: exit code 75 (failed for now)" in done.stdout


def test_a_failed_task_is_told_to_the_topic(deployed, airflow):
    moto = deployed(EXIT_copy="1")
    topic = moto.client("sns").create_topic(Name="alarms")["TopicArn"]
    mailbox = moto.client("sqs").create_queue(QueueName="mailbox")["QueueUrl"]
    arn = moto.client("sqs").get_queue_attributes(QueueUrl=mailbox, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    moto.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    made = airflow(alarm_topic=topic)
    run = "manual__2026-11-22T09:30:00+00:00"
    made.run(str(made_of("supervised.py")), "copy_job", run, AWS_ENDPOINT_URL=moto.url)
    (job,) = moto.jobs(QUEUE)
    (message,) = moto.client("sqs").receive_message(QueueUrl=mailbox)["Messages"]
    told = json.loads(message["Body"])
    assert told["Subject"] == "dpstack: ingestion.copy_job failed"
    lines = dict(line.split(maxsplit=1) for line in told["Message"].replace("Batch job", "Batch").splitlines())
    assert lines["DAG"] == "ingestion" and lines["Run"] == run and lines["Task"] == "copy_job, try 1"
    assert lines["Batch"] == job["jobId"]
    assert lines["RUN_ID"] == job["jobName"].removeprefix("ingestion-copy_job-")
    assert (
        lines["Log"].startswith("https://eu-west-1.console.aws.amazon.com/cloudwatch/") and job["jobId"] in lines["Log"]
    )
    assert lines["Error"].startswith(f"job {job['jobId']} failed: exit code 1")
    assert told["Message"].splitlines()[-1] == "Last line  ERROR probe: told to fail"


def test_a_killed_task_ends_its_job(deployed, airflow, image, tmp_path):
    moto = deployed(SECONDS_transformation="60")
    began, mark = time.monotonic(), tmp_path / "kill"
    made = airflow()

    import threading

    def wait_for_the_container():
        while not Docker().running(image):
            time.sleep(0.2)
        mark.touch()

    threading.Thread(target=wait_for_the_container, daemon=True).start()
    done = made.run(
        str(made_of("supervised.py")), "transformation", "manual__null", str(mark), AWS_ENDPOINT_URL=moto.url
    )
    (job,) = settled(moto)
    assert job["status"] == "FAILED"
    assert job["statusReason"] == "The task in Airflow was killed or took too long"
    assert not Docker().running(image)
    assert time.monotonic() - began < 50, "the container was to run for a minute"
    assert "Ended job" in done.stdout


def test_a_task_that_takes_too_long_ends_its_job(deployed, airflow):
    moto = deployed(SECONDS_transformation="60")
    short = {"definition": "ingestion-job", "timeout_seconds": 4}
    jobs = {"transformation": short, "copy_job": short, "dbt_build": short}
    done = airflow(jobs=jobs).run("-m", "airflow", "dags", "test", "ingestion", AWS_ENDPOINT_URL=moto.url)
    assert done.returncode == 1 and "AirflowTaskTimeout" in done.stdout
    (job,) = settled(moto)
    assert job["status"] == "FAILED" and "took too long" in job["statusReason"]


def test_a_retried_task_joins_the_job_that_its_dead_worker_left(deployed, airflow):
    from batch import Batch
    from run_id import run_id_of

    moto = deployed(SECONDS_transformation="20")
    run = "manual__2026-11-22T10:30:00+00:00"
    name = f"ingestion-transformation-{run_id_of(run)}"
    environment = {"RUN_ID": run_id_of(run)}
    left = Batch("eu-west-1").submit(QUEUE, name, "ingestion-job", ["transformation"], environment, {})
    made = airflow()
    done = made.run(str(made_of("supervised.py")), "transformation", run, AWS_ENDPOINT_URL=moto.url)
    assert [(job["jobId"], job["status"]) for job in moto.jobs(QUEUE)] == [(left, "SUCCEEDED")]
    assert f"Job {left} of an earlier try still runs" in done.stdout


def made_of(name: str):
    from conftest import HERE

    return HERE / name


def settled(moto) -> list[dict]:
    """The jobs once none is running; moto looks twice a second whether one was ended."""
    for _ in range(100):
        jobs = moto.jobs(QUEUE)
        if all(job["status"] in ("SUCCEEDED", "FAILED") for job in jobs):
            return jobs
        time.sleep(0.1)
    raise AssertionError(f"still running: {jobs}")
