"""The operator with throttled, lost and rejected requests. `FakeBatch` replaces Batch with configured responses; it verifies
nothing about AWS. test_chain.py tests the operator with real containers."""

import json
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.exceptions import TaskDeferred
from botocore.exceptions import ClientError, EndpointConnectionError

from dpworld.batch.jobs import Batch
from dpworld.batch.operator import ATTEMPTS, BatchJobOperator
from dpworld.batch.stop import stop_jobs
from dpworld.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from dpworld.options import apply
from dpworld.settings import SOURCES

LOST = EndpointConnectionError(endpoint_url="https://batch.eu-west-1.amazonaws.com")


def client_error(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "DescribeJobs")


DENIED, THROTTLED = client_error("AccessDeniedException", 403), client_error("TooManyRequestsException", 429)


class FakeBatch:
    """Returns the configured responses of a method one by one, then repeats the last one."""

    partition = "aws"

    def __init__(self, **responses):
        self.responses, self.calls = responses, []

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append((name, *arguments))
            responses = self.responses[name]
            response = responses.pop(0) if len(responses) > 1 else responses[0]
            if isinstance(response, Exception):
                raise response
            return response

        return call


JOB = {
    "command": ["copy"],
    "definition": "d",
    "environment": {},
    "overrides": {},
    "selection": [],
}


@pytest.fixture
def operator():
    created = BatchJobOperator(
        task_id="copy_job",
        source="spacex",
        job=JOB,
        job_queue="q",
        region="eu-west-1",
        poll_seconds=0,
        execution_timeout=timedelta(hours=1),
    )
    created.job_name, created.environment = "ingestion-copy_job-run", {"RUN_ID": "run"}
    return created


def live(command=("copy",), definition="d:3", run_id="run") -> dict:
    """A running job as Batch describes it, five minutes old."""
    container = {"command": list(command), "environment": [{"name": "RUN_ID", "value": run_id}]}
    arn = f"arn:aws:batch:eu-west-1:123456789012:job-definition/{definition}"
    return {
        "jobId": "accepted",
        "status": "RUNNING",
        "jobDefinition": arn,
        "container": container,
        "createdAt": (time.time() - 300) * 1000,
    }


def test_a_submission_with_a_lost_response_is_found_and_not_repeated(operator):
    batch = FakeBatch(live_job=[None, live()], submit=[LOST])
    assert operator.submit_or_join(batch, {})["jobId"] == "accepted"
    assert [call[0] for call in batch.calls] == ["live_job", "submit", "live_job"]


def test_a_submission_that_was_not_received_is_repeated(operator):
    batch = FakeBatch(live_job=[THROTTLED, None], submit=[LOST, "second"])
    assert operator.submit_or_join(batch, {"task_id": "copy_job"})["jobId"] == "second"
    assert batch.calls[-1] == (
        *("submit", "q", "ingestion-copy_job-run", "d", ["copy"], {"RUN_ID": "run"}),
        {"task_id": "copy_job"},
        {},
    )


def test_the_number_of_submissions_is_limited_and_airflow_may_retry(operator):
    batch = FakeBatch(live_job=[None], submit=[LOST])
    with pytest.raises(AirflowException, match="Batch did not accept the job") as raised:
        operator.submit_or_join(batch, {})
    assert not isinstance(raised.value, AirflowFailException)
    assert len(batch.calls) == 2 * ATTEMPTS


def test_a_rejected_submission_fails_without_a_retry_and_with_a_hint(operator):
    with pytest.raises(AirflowFailException, match="hint: check that d and q are deployed"):
        operator.submit_or_join(FakeBatch(live_job=[None], submit=[DENIED]), {})


EXAMPLES = json.loads(Path(__file__).with_name("run_options.json").read_text())


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize(("task", "command"), [("transformation", ["transformation"]), ("copy_job", ["copy"])])
def test_options_of_a_run_are_variables_of_its_jobs(operator, monkeypatch, example, task, command):
    batch = FakeBatch(live_job=[None], submit=["1"])
    monkeypatch.setattr("dpworld.batch.operator.Batch", lambda region: batch)
    monkeypatch.setattr("dpworld.batch.operator.run_id_of", lambda run, dag: "run")
    operator.job = JOB | {"command": command, "environment": {"CONTRACT": "c"}, "overrides": {"vcpu": "1"}}
    ti = SimpleNamespace(dag_id="i", task_id=task, map_index=-1, run_id="r", try_number=1, xcom_push=lambda *_: None)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute.__wrapped__(operator, {"ti": ti, "params": example["options"]})
    assert deferred.value.trigger.serialize()[1]["job_id"] == "1"
    submitted = next(call for call in batch.calls if call[0] == "submit")
    assert submitted[4:6] == (command, {"RUN_ID": "run", "CONTRACT": "c"} | example[task])
    assert (submitted[6]["source"], submitted[7]) == ("spacex", {"vcpu": "1"})


