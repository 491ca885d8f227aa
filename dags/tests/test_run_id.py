"""Run ids: legal, readable, different for different runs, and the same in every language."""

import json
import re

from conftest import HERE

from run_id import run_id_of

EXAMPLES = json.loads((HERE / "run_ids.json").read_text(encoding="utf-8"))


def test_the_examples_hold():
    assert {example["airflow"]: run_id_of(example["airflow"]) for example in EXAMPLES} == {
        example["airflow"]: example["run_id"] for example in EXAMPLES
    }
    assert len(EXAMPLES) >= 8


def test_every_id_is_legal():
    for text in [*(example["airflow"] for example in EXAMPLES), "x" * 250, ".", "-", "manual__" + "é" * 100]:
        assert re.fullmatch(r"[A-Za-z0-9_-]{18,64}", run_id_of(text)), text


def test_runs_that_read_alike_are_told_apart():
    alike = ["a:b", "a.b", "a-b", "a+b", "A-b", "a-b ", "x" * 60, "x" * 61, run_id_of("a:b")]
    assert len({run_id_of(text) for text in alike}) == len(alike)
    assert len({run_id_of(text).casefold() for text in alike}) == len(alike), "Batch compares names without case"
