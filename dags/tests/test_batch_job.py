"""The operator's way through throttling, lost answers and refusals. `Doubt` stands in for Batch: it does what it is told,
and proves nothing about AWS. The ways with real containers are in test_chain.py."""

import pytest
from airflow.exceptions import AirflowException, AirflowFailException
from botocore.exceptions import ClientError, EndpointConnectionError

from batch_job import SUBMISSIONS, UNKNOWN_LOOKS, BatchJobOperator

LOST = EndpointConnectionError(endpoint_url="https://batch.eu-west-1.amazonaws.com")


def answer(code: str, status: int = 400) -> ClientError:
    told = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "DescribeJobs")


DENIED, THROTTLED = answer("AccessDeniedException", 403), answer("TooManyRequestsException", 429)


class Doubt:
    """Gives what it was told to give, call by call; the last one for ever."""

    def __init__(self, **given):
        self.given, self.calls = given, []

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append((name, *arguments))
            given = self.given[name]
            now = given.pop(0) if len(given) > 1 else given[0]
            if isinstance(now, Exception):
                raise now
            return now

        return call


@pytest.fixture
def operator():
    made = BatchJobOperator(
        task_id="copy_job", command=["copy"], definition="d", job_queue="q", region="eu-west-1", poll_seconds=0
    )
    made.job_name, made.environment = "ingestion-copy_job-run", {"RUN_ID": "run"}
    return made


def live(command=("copy",), definition="d:3", run_id="run") -> dict:
    """A running job as Batch describes it."""
    container = {"command": list(command), "environment": [{"name": "RUN_ID", "value": run_id}]}
    arn = f"arn:aws:batch:eu-west-1:123456789012:job-definition/{definition}"
    return {"jobId": "arrived", "status": "RUNNING", "jobDefinition": arn, "container": container}


def test_a_submission_whose_answer_was_lost_is_found_and_not_made_twice(operator):
    batch = Doubt(live_job=[None, live()], submit=[LOST])
    assert operator.begin(batch, {}) == "arrived"
    assert [call[0] for call in batch.calls] == ["live_job", "submit", "live_job"]


def test_a_submission_that_did_not_arrive_is_made_again(operator):
    batch = Doubt(live_job=[THROTTLED, None], submit=[LOST, "second"])
    assert operator.begin(batch, {"task_id": "copy_job"}) == "second"
    assert batch.calls[-1] == (
        *("submit", "q", "ingestion-copy_job-run", "d", ["copy"], {"RUN_ID": "run"}),
        {"task_id": "copy_job"},
    )


def test_a_submission_is_given_up_in_the_end_and_airflow_may_try_again(operator):
    batch = Doubt(live_job=[None], submit=[LOST])
    with pytest.raises(AirflowException, match="Batch took no job") as raised:
        operator.begin(batch, {})
    assert not isinstance(raised.value, AirflowFailException)
    assert len(batch.calls) == 2 * SUBMISSIONS


def test_a_refused_submission_fails_for_good_with_a_hint(operator):
    with pytest.raises(AirflowFailException, match="hint: is d in q deployed"):
        operator.begin(Doubt(live_job=[None], submit=[DENIED]), {})


@pytest.mark.parametrize("other", [live(["copy", "zoo"]), live(definition="e:1"), live(run_id="another")])
def test_a_running_job_that_differs_is_neither_joined_nor_submitted_beside(operator, other):
    batch = Doubt(live_job=[other])
    words = "job arrived is RUNNING under the name of this task, ingestion-copy_job-run, but its .*; hint: "
    with pytest.raises(AirflowFailException, match=words):
        operator.begin(batch, {})
    assert [call[0] for call in batch.calls] == ["live_job"]


def test_killing_during_a_submission_ends_the_tasks_own_job_and_no_other(operator, monkeypatch):
    for found, calls in [(live(), ["live_job", "end"]), (live(["another"]), ["live_job"]), (None, ["live_job"])]:
        batch = Doubt(live_job=[found], end=[None])
        monkeypatch.setattr("batch.Batch", lambda region, batch=batch: batch)
        operator.on_kill()
        assert [call[0] for call in batch.calls] == calls


def test_looking_outlasts_throttling_and_a_broken_network(operator):
    operator.job_id = "1"
    running, done = {"status": "RUNNING"}, {"status": "SUCCEEDED"}
    batch = Doubt(job=[None, THROTTLED, LOST, running, THROTTLED, answer("ServerException", 500), done])
    assert operator.follow(batch) == done
    assert len(batch.calls) == 7


def test_looking_stops_where_it_is_not_allowed(operator):
    operator.job_id = "1"
    with pytest.raises(AirflowFailException, match="cannot look at job 1"):
        operator.follow(Doubt(job=[DENIED]))


def test_a_job_that_batch_forgot_is_no_endless_wait(operator):
    operator.job_id = "1"
    batch = Doubt(job=[None])
    with pytest.raises(AirflowException, match="does not know job 1"):
        operator.follow(batch)
    assert len(batch.calls) == UNKNOWN_LOOKS


def test_a_log_that_cannot_be_read_changes_nothing_about_the_job(operator):
    operator.job_id = "1"
    job = {"status": "FAILED", "container": {"exitCode": 1, "logStreamName": "s"}}
    operator.show_end(Doubt(last_lines=[DENIED]), job)
    with pytest.raises(AirflowFailException, match=r"job 1 failed: exit code 1 \(refused, or failed for good\)$"):
        operator.fail(job)


def test_a_job_that_was_ended_with_its_task_may_be_tried_again(operator):
    operator.job_id, operator.killed = "1", True
    with pytest.raises(AirflowException, match="exit code 137") as raised:
        operator.fail({"status": "FAILED", "container": {"exitCode": 137}})
    assert not isinstance(raised.value, AirflowFailException)


def test_killing_never_raises(operator, monkeypatch):
    def refuse(region):
        raise LOST

    monkeypatch.setattr("batch.Batch", refuse)
    operator.on_kill()
    assert operator.killed
