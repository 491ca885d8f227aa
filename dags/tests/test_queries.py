"""The queries to the warehouse and to Batch. `FakeDataApi` replaces the Data API: it verifies that requests and responses
follow the API's documentation, but nothing about Redshift's SQL. Batch is that of moto."""

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from dpworld.exceptions import AirflowFailException
from dpworld.health import queries
from dpworld.health.queries import QueryFailed, Warehouse
from dpworld.settings import PLATFORM

TABLES = '{"launches": {"rows": 78, "quarantined": 0, "dropped": 0}}'


class FakeDataApi:
    """Returns the next list of records for each statement, or fails with the next text."""

    def __init__(self, *results):
        self.results, self.requests = list(results), []

    def execute_statement(self, **request):
        self.requests.append(request)
        return {"Id": str(len(self.requests))}

    def describe_statement(self, Id):
        result = self.results[int(Id) - 1]
        return {"Status": "FAILED", "Error": result} if isinstance(result, str) else {"Status": "FINISHED"}

    def get_paginator(self, operation):
        assert operation == "get_statement_result"
        return self

    def paginate(self, Id):
        # One page for each record.
        return [{"Records": [record]} for record in self.results[int(Id) - 1]]


@pytest.fixture
def warehouse(monkeypatch):
    def make(*results) -> Warehouse:
        api = FakeDataApi(*results)
        monkeypatch.setattr("dpworld.aws.client", lambda service, region: api if service == "redshift-data" else None)
        return Warehouse(PLATFORM)

    return make


def text(value: str) -> dict:
    return {"stringValue": value}


def test_the_ledger_is_read_newest_first(warehouse):
    ledger = [{"longValue": 7}, text("run-7"), text("2026-11-22 05:01:02"), text(TABLES)]
    connection = warehouse([ledger])
    (run,) = connection.runs("spacex")
    assert (run.seq, run.run_id, run.tables["launches"]["rows"]) == (7, "run-7", 78)
    assert run.loaded_at == datetime(2026, 11, 22, 5, 1, 2, tzinfo=timezone.utc)
    (request,) = connection.client.requests
    assert request["Parameters"] == [{"name": "source", "value": "spacex"}]
    assert (request["WorkgroupName"], request["Database"]) == ("dpstack-workgroup", "dpstack")


def test_counts_and_the_newest_run_are_one_query(warehouse):
    connection = warehouse([[text(""), {"longValue": 7}], [text("launches"), {"longValue": 78}]])
    assert connection.counts("spacex", ["launches"]) == (7, {"launches": 78})
    (request,) = connection.client.requests
    assert request["Sql"].splitlines() == [
        "SELECT '', max(seq) FROM etl.runs WHERE source = 'spacex'",
        "UNION ALL SELECT 'launches', count(*) FROM spacex.launches WHERE _deleted_at IS NULL",
    ]


def test_implausible_data_is_shown_with_the_reason_for_loading_it(warehouse):
    deleted = [text("table `cores` would lose 50 of its 83 rows"), text("they retired")]
    connection = warehouse([deleted, [text("the response has exactly 50 records"), {"isNull": True}]])
    assert connection.implausible("spacex") == [
        "table `cores` would lose 50 of its 83 rows; accepted: they retired",
        "the response has exactly 50 records",
    ]
    assert connection.client.requests[0]["Parameters"] == [{"name": "source", "value": "spacex"}]


def test_an_error_of_the_warehouse_is_reported(warehouse):
    with pytest.raises(QueryFailed, match="permission denied for schema etl"):
        warehouse("permission denied for schema etl").runs("spacex")


def test_a_query_that_exceeds_its_timeout_is_cancelled(warehouse, monkeypatch):
    connection = warehouse([])
    cancelled = []
    connection.client.describe_statement = lambda Id: {"Status": "PICKED"}
    connection.client.cancel_statement = lambda Id: cancelled.append(Id)
    monkeypatch.setattr(queries, "TIMEOUT_SECONDS", 0)
    with pytest.raises(QueryFailed, match="did not finish the query within"):
        connection.runs("spacex")
    assert cancelled == ["1"]


def test_a_null_is_none():
    assert [queries.value(cell) for cell in ({"isNull": True}, {"longValue": 0}, text(""))] == [None, 0, ""]


