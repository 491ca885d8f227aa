"""Run IDs and job names: valid, readable, unique to runs and tasks, and the same in every language."""

import json
import random
import re

from conftest import HERE

from dpworld.runs import PLATFORM_DAG, UNMAPPED, job_name_of, job_tags_of, run_id_of

EXAMPLES = json.loads((HERE / "run_ids.json").read_text(encoding="utf-8"))
NAMES = json.loads((HERE / "job_names.json").read_text(encoding="utf-8"))
VALID_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"


def test_the_examples_of_run_ids():
    assert {example["airflow"]: run_id_of(example["airflow"]) for example in EXAMPLES} == {
        example["airflow"]: example["run_id"] for example in EXAMPLES
    }
    assert len(EXAMPLES) >= 8


def test_every_run_id_is_valid():
    for text in [*(example["airflow"] for example in EXAMPLES), "x" * 250, ".", "-", "manual__" + "é" * 100]:
        assert re.fullmatch(r"[A-Za-z0-9_-]{18,64}", run_id_of(text)), text


def test_similar_runs_have_different_ids():
    similar = ["a:b", "a.b", "a-b", "a+b", "A-b", "a-b ", "x" * 60, "x" * 61, run_id_of("a:b")]
    assert len({run_id_of(text) for text in similar}) == len(similar)
    assert len({run_id_of(text).casefold() for text in similar}) == len(similar), "Batch compares names without case"


def test_the_same_run_id_of_another_dag_is_another_run():
    import ingestion

    assert PLATFORM_DAG in [dag.dag_id for dag in ingestion.DAGS]
    run = "scheduled__2026-11-22T05:00:00+00:00"
    assert len({run_id_of(run), run_id_of(run, "zoo"), run_id_of(run, "zoo.daily")}) == 3
    assert run_id_of(run, PLATFORM_DAG) == run_id_of(run)


def test_the_examples_of_names():
    for example in NAMES:
        run_id = run_id_of(example["airflow"], example["dag"])
        name = job_name_of(example["dag"], example["task"], example["map_index"], run_id)
        assert (run_id, name) == (example["run_id"], example["name"])
        assert re.fullmatch(VALID_NAME, name), name
    assert len({example["name"] for example in NAMES}) == len(NAMES) >= 20


def test_names_are_unique_and_valid():
    choose = random.Random(7)
    letters = ["a", "b", "A", "_", "-", ".", "é", "🚀", "0", "1"]

    def some_id() -> str:
        return "".join(choose.choices(letters, k=choose.choice([1, 2, 3, 60, 250])))

    runs = ["r", "1-r", "-r", "x" * 64]
    tasks = {(some_id(), some_id(), choose.choice([UNMAPPED, 0, 1, 10]), choose.choice(runs)) for _ in range(20_000)}
    names = {job_name_of(*task) for task in tasks}
    assert len(names) == len(tasks) > 10_000
    assert [name for name in names if not re.fullmatch(VALID_NAME, name)] == []


def test_tags_have_the_ids_of_airflow_in_characters_that_batch_accepts():
    tags = job_tags_of("etl.daily", "load.copy_job", 3, "manual__2026-11-22T09:30:00+00:00", "zoo")
    assert tags == {
        "dag_id": "etl.daily",
        "task_id": "load.copy_job",
        "map_index": "3",
        "dag_run_id": "manual__2026-11-22T09:30:00+00:00",
        "source": "zoo",
    }
    unusual = job_tags_of("d" * 300, "größe~🚀", UNMAPPED, "a\nb", "zoo")
    assert (len(unusual["dag_id"]), unusual["task_id"], unusual["dag_run_id"]) == (256, "größe--", "a-b")
