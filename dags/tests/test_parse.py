"""How Airflow parses the DAGs: without errors, warnings or slow imports, and with the expected tasks and settings."""

import copy
import json
import subprocess
import sys
import warnings
from datetime import timedelta

import pytest
from airflow.exceptions import ParamValidationError
from conftest import DAGS, Airflow

SLOW_IMPORTS = (
    "boto3",
    "botocore.client",
    "pandas",
    "numpy",
    "requests_toolbelt",
    "airflow.providers.amazon.aws.hooks",
    "airflow.providers.amazon.aws.operators",
    "airflow.providers.amazon.aws.triggers",
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
        # Those of Airflow are DeprecationWarnings as well, or FutureWarnings if an import is deprecated.
        for category in (DeprecationWarning, FutureWarning):
            warnings.filterwarnings("error", category=category)
        # Airflow's own.
        warnings.filterwarnings("ignore", message="GitWildMatchPattern ")
        from airflow.models import DagBag

        return DagBag(str(DAGS))


@pytest.fixture(scope="module")
def ingestion(dagbag):
    return dagbag.dags["ingestion"]


@pytest.fixture(scope="module")
def platform():
    return json.loads((DAGS / "platform.json").read_text())


def test_exactly_the_dags_of_the_sources_and_the_health_check_are_parsed(dagbag, platform):
    assert dagbag.import_errors == {}
    of_sources = {source["dag"] for source in platform["sources"].values() if source["enabled"]}
    assert set(dagbag.dags) == {*of_sources, "platform_health"}
    parsed = {stat.file.rsplit("/", 1)[-1] for stat in dagbag.dagbag_stats}
    assert parsed == {"ingestion.py", "platform_health.py"}
    assert [stat.warning_num for stat in dagbag.dagbag_stats] == [0, 0]


def test_parsing_is_fast_and_does_not_import_modules_of_tasks():
    done = subprocess.run([sys.executable, "-c", MEASURE], cwd=DAGS, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    print(f"{measured['seconds'] * 1000:.1f} ms without the import of Airflow")
    assert [module for module in measured["modules"] if module in SLOW_IMPORTS] == []
    assert measured["seconds"] < 1, "CPU time, which a busy machine doubles"


def test_the_chain_has_the_jobs_and_settings_of_the_deployment(ingestion, platform):
    names = ["transformation", "copy_job", "dbt_build", "report"]
    assert {task.task_id for task in ingestion.tasks} == {*names, "done"}
    jobs = platform["sources"]["spacex"]["jobs"]
    chain = [ingestion.get_task(name) for name in names]
    assert [task.downstream_task_ids for task in chain] == [
        {"copy_job", "report"},
        {"dbt_build", "report"},
        {"done", "report"},
        set(),
    ]
    assert [task.command for task in chain] == [["transformation"], ["copy"], ["dbt", "build"], ["report"]]
    # The report is written after a failure, too; the run of a failed task fails with `done`.
    assert (chain[3].trigger_rule, ingestion.get_task("done").trigger_rule) == ("all_done", "all_success")
    assert chain[3].steps == names[:3]
    for task in chain:
        assert task.definition == jobs[task.task_id]["definition"]
        assert task.execution_timeout == timedelta(seconds=jobs[task.task_id]["timeout_seconds"])
        assert (task.job_queue, task.region) == (platform["queue"], platform["region"])


def test_the_code_contains_no_names_of_the_deployment(platform):
    names = [
        platform["queue"],
        platform["region"],
        platform["warehouse"]["workgroup"],
        platform["warehouse"]["database"],
    ]
    names += [job["definition"] for source in platform["sources"].values() for job in source["jobs"].values()]
    for file in [*DAGS.glob("*.py"), *(DAGS / "dpworld").rglob("*.py")]:
        code = file.read_text()
        assert [name for name in names if f'"{name}"' in code] == [], file.name


def test_every_task_has_a_failure_callback_and_a_timeout(dagbag):
    from dpworld import notify

    for dag in dagbag.dags.values():
        for task in dag.tasks:
            assert [callback.__qualname__ for callback in task.on_failure_callback] == [notify.failed.__qualname__]
            assert timedelta(0) < task.execution_timeout <= timedelta(hours=24)


def test_retries_come_from_the_deployment(ingestion, platform):
    for task in ingestion.tasks:
        assert task.retries == platform["retries"] <= 1
        assert task.retry_delay == timedelta(seconds=platform["retry_delay_seconds"])


def test_runs_are_neither_caught_up_nor_parallel(dagbag):
    for dag in dagbag.dags.values():
        assert (dag.catchup, dag.max_active_runs, dag.is_paused_upon_creation) == (False, 1, False)


def test_finished_marts_trigger_the_health_check(dagbag, ingestion, platform):
    outlets = {task.task_id: [asset.name for asset in task.outlets] for task in ingestion.tasks}
    assert outlets == {
        "transformation": [],
        "copy_job": ["dpstack.spacex"],
        "dbt_build": ["dpstack.analytics.spacex"],
        "report": [],
        "done": [],
    }
    waits_for = dagbag.dags["platform_health"].timetable.asset_condition
    enabled = [name for name, source in platform["sources"].items() if source["enabled"]]
    assert [asset.name for asset in waits_for.objects] == [f"dpstack.analytics.{name}" for name in sorted(enabled)]


def sources() -> dict:
    """The settings of SpaceX with a schedule, and of another source without."""
    spacex = json.loads((DAGS / "platform.json").read_text())["sources"]["spacex"] | {"schedule": "0 5 * * *"}
    return {"spacex": spacex, "launches": spacex | {"dag": "ingestion_launches", "schedule": None}}


def test_every_enabled_source_has_a_dag_and_the_health_check_waits_for_any_of_them(tmp_path):
    disabled = sources()["spacex"] | {"dag": "ingestion_disabled", "enabled": False}
    airflow = Airflow(tmp_path, sources=sources() | {"disabled": disabled})
    code = (
        "import ingestion, platform_health; "
        "print([(dag.dag_id, dag.schedule, dag.tasks[1].outlets[0].name) for dag in ingestion.DAGS]); "
        "waits_for = platform_health.dag.timetable.asset_condition; "
        "print(type(waits_for).__name__, [asset.name for asset in waits_for.objects])"
    )
    command = [sys.executable, "-c", code]
    shown = subprocess.run(
        command, cwd=airflow.dags, env=airflow.environment, capture_output=True, text=True, check=True
    )
    dags, waits_for = shown.stdout.splitlines()[-2:]
    assert dags == "[('ingestion', '0 5 * * *', 'dpstack.spacex'), ('ingestion_launches', None, 'dpstack.launches')]"
    # Airflow 3.3 serializes it first.
    assert waits_for.removeprefix("Serialized") == "AssetAny ['dpstack.analytics.spacex', 'dpstack.analytics.launches']"


@pytest.mark.parametrize(
    ("options", "is_valid"),
    [
        ({}, True),
        ({"accept": "they retired; see ticket 7 (Zoë)", "collections": ["launches"], "full_refresh": True}, True),
        ({"from_raw": "manual__2026-11-22T09-30-00-00-00-efd1eaa2001150d1", "select": "stg_cores+ tag:daily"}, True),
        ({"source_url": "s3://lake/sample/spacex", "from": "2026-01-01T00:00:00Z", "to": "7"}, True),
        ({"accept": None, "collections": None, "select": None}, True),
        ({"accept": " "}, False),
        ({"accept": "a\nb"}, False),
        ({"accept": "x" * 501}, False),
        ({"collections": "launches"}, False),
        ({"collections": ["a,b"]}, False),
        ({"full_refresh": "yes"}, False),
        ({"from_raw": "../other"}, False),
        ({"source_url": "https://user:password@host"}, False),
        ({"source_url": "file:///etc"}, False),
        ({"from": "a b"}, False),
        ({"select": "--profiles-dir /tmp"}, False),
        ({"select": "a --target prod"}, False),
    ],
)
def test_options_of_a_run_are_validated(ingestion, options, is_valid):
    params = copy.deepcopy(ingestion.params)
    try:
        params.update(options)
        params.validate()
    except ParamValidationError:
        assert not is_valid
    else:
        assert is_valid
