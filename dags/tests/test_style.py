"""ruff's checks, with its rules for Airflow 3 (AIR), its formatting, and an additional rule for Python 3.12."""

import ast
import subprocess

import pytest
from conftest import DAGS

ROOT = DAGS.parent


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_reports_no_problems(tools, command):
    folders = ["dags", "xtask/emulator"]
    done = subprocess.run(
        [tools, "-m", "ruff", *command, "--no-cache", *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_checks_the_rules_for_airflow(tools, tmp_path):
    old = tmp_path / "old.py"
    old.write_text('from airflow import DAG\n\ndag = DAG(dag_id="a", schedule_interval="@daily")\n')
    done = subprocess.run(
        [tools, "-m", "ruff", "check", "--no-cache", "--config", ROOT / "ruff.toml", old],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "AIR301" in done.stdout


def test_no_variable_of_a_comprehension_shadows_another_name():
    """Python 3.12.0 to 3.12.3 (Ubuntu 24.04 has 3.12.3) do not find a shadowed name (cpython#118513)."""
    files = [*DAGS.rglob("*.py"), ROOT / "dbt/run.py", *(ROOT / "xtask/emulator").glob("*.py")]
    files += [*(ROOT / "xtask/src").rglob("*.py"), *(ROOT / "xtask/tests").rglob("*.py")]
    found = {file.relative_to(ROOT): shadowed(file.read_text(encoding="utf-8")) for file in files}
    assert {file: names for file, names in found.items() if names} == {}
    assert len(found) > 30


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def value(): pass\ndef f(a):\n  [value for value in a]\n  return [value(b) for b in a]", ["value"]),
        ("import json\nlines = {json: 1 for json, _ in {}.items()}", ["json"]),
        ("from a.b import c as d\nf = lambda: [d for x in [] for d in x]", ["d"]),
        ("def f(a, *b, **c):\n  return [a for a in b if (b for b in a)]", ["a", "b"]),
        ("def f(a):\n  return [b for b in a]\ndef g(b):\n  return b", []),
    ],
)
def test_a_shadowed_name_is_found(code, names):
    assert shadowed(code) == names


def shadowed(code: str) -> list[str]:
    """Variables of comprehensions that are also a name of the module, or a parameter of an enclosing function."""
    tree = ast.parse(code)
    every = list(ast.walk(tree))
    imports = [name for node in every if isinstance(node, ast.Import | ast.ImportFrom) for name in node.names]
    module = {(name.asname or name.name).split(".")[0] for name in imports}
    module |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    module |= {part.id for node in tree.body if isinstance(node, ast.Assign) for part in bound(node.targets)}
    found = set()
    for scope in every:
        if not isinstance(scope, ast.Module | ast.FunctionDef | ast.Lambda):
            continue
        parameters = [] if scope is tree else [node.arg for node in ast.walk(scope.args) if isinstance(node, ast.arg)]
        targets = [node.target for node in ast.walk(scope) if isinstance(node, ast.comprehension)]
        found |= {part.id for part in bound(targets)} & {*module, *parameters}
    return sorted(found)


def bound(targets: list[ast.expr]) -> list[ast.Name]:
    return [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
