"""What a job's end means, and where its log is."""

import pytest

from batch import differences, how_it_ended, log_link, log_of, may_help_again, was_ended
from batch_job import error_line


def job(code=None, **told) -> dict:
    return {"status": "FAILED", "container": {} if code is None else {"exitCode": code}} | told


@pytest.mark.parametrize(
    ("ended", "again"),
    [
        (job(75), True),
        (job(), True),
        (job(statusReason="Host EC2 (instance i-1) terminated."), True),
        (job(container={"reason": "CannotPullContainerError: manifest unknown"}), False),
        (job(container={"reason": "ResourceInitializationError: no route"}), True),
        (job(1), False),
        (job(2), False),
        (job(137), False),
        (job(0), False),
        (job(isTerminated=True), False),
        (job(isCancelled=True), False),
        (job(75, isTerminated=True), True),
    ],
)
def test_trying_again_is_for_75_and_for_no_answer(ended, again):
    assert may_help_again(ended) is again


def test_an_end_is_told_with_its_code_and_every_reason_once():
    ended = job(1, statusReason="Essential container in task exited")
    assert how_it_ended(ended) == "exit code 1 (refused, or failed for good): Essential container in task exited"
    ended = {"statusReason": "Task failed to start", "container": {"reason": "CannotPullContainerError: no image"}}
    assert how_it_ended(ended) == "no exit code: Task failed to start: CannotPullContainerError: no image"
    assert how_it_ended({"statusReason": "x", "container": {"reason": "x", "exitCode": 137}}) == "exit code 137: x"
    assert how_it_ended({}) == "no exit code"


def test_a_job_that_is_being_ended_is_nobodys_to_join():
    assert was_ended({"isTerminated": True}) and was_ended({"isCancelled": True})
    assert not was_ended({"isTerminated": False, "isCancelled": False})


DEFINITION = "arn:aws:batch:eu-west-1:123456789012:job-definition/ingestion-job:7"


@pytest.mark.parametrize("named", ["ingestion-job", "ingestion-job:7", DEFINITION, DEFINITION.removesuffix(":7")])
def test_a_definition_is_compared_as_far_as_the_task_names_it(named):
    assert differences({"jobDefinition": DEFINITION, "container": {"command": ["copy"]}}, named, ["copy"], {}) == []


@pytest.mark.parametrize(
    ("meant", "expected"),
    [
        (("ingestion-job:8", ["copy"], {}), ["its job definition is ingestion-job:7, not ingestion-job:8"]),
        (("ingestion", ["copy"], {}), ["its job definition is ingestion-job:7, not ingestion"]),
        ((DEFINITION + "0", ["copy"], {}), [f"its job definition is ingestion-job:7, not {DEFINITION}0"]),
        (("ingestion-job", ["copy", "a"], {}), ["its command is ['copy'], not ['copy', 'a']"]),
        (("ingestion-job", ["copy"], {"RUN_ID": "b"}), ["its variable RUN_ID differs"]),
        (("ingestion-job", ["copy"], {"RUN_ID": "a", "MORE": ""}), ["its variable MORE differs"]),
        (("ingestion-job", ["copy"], {"RUN_ID": "a"}), []),
    ],
)
def test_a_job_is_compared_in_definition_command_and_variables(meant, expected):
    variables = [{"name": "RUN_ID", "value": "a"}, {"name": "LAKE_URL", "value": "of the definition"}]
    known = {"jobDefinition": DEFINITION, "container": {"command": ["copy"], "environment": variables}}
    assert differences(known, *meant) == expected


def test_the_log_is_where_the_job_definition_says():
    options = {"awslogs-group": "/dpstack/batch", "awslogs-region": "eu-west-1"}
    told = {"container": {"logStreamName": "ingestion/default/1", "logConfiguration": {"options": options}}}
    assert log_of(told) == ("/dpstack/batch", "ingestion/default/1")
    assert log_of({"container": {"logStreamName": "s"}}) == ("/aws/batch/job", "s")
    assert log_of({}) == ("/aws/batch/job", None)
    assert log_link({}, "eu-west-1") is None
    assert log_link(told, "eu-west-1") == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#logsV2:log-groups/log-group/$252Fdpstack$252Fbatch/log-events/ingestion$252Fdefault$252F1"
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], None),
        (["", "  "], None),
        (["begins", "ends"], "ends"),
        (["ERROR cannot load `launches`", "ERROR hint: run it again", "INFO bye"], "ERROR cannot load `launches`"),
        (
            ["error: cannot start `dbt`; hint: PATH must lead to it"],
            "error: cannot start `dbt`; hint: PATH must lead to it",
        ),
        (["Database Error in model x", "Done."], "Database Error in model x"),
        (["hint: only this"], None),
    ],
)
def test_the_line_that_tells_of_the_error_is_found_among_the_last_ones(lines, expected):
    assert error_line(lines) == expected