@pytest.fixture
def sources(monkeypatch):
    """Two sources with a schedule; the newest load of each may be two days old."""
    import platform_health

    spacex = PLATFORM["sources"]["spacex"] | {"schedule": "@daily"}
    both = {"spacex": spacex, "launches": spacex | {"dag": "ingestion_launches"}}
    monkeypatch.setattr(platform_health, "SOURCES", both)
    return platform_health


def ledger(days: int) -> list:
    loaded = (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
    return [[{"longValue": 7}, text("run-7"), text(loaded), text(TABLES)]]


def test_the_warehouse_check_fails_with_every_problem(warehouse, sources):
    # Each source: the ledger, what was implausible, and the counts.
    warehouse_of = {"launches": 77, "spacex": 78}
    counts = {
        name: [[text(""), {"longValue": 7}], [text("launches"), {"longValue": rows}]]
        for name, rows in warehouse_of.items()
    }
    warehouse(
        *[ledger(days=0), [], counts["spacex"]],
        *[ledger(days=9), [[text("the response has exactly 50 records"), {"isNull": True}]], counts["launches"]],
    )
    check = sources.dag.get_task("warehouse")
    problems = check.problems(datetime.now(timezone.utc))
    assert [problem.split(": ")[0] for problem in problems] == ["launches (DAG `ingestion_launches`)"] * 2
    assert "216.0 hours old" in problems[0] and "has 77 rows, but the ledger records 78" in problems[1]


def test_the_load_of_one_source_does_not_hide_the_silence_of_another(warehouse, sources):
    counts = [[text(""), {"longValue": 7}], [text("launches"), {"longValue": 78}]]
    connection = warehouse([], [], ledger(days=0), [], counts)
    (problem,) = sources.dag.get_task("warehouse").problems(datetime.now(timezone.utc))
    assert problem == "spacex (DAG `ingestion`): no run has been loaded; hint: trigger the `ingestion` DAG"
    given = [request["Parameters"][0]["value"] for request in connection.client.requests if "Parameters" in request]
    assert given == ["spacex", "spacex", "launches", "launches"]


def test_an_error_in_one_source_does_not_hide_another(warehouse, sources):
    warehouse("permission denied for schema etl", ledger(days=9), [], "permission denied for schema launches")
    problems = sources.dag.get_task("warehouse").problems(datetime.now(timezone.utc))
    assert ["spacex (" in problem and "permission denied" in problem for problem in problems] == [True, False]
    assert "launches (" in problems[1] and "schema launches" in problems[1]


def test_a_rejected_query_is_a_problem_and_not_a_crash(warehouse):
    import platform_health

    warehouse("permission denied for schema etl")
    (problem,) = platform_health.dag.get_task("warehouse").problems(datetime.now(timezone.utc))
    assert "permission denied" in problem and "warehouse-init --reader" in problem


def test_only_waiting_jobs_are_listed(monkeypatch):
    def pages(jobQueue, jobStatus):
        return [{"jobSummaryList": [{"jobId": jobStatus, "jobName": "a", "createdAt": 1_764_500_000_000}]}]

    client = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=pages))
    monkeypatch.setattr("dpworld.aws.client", lambda service, region: client)
    found = queries.waiting_jobs(PLATFORM)
    assert [job.job_id for job in found] == ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING"]
    assert found[0].created_at == datetime(2025, 11, 30, 10, 53, 20, tzinfo=timezone.utc)


def test_a_missing_queue_is_a_problem_and_not_a_crash(moto, monkeypatch):
    import platform_health

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    monkeypatch.setitem(PLATFORM, "queue", "another-queue")
    (problem,) = platform_health.dag.get_task("batch").problems(datetime.now(timezone.utc))
    assert "check that the queue another-queue is deployed" in problem


def test_a_check_succeeds_without_problems_and_otherwise_fails_without_a_retry(monkeypatch):
    import platform_health

    check = platform_health.dag.get_task("batch")
    monkeypatch.setattr(type(check), "problems", lambda self, now: [])
    check.execute.__wrapped__(check, {})
    monkeypatch.setattr(type(check), "problems", lambda self, now: ["a", "b"])
    with pytest.raises(AirflowFailException, match="2 problems\n- a\n- b"):
        check.execute.__wrapped__(check, {})
