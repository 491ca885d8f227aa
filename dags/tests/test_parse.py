"""How Airflow parses the DAGs: without errors, warnings or slow imports, and with the expected tasks and settings."""

import json
import subprocess
import sys
import warnings
from datetime import timedelta

import pytest
from conftest import DAGS

SLOW_IMPORTS = (
    "boto3",
    "botocore",
    "pandas",
    "numpy",
    "requests_toolbelt",
    "airflow.providers.amazon",
    "findings",
    "batch",
)
MEASURE = """
import json, sys, time
from airflow.sdk import DAG, Asset, BaseOperator
import airflow.models.baseoperator, airflow.serialization.serialized_objects, airflow.timetables.trigger
import airflow.timetables.assets
started = time.process_time()
import ingestion, platform_health
print(json.dumps({"seconds": time.process_time() - started, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def dagbag():
    with warnings.catch_warnings():
        # The deprecation warnings of Airflow are DeprecationWarnings as well.
        warnings.filterwarnings("error", category=DeprecationWarning)
        from airflow.models.dagbag import DagBag

        return DagBag(str(DAGS), include_examples=False)


@pytest.fixture(scope="module")
def ingestion(dagbag):
    return dagbag.dags["ingestion"]


@pytest.fixture(scope="module")
def platform():
    return json.loads((DAGS / "platform.json").read_text())


def test_exactly_the_two_dags_are_parsed(dagbag):
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {"ingestion", "platform_health"}
    parsed = {stat.file.rsplit("/", 1)[-1] for stat in dagbag.dagbag_stats}
    assert parsed == {"ingestion.py", "platform_health.py"}
    assert [stat.warning_num for stat in dagbag.dagbag_stats] == [0, 0]


def test_parsing_is_fast_and_does_not_import_modules_of_tasks():
    done = subprocess.run([sys.executable, "-c", MEASURE], cwd=DAGS, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    print(f"{measured['seconds'] * 1000:.1f} ms without the import of Airflow")
    assert [module for module in measured["modules"] if module in SLOW_IMPORTS] == []
    assert measured["seconds"] < 1, "CPU time, which a busy machine doubles"


def test_the_chain_has_three_jobs_with_the_settings_of_the_deployment(ingestion, platform):
    assert [task.task_id for task in ingestion.topological_sort()] == ["transformation", "copy_job", "dbt_build"]
    chain = [ingestion.get_task(name) for name in ("transformation", "copy_job", "dbt_build")]
    assert [task.downstream_task_ids for task in chain] == [{"copy_job"}, {"dbt_build"}, set()]
    assert [task.command for task in chain] == [["transformation"], ["copy"], ["dbt", "build"]]
    for task in chain:
        assert task.definition == platform["jobs"][task.task_id]["definition"]
        assert task.execution_timeout == timedelta(seconds=platform["jobs"][task.task_id]["timeout_seconds"])
        assert (task.job_queue, task.region) == (platform["queue"], platform["region"])


def test_the_code_contains_no_names_of_the_deployment(platform):
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


def test_every_task_has_a_failure_callback_and_a_timeout(dagbag):
    import alarm

    for dag in dagbag.dags.values():
        for task in dag.tasks:
            assert [callback.__qualname__ for callback in task.on_failure_callback] == [alarm.notify.__qualname__]
            assert timedelta(0) < task.execution_timeout <= timedelta(hours=24)


def test_retries_come_from_the_deployment(ingestion, platform):
    for task in ingestion.tasks:
        assert task.retries == platform["retries"] <= 1
        assert task.retry_delay == timedelta(seconds=platform["retry_delay_seconds"])


def test_runs_are_neither_caught_up_nor_parallel(dagbag):
    for dag in dagbag.dags.values():
        assert (dag.catchup, dag.max_active_runs, dag.is_paused_upon_creation) == (False, 1, False)


def test_a_load_triggers_the_health_check(dagbag, ingestion):
    outlets = {task.task_id: [asset.name for asset in task.outlets] for task in ingestion.tasks}
    assert outlets == {"transformation": [], "copy_job": ["dpstack.spacex"], "dbt_build": []}
    waits_for = dagbag.dags["platform_health"].timetable.asset_condition
    assert [asset.name for _, asset in waits_for.iter_assets()] == ["dpstack.spacex"]


def test_the_schedule_comes_from_the_deployment(airflow):
    instance = airflow(schedule="0 5 * * *")
    code = (
        "import ingestion, platform_health; "
        "print(ingestion.dag.timetable.summary, '|', platform_health.dag.timetable.summary)"
    )
    assert "0 5 * * * | Asset or 17 */6 * * *" in instance.run("-c", code).stdout
