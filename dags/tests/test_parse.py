"""The DAGs as Airflow sees them: parsed without errors, warnings or heavy imports, and of the right shape."""

import json
import subprocess
import sys
import warnings
from datetime import timedelta

import pytest
from conftest import DAGS

HEAVY = ("boto3", "botocore", "pandas", "numpy", "requests_toolbelt", "airflow.providers.amazon", "findings", "batch")
MEASURE = """
import json, sys, time
from airflow.sdk import DAG, Asset, BaseOperator
import airflow.models.baseoperator, airflow.serialization.serialized_objects, airflow.timetables.trigger
import airflow.timetables.assets
began = time.process_time()
import ingestion, platform_health
print(json.dumps({"seconds": time.process_time() - began, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def dagbag():
    with warnings.catch_warnings():
        # Airflow's own deprecation warnings are DeprecationWarnings, too.
        warnings.filterwarnings("error", category=DeprecationWarning)
        from airflow.models.dagbag import DagBag

        return DagBag(str(DAGS), include_examples=False)


@pytest.fixture(scope="module")
def ingestion(dagbag):
    return dagbag.dags["ingestion"]


@pytest.fixture(scope="module")
def platform():
    return json.loads((DAGS / "platform.json").read_text())


def test_both_dags_are_there_and_nothing_else_is_parsed(dagbag):
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {"ingestion", "platform_health"}
    parsed = {stat.file.rsplit("/", 1)[-1] for stat in dagbag.dagbag_stats}
    assert parsed == {"ingestion.py", "platform_health.py"}
    assert [stat.warning_num for stat in dagbag.dagbag_stats] == [0, 0]


def test_parsing_is_quick_and_loads_nothing_that_only_a_task_needs():
    done = subprocess.run([sys.executable, "-c", MEASURE], cwd=DAGS, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"{told['seconds'] * 1000:.1f} ms beyond Airflow itself")
    assert [module for module in told["modules"] if module in HEAVY] == []
    assert told["seconds"] < 0.25


def test_the_chain_is_three_jobs_named_by_the_deployment(ingestion, platform):
    assert [task.task_id for task in ingestion.topological_sort()] == ["transformation", "copy_job", "dbt_build"]
    chain = [ingestion.get_task(name) for name in ("transformation", "copy_job", "dbt_build")]
    assert [task.downstream_task_ids for task in chain] == [{"copy_job"}, {"dbt_build"}, set()]
    assert [task.command for task in chain] == [["transformation"], ["copy"], ["dbt", "build"]]
    for task in chain:
        assert task.definition == platform["jobs"][task.task_id]["definition"]
        assert task.execution_timeout == timedelta(seconds=platform["jobs"][task.task_id]["timeout_seconds"])
        assert (task.job_queue, task.region) == (platform["queue"], platform["region"])


def test_no_name_of_the_deployment_stands_in_the_code(platform):
    names = [
        platform["queue"],
        platform["region"],
        platform["warehouse"]["workgroup"],
        platform["warehouse"]["database"],
    ]
    names += [job["definition"] for job in platform["jobs"].values()]
    for file in DAGS.glob("*.py"):
        code = file.read_text()
        assert [name for name in names if f'"{name}"' in code] == [], file.name


def test_every_task_tells_of_its_failure_and_ends_in_time(dagbag):
    import alarm

    for dag in dagbag.dags.values():
        for task in dag.tasks:
            assert [callback.__qualname__ for callback in task.on_failure_callback] == [alarm.tell.__qualname__]
            assert timedelta(0) < task.execution_timeout <= timedelta(hours=24)


def test_retries_are_the_deployments(ingestion, platform):
    for task in ingestion.tasks:
        assert task.retries == platform["retries"] <= 1
        assert task.retry_delay == timedelta(seconds=platform["retry_delay_seconds"])


def test_runs_are_neither_caught_up_nor_side_by_side(dagbag):
    for dag in dagbag.dags.values():
        assert (dag.catchup, dag.max_active_runs, dag.is_paused_upon_creation) == (False, 1, False)


def test_the_load_is_what_wakes_the_health_check(dagbag, ingestion):
    outlets = {task.task_id: [asset.name for asset in task.outlets] for task in ingestion.tasks}
    assert outlets == {"transformation": [], "copy_job": ["dpstack.spacex"], "dbt_build": []}
    waits_for = dagbag.dags["platform_health"].timetable.asset_condition
    assert [asset.name for _, asset in waits_for.iter_assets()] == ["dpstack.spacex"]


def test_a_schedule_of_the_deployment_is_the_dags(airflow):
    made = airflow(schedule="0 5 * * *")
    code = (
        "import ingestion, platform_health; "
        "print(ingestion.dag.timetable.summary, '|', platform_health.dag.timetable.summary)"
    )
    assert "0 5 * * * | Asset or 17 */6 * * *" in made.run("-c", code).stdout
