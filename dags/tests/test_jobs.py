"""The outcome of a job, and the location of its log."""

import json

import pytest

from dpworld.batch.jobs import (
    Batch,
    cause_of,
    differences,
    error_line,
    is_retryable,
    log_of,
    nodes_of,
    outcome_of,
    was_terminated,
)


def job(code=None, **details) -> dict:
    return {"status": "FAILED", "container": {} if code is None else {"exitCode": code}} | details


@pytest.mark.parametrize(
    ("failed_job", "retryable"),
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
def test_only_exit_code_75_and_a_missing_exit_code_are_retryable(failed_job, retryable):
    assert is_retryable(failed_job) is retryable


def test_an_outcome_has_the_exit_code_and_each_reason_once():
    failed_job = job(1, statusReason="Essential container in task exited")
    assert outcome_of(failed_job) == "exit code 1 (permanent failure): Essential container in task exited"
    failed_job = {"statusReason": "Task failed to start", "container": {"reason": "CannotPullContainerError: no image"}}
    assert outcome_of(failed_job) == "no exit code: Task failed to start: CannotPullContainerError: no image"
    assert outcome_of({"statusReason": "x", "container": {"reason": "x", "exitCode": 137}}) == "exit code 137: x"
    assert outcome_of({}) == "no exit code"


def test_a_job_that_is_being_terminated_is_recognized():
    assert was_terminated({"isTerminated": True}) and was_terminated({"isCancelled": True})
    assert not was_terminated({"isTerminated": False, "isCancelled": False})


DEFINITION = "arn:aws:batch:eu-west-1:123456789012:job-definition/ingestion-job:7"


@pytest.mark.parametrize("named", ["ingestion-job", "ingestion-job:7", DEFINITION, DEFINITION.removesuffix(":7")])
def test_a_definition_is_compared_as_far_as_the_task_names_it(named):
    assert differences({"jobDefinition": DEFINITION, "container": {"command": ["copy"]}}, named, ["copy"], {}) == []


@pytest.mark.parametrize(
    ("task", "expected"),
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
def test_a_job_is_compared_in_definition_command_and_variables(task, expected):
    variables = [{"name": "RUN_ID", "value": "a"}, {"name": "LAKE_URL", "value": "of the definition"}]
    running = {"jobDefinition": DEFINITION, "container": {"command": ["copy"], "environment": variables}}
    assert differences(running, *task) == expected


def test_the_job_definition_configures_the_log():
    options = {"awslogs-group": "/dpstack/batch", "awslogs-region": "eu-west-1"}
    described = {"container": {"logStreamName": "ingestion/default/1", "logConfiguration": {"options": options}}}
    assert log_of(described) == ("/dpstack/batch", "ingestion/default/1")
    assert log_of({"container": {"logStreamName": "s"}}) == ("/aws/batch/job", "s")
    assert log_of({}) == ("/aws/batch/job", None)
    assert Batch("cn-north-1").log_link(described) == (
        "https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1"
        "#logsV2:log-groups/log-group/%2Fdpstack%2Fbatch/log-events/ingestion%2Fdefault%2F1"
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], None),
        (["", "  "], None),
        (["first", "last"], "last"),
        (["ERROR cannot load `launches`", "ERROR hint: run it again", "INFO bye"], "cannot load `launches`"),
        (
            ["error: cannot start `dbt`; hint: check PATH"],
            "cannot start `dbt`; hint: check PATH",
        ),
        (["hint: only this"], None),
        (
            ["ERROR 2 of 2 failed: a: Internal Server Error", "b: Internal Server Error"],
            "2 of 2 failed: a: Internal Server Error",
        ),
    ],
)
def test_the_last_error_is_found_in_the_last_lines(lines, expected):
    assert error_line(lines) == expected


# The end of logs of dbt 1.12.
TEST_FAILED = """\
\x1b[0m21:58:05  \x1b[31mCompleted with 1 error, 0 partial successes, and 0 warnings:\x1b[0m
\x1b[0m21:58:05
\x1b[0m21:58:05  [\x1b[31mERROR\x1b[0m]: in test not_null_fct_launches_launch_id (models/marts/fct_launches.yml)
\x1b[0m21:58:05    Got 3 results, configured to fail if != 0
\x1b[0m21:58:05
\x1b[0m21:58:05    compiled code at target/compiled/x/models/fct_launches.yml/not_null_fct_launches_launch_id.sql
\x1b[0m21:58:05
\x1b[0m21:58:05  Done. PASS=244 WARN=0 ERROR=1 SKIP=2 NO-OP=0 REUSED=0 TOTAL=247""".splitlines()
MODEL_FAILED = """\
22:02:21  [ERROR]: in model b (models/b.sql)
22:02:21    Database Error in model b (models/b.sql)
  column "nope" does not exist
  LINE 12:     select nope from "dpstack"."dagstmp"."a"
                      ^
  compiled code at target/run/x/models/b.sql
22:02:21
22:02:21    compiled code at target/compiled/x/models/b.sql
22:02:21
22:02:21  Done. PASS=1 WARN=0 ERROR=1 SKIP=1 NO-OP=0 REUSED=0 TOTAL=3""".splitlines()
MEMORY = {
    "container": {
        "exitCode": 137,
        "reason": "OutOfMemoryError: Container killed due to memory usage",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
    }
}
REFUSED = "collection `crew` failed: cannot read `http://x/v4/crew`: the server returned 500"


@pytest.mark.parametrize(
    ("failed_job", "lines", "cause"),
    [
        (job(1), TEST_FAILED, "dbt: not_null_fct_launches_launch_id failed: Got 3 results, configured to fail if != 0"),
        (job(1), MODEL_FAILED, 'dbt: b failed: column "nope" does not exist'),
        (
            job(1),
            TEST_FAILED[:-1] + MODEL_FAILED,
            "dbt: not_null_fct_launches_launch_id failed: Got 3 results, configured to fail if != 0 (and 1 more)",
        ),
        (job(1), [f"ERROR {REFUSED}"], REFUSED),
        (MEMORY, ["working"], "out of memory with 2048 MiB; hint: raise `memory_mib` of this job in the settings"),
        (job(statusReason="Host terminated"), [], "no exit code: Host terminated"),
    ],
)
def test_the_cause_of_a_failure_is_one_line(failed_job, lines, cause):
    assert cause_of(failed_job, lines) == cause


def test_the_status_of_each_dbt_node_is_read_from_the_last_lines():
    nodes = {"dim_crew": "success", "dim_ships": "error"}
    lines = ["21:58:05  Done.", f"nodes: {json.dumps(nodes)}", "dbt's artifacts: s3://lake/dbt/"]
    assert nodes_of(lines) == nodes
    assert error_line(lines) == "dbt's artifacts: s3://lake/dbt/"
    assert nodes_of(["nodes: {", "a line"]) is None
    assert nodes_of([]) is None
