#!/usr/bin/env python3
# Needs Python 3.11 or newer and exactly pyarrow 26.0.1:
#   python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pyarrow==26.0.1 && /tmp/venv/bin/python make.py
"""Writes the corpus: `files/*.parquet` and `verdicts.json`. The same bytes every time; `--check` writes nothing and
fails when something on disk differs. The cases are in `cases/`."""

import hashlib
import importlib
import json
import re
import sys
from pathlib import Path

import pyarrow

PYARROW = "26.0.1"
HERE = Path(__file__).parent

if pyarrow.__version__ != PYARROW:
    sys.exit(f"pyarrow {PYARROW} is needed, this is {pyarrow.__version__}")

CODES = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", (HERE / "README.md").read_text(), re.MULTILINE))


def target(ddl):
    """`v bigint not null, name varchar(8)` as columns."""
    columns = []
    for column in re.split(r", (?=\w+ )", ddl):
        name, kind = column.split(" ", 1)
        kind, required = kind.removesuffix(" not null"), kind.endswith(" not null")
        columns.append({"name": name, "type": kind, "nullable": not required})
    return columns


def target_name(ddl):
    """The DDL itself where it is short."""
    if len(ddl) <= 60:
        return ddl
    columns = target(ddl)
    return f"{columns[0]['name']} … {columns[-1]['name']}, {len(columns)} columns"


def row(case):
    """A case as it stands in verdicts.json."""
    kind, source = case["basis"]
    entry = {
        "file": f"{case['name']}.parquet",
        "about": case["about"],
        "target": target_name(case["target"]),
        "key": case["key"],
        "bytes": len(case["data"]),
        "sha256": hashlib.sha256(case["data"]).hexdigest(),
        "verdict": case["verdict"],
        "code": case.get("code"),
        "also": case.get("also") or None,
        "at": case.get("at"),
        "basis": kind,
        "source": source,
    }
    return {key: value for key, value in entry.items() if value is not None}


def main():
    for module in ["shape", "types", "text", "numbers", "times", "semistructured", "container"]:
        importlib.import_module(f"cases.{module}")
    cases = importlib.import_module("cases").CASES
    names = [case["name"] for case in cases]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    for case in cases:
        for code in [case.get("code"), *case.get("also", [])]:
            assert code is None or code in CODES, f"{case['name']}: {code} is not in README.md"
    document = {
        "generated": "by make.py, do not edit",
        "targets": {target_name(case["target"]): target(case["target"]) for case in cases},
        "cases": [row(case) for case in cases],
    }
    wanted = {HERE / "verdicts.json": (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()}
    wanted |= {HERE / "files" / f"{case['name']}.parquet": case["data"] for case in cases}
    strangers = set((HERE / "files").iterdir()) - set(wanted)
    changed = [path for path, data in wanted.items() if not path.exists() or path.read_bytes() != data]
    if "--check" in sys.argv:
        sys.exit("\n".join(str(path.relative_to(HERE)) for path in sorted([*changed, *strangers])) or None)
    for path in strangers:
        path.unlink()
    for path in changed:
        path.write_bytes(wanted[path])
    print(f"{len(cases)} cases, {len(changed)} files written, {len(strangers)} removed")


main()
