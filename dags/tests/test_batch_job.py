"""The operator with throttled, lost and rejected requests. `FakeBatch` replaces Batch with configured responses; it verifies
nothing about AWS. test_chain.py tests the operator with real containers."""

from types import SimpleNamespace

import pytest
from airflow.exceptions import AirflowException, AirflowFailException
from botocore.exceptions import ClientError, EndpointConnectionError

from batch_job import SUBMISSIONS, UNKNOWN_POLLS, BatchJobOperator

LOST = EndpointConnectionError(endpoint_url="https://batch.eu-west-1.amazonaws.com")


def client_error(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "DescribeJobs")


DENIED, THROTTLED = client_error("AccessDeniedException", 403), client_error("TooManyRequestsException", 429)


class FakeBatch:
    """Returns the configured responses of a method one by one, then repeats the last one."""

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


@pytest.fixture
def operator():
    created = BatchJobOperator(
        task_id="copy_job", command=["copy"], definition="d", job_queue="q", region="eu-west-1", poll_seconds=0
    )
    created.job_name, created.environment = "ingestion-copy_job-run", {"RUN_ID": "run"}
    return created


def live(command=("copy",), definition="d:3", run_id="run") -> dict:
    """A running job as Batch describes it."""
    container = {"command": list(command), "environment": [{"name": "RUN_ID", "value": run_id}]}
    arn = f"arn:aws:batch:eu-west-1:123456789012:job-definition/{definition}"
    return {"jobId": "accepted", "status": "RUNNING", "jobDefinition": arn, "container": container}


def test_a_submission_with_a_lost_response_is_found_and_not_repeated(operator):
    batch = FakeBatch(live_job=[None, live()], submit=[LOST])
    assert operator.submit_or_join(batch, {}) == "accepted"
    assert [call[0] for call in batch.calls] == ["live_job", "submit", "live_job"]


def test_a_submission_that_was_not_received_is_repeated(operator):
    batch = FakeBatch(live_job=[THROTTLED, None], submit=[LOST, "second"])
    assert operator.submit_or_join(batch, {"task_id": "copy_job"}) == "second"
    assert batch.calls[-1] == (
        *("submit", "q", "ingestion-copy_job-run", "d", ["copy"], {"RUN_ID": "run"}),
        {"task_id": "copy_job"},
    )


def test_the_number_of_submissions_is_limited_and_airflow_may_retry(operator):
    batch = FakeBatch(live_job=[None], submit=[LOST])
    with pytest.raises(AirflowException, match="Batch did not accept the job") as raised:
        operator.submit_or_join(batch, {})
    assert not isinstance(raised.value, AirflowFailException)
    assert len(batch.calls) == 2 * SUBMISSIONS


def test_a_rejected_submission_fails_without_a_retry_and_with_a_hint(operator):
    with pytest.raises(AirflowFailException, match="hint: check that d and q are deployed"):
        operator.submit_or_join(FakeBatch(live_job=[None], submit=[DENIED]), {})


@pytest.mark.parametrize(
    ("command", "conf", "expected"),
    [
        (["copy"], {"accept": "they retired"}, {"RUN_ID": "run", "ACCEPT": "they retired"}),
        (["copy"], {}, {"RUN_ID": "run"}),
        (["copy"], None, {"RUN_ID": "run"}),
        (["dbt", "build"], {"accept": "they retired"}, {"RUN_ID": "run"}),
    ],
)
def test_only_copy_gets_the_reason_for_loading_implausible_data(operator, monkeypatch, command, conf, expected):
    batch = FakeBatch(live_job=[None], submit=["1"], job=[{"status": "SUCCEEDED"}])
    monkeypatch.setattr("batch.Batch", lambda region: batch)
    monkeypatch.setattr("batch_job.run_id_of", lambda run, dag: "run")
    operator.command = command
    ti = SimpleNamespace(dag_id="ingestion", task_id="t", map_index=-1, run_id="r", xcom_push=lambda key, value: None)
    operator.execute.__wrapped__(operator, {"ti": ti, "dag_run": SimpleNamespace(conf=conf)})
    submitted = next(call for call in batch.calls if call[0] == "submit")
    assert submitted[5] == expected


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
        monkeypatch.setattr("batch.Batch", lambda region, batch=batch: batch)
        operator.on_kill()
        assert [call[0] for call in batch.calls] == calls


def test_polling_continues_after_throttling_and_network_errors(operator):
    operator.job_id = "1"
    running, done = {"status": "RUNNING"}, {"status": "SUCCEEDED"}
    batch = FakeBatch(job=[None, THROTTLED, LOST, running, THROTTLED, client_error("ServerException", 500), done])
    assert operator.follow(batch) == done
    assert len(batch.calls) == 7


def test_polling_stops_if_access_is_denied(operator):
    operator.job_id = "1"
    with pytest.raises(AirflowFailException, match="cannot describe job 1"):
        operator.follow(FakeBatch(job=[DENIED]))


def test_waiting_for_an_unknown_job_is_limited(operator):
    operator.job_id = "1"
    batch = FakeBatch(job=[None])
    with pytest.raises(AirflowException, match="job 1 does not exist in Batch"):
        operator.follow(batch)
    assert len(batch.calls) == UNKNOWN_POLLS


def test_an_unreadable_log_does_not_change_the_result(operator):
    operator.job_id = "1"
    job = {"status": "FAILED", "container": {"exitCode": 1, "logStreamName": "s"}}
    operator.log_outcome(FakeBatch(last_lines=[DENIED]), job)
    with pytest.raises(AirflowFailException, match=r"job 1 failed: exit code 1 \(permanent failure\)$"):
        operator.fail(job)


def test_a_task_that_was_killed_may_be_retried(operator):
    operator.job_id, operator.killed = "1", True
    with pytest.raises(AirflowException, match="exit code 137") as raised:
        operator.fail({"status": "FAILED", "container": {"exitCode": 137}})
    assert not isinstance(raised.value, AirflowFailException)


def test_killing_never_raises(operator, monkeypatch):
    def fail(region):
        raise LOST

    monkeypatch.setattr("batch.Batch", fail)
    operator.on_kill()
    assert operator.killed
