"""What is asked of the warehouse, and of Batch. `Api` stands in for the Data API: it proves that questions are asked and
answers read as its documentation has them, and nothing about Redshift's SQL. Batch is moto's."""

from datetime import datetime, timedelta, timezone

import pytest
from airflow.exceptions import AirflowFailException
from conftest import QUEUE

import findings
from findings import NoAnswer, Warehouse
from platform_settings import PLATFORM

TABLES = '{"launches": {"rows": 78, "quarantined": 0, "dropped": 0}}'


class Api:
    """Answers each statement with the next of these records, or fails with the next of these texts."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def execute_statement(self, **asked):
        self.asked.append(asked)
        return {"Id": str(len(self.asked))}

    def describe_statement(self, Id):
        answer = self.answers[int(Id) - 1]
        return {"Status": "FAILED", "Error": answer} if isinstance(answer, str) else {"Status": "FINISHED"}

    def get_paginator(self, operation):
        assert operation == "get_statement_result"
        return self

    def paginate(self, Id):
        # A page each record.
        return [{"Records": [record]} for record in self.answers[int(Id) - 1]]


@pytest.fixture
def warehouse(monkeypatch):
    def make(*answers) -> Warehouse:
        api = Api(*answers)
        monkeypatch.setattr("aws.client", lambda service, region: api if service == "redshift-data" else None)
        return Warehouse(PLATFORM)

    return make


def text(value: str) -> dict:
    return {"stringValue": value}


def test_the_ledger_is_read_newest_first(warehouse):
    ledger = [{"longValue": 7}, text("run-7"), text("2026-11-22 05:01:02"), text(TABLES)]
    asked = warehouse([ledger])
    (run,) = asked.runs()
    assert (run.seq, run.run_id, run.tables["launches"]["rows"]) == (7, "run-7", 78)
    assert run.loaded_at == datetime(2026, 11, 22, 5, 1, 2, tzinfo=timezone.utc)
    (question,) = asked.client.asked
    assert question["Parameters"] == [{"name": "source", "value": "spacex"}]
    assert (question["WorkgroupName"], question["Database"]) == ("dpstack-workgroup", "dpstack")


def test_counts_and_the_ledgers_head_are_one_question(warehouse):
    asked = warehouse([[text(""), {"longValue": 7}], [text("launches"), {"longValue": 78}]])
    assert asked.counts(["launches"]) == (7, {"launches": 78})
    (question,) = asked.client.asked
    assert question["Sql"].splitlines() == [
        "SELECT '', max(seq) FROM etl.runs WHERE source = 'spacex'",
        "UNION ALL SELECT 'launches', count(*) FROM spacex.launches WHERE _deleted_at IS NULL",
    ]


def test_a_refusal_is_told_in_the_warehouses_words(warehouse):
    with pytest.raises(NoAnswer, match="permission denied for schema etl"):
        warehouse("permission denied for schema etl").runs()


def test_a_warehouse_that_keeps_silent_is_not_waited_for(warehouse, monkeypatch):
    asked = warehouse([])
    cancelled = []
    asked.client.describe_statement = lambda Id: {"Status": "PICKED"}
    asked.client.cancel_statement = lambda Id: cancelled.append(Id)
    monkeypatch.setattr(findings, "PATIENCE_SECONDS", 0)
    with pytest.raises(NoAnswer, match="did not answer within"):
        asked.runs()
    assert cancelled == ["1"]


def test_a_null_is_none():
    assert [findings.value(cell) for cell in ({"isNull": True}, {"longValue": 0}, text(""))] == [None, 0, ""]


def test_the_warehouse_check_fails_with_every_problem(warehouse):
    import platform_health

    old = (datetime.now(timezone.utc) - timedelta(days=9)).strftime("%Y-%m-%d %H:%M:%S")
    warehouse(
        [[{"longValue": 7}, text("run-7"), text(old), text(TABLES)]],
        [[text(""), {"longValue": 7}], [text("launches"), {"longValue": 77}]],
    )
    check = platform_health.dag.get_task("warehouse")
    problems = check.problems(datetime.now(timezone.utc))
    assert [problem.split(" ")[0] for problem in problems] == ["the", "`launches`"]
    assert "216.0 hours old" in problems[0] and "holds 77 rows, the ledger says 78" in problems[1]


def test_a_warehouse_that_refuses_is_a_problem_and_not_a_crash(warehouse):
    import platform_health

    warehouse("permission denied for schema etl")
    (problem,) = platform_health.dag.get_task("warehouse").problems(datetime.now(timezone.utc))
    assert "permission denied" in problem and "warehouse-init --reader" in problem


def test_batch_is_asked_for_every_job_that_counts(moto):
    from batch import Batch

    moto.define("ingestion-job", "none", {})
    submitted = Batch("eu-west-1").submit(QUEUE, "copy_job-run", "ingestion-job", ["copy"], {}, {})
    now = datetime.now(timezone.utc)
    for _ in range(100):
        if found := findings.jobs(PLATFORM, now + timedelta(seconds=1)):
            break
    (job,) = found
    assert (job.job_id, job.name) == (submitted, "copy_job-run")
    assert abs(job.created_at - now) < timedelta(minutes=1)
    assert findings.jobs(PLATFORM, now + timedelta(days=3)) == [], "what ended days ago does not count"


def test_the_batch_check_is_red_in_airflow_where_there_is_no_queue(airflow, moto):
    made = airflow(queue="another-queue")
    done = made.run("-m", "airflow", "tasks", "test", "platform_health", "batch", AWS_ENDPOINT_URL=moto.url)
    assert "AirflowFailException" in done.stdout
    assert "1 problem" in done.stdout and "is the queue another-queue deployed" in done.stdout


def test_a_check_that_finds_nothing_is_green_and_one_that_does_fails_for_good(monkeypatch):
    import platform_health

    check = platform_health.dag.get_task("batch")
    monkeypatch.setattr(type(check), "problems", lambda self, now: [])
    check.execute.__wrapped__(check, {})
    monkeypatch.setattr(type(check), "problems", lambda self, now: ["a", "b"])
    with pytest.raises(AirflowFailException, match="2 problems\n- a\n- b"):
        check.execute.__wrapped__(check, {})
