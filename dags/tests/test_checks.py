"""The health checks with example data: each has a case without a problem, and one with a problem."""

from datetime import datetime, timedelta, timezone

import pytest

from dpworld.health.checks import (
    MAX_WAITING,
    Job,
    Run,
    load_age,
    quarantine,
    queue,
    report,
    row_counts,
    tampering,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def run(seq: int, hours: float = 1, **tables) -> Run:
    return Run(seq, f"run-{seq}", NOW - timedelta(hours=hours), tables)


def rows(rows: int, quarantined: int = 0, dropped: int = 0) -> dict:
    return {"rows": rows, "quarantined": quarantined, "dropped": dropped}


def source(schedule="@daily") -> dict:
    return {"dag": "ingestion_zoo", "max_load_age_hours": 48, "schedule": schedule}


def job(name: str, status: str, hours: float) -> Job:
    return Job(f"id-{name}-{hours:g}", name, status, NOW - timedelta(hours=hours))


@pytest.mark.parametrize(("hours", "problems"), [(47.9, 0), (48, 0), (48.1, 1)])
def test_an_old_load_is_a_problem(hours, problems):
    assert len(load_age([run(2, hours), run(1, 1)], NOW, source())) == problems


@pytest.mark.parametrize(("minutes", "problems"), [(4, 0), (6, 1), (525_600, 1)])
def test_a_load_in_the_future_is_a_problem(minutes, problems):
    found = load_age([run(2, -minutes / 60), run(1, 1)], NOW, source(None))
    assert len(found) == problems
    assert all("in the future (run run-2, " in problem and "hint: correct the clock" in problem for problem in found)


def test_an_empty_ledger_is_the_only_problem():
    assert load_age([], NOW, source()) == ["no run has been loaded; hint: trigger the `ingestion_zoo` DAG"]
    assert quarantine([], 0.1) == row_counts([]) == tampering([], 0, {}) == []


def test_without_a_schedule_no_load_is_missing():
    assert load_age([], NOW, source(None)) == load_age([run(1, 999)], NOW, source(None)) == []


def test_the_quarantine_share_is_that_of_the_newest_run_and_names_the_worst_tables():
    healthy = [run(1, launches=rows(90, 5, 5), cores=rows(0))]
    assert quarantine(healthy, 0.05) == []
    (problem,) = quarantine([run(1, launches=rows(90, 6, 4), cores=rows(0), crew=rows(0))], 0.05)
    assert problem.startswith("6 of 100 records (6.0%) are in quarantine; the limit is 5.0%: launches 6; hint: ")
    changes = {"visits": {**rows(1_000, 2), "read": 10}}
    (problem,) = quarantine([run(1, **changes)], 0.05)
    assert problem.startswith("2 of 10 records (20.0%)"), "a run of changes has few of the table's rows"
    assert quarantine([run(2, a=rows(1)), run(1, a=rows(0, 9))], 0) == [], "older runs are ignored"
    assert quarantine([run(1, a=rows(0))], 0) == [], "without records there is no share"


@pytest.mark.parametrize(
    ("before", "now", "unusual"),
    [
        ([200, 205, 205], 100, True),
        ([200, 205, 205], 103, False),
        ([200, 205, 205], 310, True),
        ([4, 4, 4], 20, False),
        ([4, 4, 4], 25, True),
        ([4, 4, 4], 0, True),
        ([0, 0], 0, False),
        ([], 1_000_000, False),
        ([100, 100, 100, 9], 100, False),
    ],
)
def test_row_counts_are_compared_with_earlier_runs(before, now, unusual):
    runs = [run(9, launches=rows(now)), *(run(8 - at, launches=rows(count)) for at, count in enumerate(before))]
    assert bool(row_counts(runs)) is unusual


def test_a_table_is_compared_with_the_newest_run_that_loaded_it():
    runs = [run(2, launches=rows(10)), run(1, launches=rows(9), cores=rows(5))]
    assert tampering(runs, 2, {"launches": 10, "cores": 5}) == []
    (problem,) = tampering(runs, 2, {"launches": 9, "cores": 5})
    assert problem.startswith("`launches` has 9 rows, but the ledger records 10; hint: ")
    assert tampering(runs, 3, {"launches": 11, "cores": 5}) == [], "another load ran between the queries"


@pytest.mark.parametrize(
    ("status", "hours", "stuck"),
    [("RUNNABLE", 0.6, True), ("STARTING", 9, True), ("RUNNABLE", 0.4, False)],
)
def test_jobs_that_wait_too_long_are_reported(status, hours, stuck):
    problems = queue([job("a", status, hours)], NOW)
    assert bool(problems) is stuck
    assert all(f"job a has been {status} for" in problem and "hint: " in problem for problem in problems)


def test_a_long_queue_is_one_problem():
    jobs = [job(str(at), "RUNNABLE", 0.1) for at in range(MAX_WAITING)]
    assert queue(jobs, NOW) == []
    (problem,) = queue([*jobs, job("one more", "SUBMITTED", 0)], NOW)
    assert problem.startswith("13 jobs are waiting in the queue; the limit is 12; hint: ")
    assert queue([*jobs, job("one more", "SUBMITTED", 0)], NOW, groups=2) == [], "the jobs of groups wait together"


def test_a_report_has_one_line_for_each_problem():
    assert report(["a; hint: b"]) == "1 problem\n- a; hint: b"
    assert report(["a", "b"]) == "2 problems\n- a\n- b"