@pytest.mark.parametrize("example", [one for one in EXAMPLES if "groups" in one])
def test_the_job_of_a_group_has_only_its_own_collections(operator, monkeypatch, example):
    for group, selected in example["groups"]:
        batch = FakeBatch(live_job=[None], submit=["1"])
        monkeypatch.setattr("dpworld.batch.operator.Batch", lambda region, batch=batch: batch)
        operator.job = JOB | {"command": ["transformation"], "environment": {"COLLECTIONS": group}}
        ti = SimpleNamespace(dag_id="d", task_id="t", map_index=1, run_id="r", try_number=1, xcom_push=lambda *_: None)
        context = {"ti": ti, "params": example["options"]}
        if selected is None:
            with pytest.raises(AirflowSkipException, match="none of the collections of this group"):
                operator.execute.__wrapped__(operator, context)
            assert batch.calls == []
        else:
            with pytest.raises(TaskDeferred):
                operator.execute.__wrapped__(operator, context)
            assert next(call for call in batch.calls if call[0] == "submit")[5]["COLLECTIONS"] == selected


@pytest.mark.parametrize("example", EXAMPLES)
def test_options_of_a_run_are_arguments_of_dbt(example):
    job = JOB | {"command": ["dbt", "build"]}
    assert apply(example["options"], job) == (["dbt", "build", *example["dbt_build"]], {})
    assert job["command"] == ["dbt", "build"]
    command, _ = apply(example["options"], job | {"selection": ["--exclude", "source:launches+"]})
    if selected := example["options"].get("select"):
        assert "--exclude" not in command, "a selection of the run takes precedence"
        assert command[command.index("--select") + 1 :] == selected.split()
    else:
        assert command[-2:] == ["--exclude", "source:launches+"]


def test_only_what_differs_from_the_definition_is_sent(monkeypatch):
    sent = []
    client = SimpleNamespace(submit_job=lambda **request: sent.append(request) or {"jobId": "1"})
    monkeypatch.setattr("dpworld.aws.client", lambda *_, **__: client)
    batch = Batch("eu-west-1")
    assert batch.submit("q", "n", "d", ["copy"], {}, {}, {}) == "1"
    batch.submit("q", "n", "d", ["copy"], {}, {}, {"vcpu": "1", "memory_mib": "2048", "attempt_seconds": 60})
    assert "timeout" not in sent[0] and "resourceRequirements" not in sent[0]["containerOverrides"]
    assert sent[1]["timeout"] == {"attemptDurationSeconds": 60}
    assert sent[1]["containerOverrides"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "1"},
        {"type": "MEMORY", "value": "2048"},
    ]


def test_a_running_job_with_another_reason_is_not_joined(operator):
    operator.environment["ACCEPT"] = "they retired"
    with pytest.raises(AirflowFailException, match="its variable ACCEPT differs"):
        operator.submit_or_join(FakeBatch(live_job=[live()]), {})


@pytest.mark.parametrize("other", [live(["copy", "zoo"]), live(definition="e:1"), live(run_id="another")])
def test_a_running_job_that_differs_is_neither_joined_nor_duplicated(operator, other):
    batch = FakeBatch(live_job=[other])
    message = (
        "job accepted \\(RUNNING\\) has the same name as this task's job, ingestion-copy_job-run, but its .*; hint: "
    )
    with pytest.raises(AirflowFailException, match=message):
        operator.submit_or_join(batch, {})
    assert [call[0] for call in batch.calls] == ["live_job"]


def test_killing_during_a_submission_terminates_only_the_job_of_the_task(operator, monkeypatch):
    for found, calls in [(live(), ["live_job", "terminate"]), (live(["another"]), ["live_job"]), (None, ["live_job"])]:
        batch = FakeBatch(live_job=[found], terminate=[None])
        monkeypatch.setattr("dpworld.batch.operator.Batch", lambda region, batch=batch: batch)
        operator.on_kill()
        assert [call[0] for call in batch.calls] == calls


# Of the other tasks of the run.
STATES = {"copy": "failed", "dbt": "upstream_failed"}


