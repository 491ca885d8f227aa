"""The results of a run's tasks, as the report receives them."""

import json
from types import SimpleNamespace

from dpworld.batch.steps import RESULT, states_of, steps_of


def ti(states: dict, results: dict):
    def get_task_states(dag_id, run_ids, task_ids):
        assert (dag_id, task_ids) == ("ingestion", ["transformation", "copy_job", "dbt_build"])
        return {run_ids[0]: states}

    def xcom_pull(task_ids, key):
        assert key == RESULT
        return results.get(task_ids[0])

    url = "https://airflow.example/dags/ingestion/runs/r/tasks/report"
    names = {"dag_id": "ingestion", "run_id": "r", "log_url": url}
    return SimpleNamespace(get_task_states=get_task_states, xcom_pull=xcom_pull, **names)


def steps(states: dict, results: dict) -> list:
    tasks, instance = ("transformation", "copy_job", "dbt_build"), ti(states, results)
    found = json.loads(steps_of(instance, tasks, states_of(instance, tasks)))
    assert found["link"] == "https://airflow.example/dags/ingestion/runs/r"
    return found["steps"]


def test_the_instances_of_a_mapped_task_are_one_step_with_the_failed_one_s_cause():
    good = {"seconds": 60.0, "billed_seconds": 60.0, "log": "https://log/0"}
    bad = {
        "seconds": 2.5,
        "billed_seconds": 180.0,
        "log": "https://log/1",
        "cause": "die Quelle ist außer Betrieb" * 100,
    }
    states = {"transformation_0": "success", "transformation_1": "failed", "copy_job": "upstream_failed"}
    mapped, copy, dbt = steps(states, {"transformation": [good, bad]})
    assert (mapped["state"], mapped["seconds"], mapped["billed_seconds"]) == ("failed", 62.5, 240.0)
    assert mapped["log"] == "https://log/1"
    assert bad["cause"].startswith(mapped["cause"]) and 997 < len(mapped["cause"].encode()) <= 1000
    assert (copy["state"], copy["seconds"], copy["billed_seconds"]) == ("upstream_failed", None, 0)
    assert dbt["state"] == "none"


def test_a_task_that_did_not_run_again_has_no_result_of_its_earlier_run():
    old = {"seconds": 60.0, "billed_seconds": 60.0, "log": "https://log/0"}
    states = {"transformation": "failed", "copy_job": "upstream_failed", "dbt_build": "upstream_failed"}
    _, copy, _ = steps(states, {"copy_job": [old]})
    assert (copy["seconds"], copy["billed_seconds"], copy["log"]) == (None, 0, None)


def test_a_task_without_a_job_has_its_cause():
    states = {"transformation": "failed", "copy_job": None, "dbt_build": "skipped"}
    first, copy, dbt = steps(states, {"transformation": [{"cause": "Batch rejected the job"}, None]})
    assert (first["cause"], first["log"], first["seconds"]) == ("Batch rejected the job", None, None)
    assert (copy["state"], dbt["state"]) == ("none", "skipped")
