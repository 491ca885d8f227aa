"""ruff, with its rules for Airflow 3 (AIR), and its formatting."""

import subprocess

import pytest
from conftest import DAGS

ROOT = DAGS.parent


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_has_nothing_to_say(tools, command):
    places = ["dags", "xtask/emulator"]
    done = subprocess.run(
        [tools, "-m", "ruff", *command, "--no-cache", *places], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_does_look_at_airflow(tools, tmp_path):
    old = tmp_path / "old.py"
    old.write_text('from airflow import DAG\n\ndag = DAG(dag_id="a", schedule_interval="@daily")\n')
    done = subprocess.run(
        [tools, "-m", "ruff", "check", "--no-cache", "--config", ROOT / "ruff.toml", old],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "AIR301" in done.stdout