@pytest.fixture
def resume(operator, monkeypatch):
    """Resumes the task as Airflow does after its trigger has failed, with configured responses of Batch."""

    def run(try_number=1, **responses) -> FakeBatch:
        batch = FakeBatch(log_link=["https://log"], terminate=[None], **responses)
        monkeypatch.setattr("dpworld.batch.operator.Batch", lambda region: batch)
        ids = {"dag_id": "ingestion", "task_id": "copy_job", "map_index": -1, "run_id": "r", "try_number": try_number}
        known = {"job_id": "1", "try_number": 1}
        ti = SimpleNamespace(**ids, xcom_pull=lambda **_: known, xcom_push=lambda *_: None)
        ti.get_task_states = lambda dag_id, run_ids, task_ids: {"r": {task: STATES[task] for task in task_ids}}
        try:
            operator.resume_execution("__fail__", {"error": "Trigger failure"}, {"ti": ti, "params": {}})
        finally:
            operator.calls = [call[0] for call in batch.calls]

    return run


def test_a_trigger_that_failed_does_not_change_the_result_of_the_job(operator, resume):
    resume(job=[None, THROTTLED, LOST, {"status": "SUCCEEDED"}])
    assert operator.calls == ["job"] * 4
    with pytest.raises(AirflowFailException, match=r"^exit code 1 \(permanent failure\); job 1: exit code 1"):
        resume(job=[{"status": "FAILED", "container": {"exitCode": 1}}])
    with pytest.raises(AirflowException) as raised:
        resume(job=[{"status": "FAILED", "container": {"exitCode": 75}}])
    assert not isinstance(raised.value, AirflowFailException), "a retry may succeed"


@pytest.mark.parametrize(("steps", "is_announced"), [(["copy", "dbt"], True), (["dbt"], False), ([], False)])
def test_the_failure_of_a_report_after_another_one_is_announced_already(operator, resume, steps, is_announced):
    operator.steps = steps
    with pytest.raises(AirflowFailException):
        resume(job=[{"status": "FAILED", "container": {"exitCode": 1}}])
    assert operator.is_announced == is_announced


def test_a_trigger_that_stopped_too_early_waits_again_for_the_rest_of_the_timeout(resume):
    with pytest.raises(TaskDeferred) as deferred:
        resume(job=[live()])
    assert timedelta(minutes=54) < deferred.value.timeout < timedelta(minutes=56)


def test_a_retry_that_is_resumed_submits_a_job_of_its_own(operator, resume):
    with pytest.raises(TaskDeferred) as deferred:
        resume(try_number=2, live_job=[None], submit=["2"])
    assert deferred.value.trigger.serialize()[1]["job_id"] == "2"
    assert operator.calls == ["live_job", "submit"]


def test_a_job_that_exceeds_the_timeout_is_terminated(operator, resume):
    with pytest.raises(AirflowException, match="job 1 was terminated: it exceeded the task's timeout"):
        resume(job=[live() | {"createdAt": (time.time() - 3601) * 1000}])
    assert operator.calls == ["job", "terminate"]


def test_waiting_stops_if_access_is_denied(resume):
    with pytest.raises(AirflowFailException, match="cannot describe job 1"):
        resume(job=[DENIED])


def test_asking_for_an_unknown_job_is_limited(operator, resume):
    with pytest.raises(AirflowException, match="Batch does not describe job 1"):
        resume(job=[None])
    assert operator.calls == ["job"] * ATTEMPTS


def test_an_unreadable_log_does_not_change_the_result(resume):
    job = {"status": "FAILED", "container": {"exitCode": 1, "logStreamName": "s"}}
    with pytest.raises(AirflowFailException, match=r"exit code 1 \(permanent failure\)$"):
        resume(job=[job], last_lines=[DENIED])


def test_killing_never_raises(operator, monkeypatch):
    def fail(region):
        raise LOST

    monkeypatch.setattr("dpworld.batch.operator.Batch", fail)
    operator.on_kill()


def test_the_jobs_of_all_groups_of_a_failed_run_are_terminated(monkeypatch, caplog):
    batch = FakeBatch(live_job=[live(), None, live()], terminate=[None])
    monkeypatch.setattr("dpworld.batch.stop.Batch", lambda region: batch)
    monkeypatch.setitem(SOURCES["spacex"], "groups", ["crew", "cores"])
    tasks = [
        SimpleNamespace(task_id="transformation", is_mapped=True),
        SimpleNamespace(task_id="copy", is_mapped=False),
    ]
    stop_jobs({"dag": SimpleNamespace(dag_id="ingestion", tasks=tasks), "run_id": "r"})
    assert [call[0] for call in batch.calls] == ["live_job", "terminate", "live_job", "live_job", "terminate"]
    assert len({call[2] for call in batch.calls if call[0] == "live_job"}) == 3
    stop_jobs({})
    assert "Cannot terminate the jobs of the run" in caplog.text
