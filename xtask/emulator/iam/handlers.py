"""Writes `handlers.json`: the permissions that CloudFormation's handlers need for the resource types in `infra/`, from
the schemas in cfn-lint: `python handlers.py [--check]`, with the packages of `infra/requirements.txt`.
"""

import json
import sys
from pathlib import Path

import cfnlint

HERE = Path(__file__).parent
SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas"
# The region only determines which types exist.
FILES = json.loads((SCHEMAS / "providers/eu-west-1.json").read_text())


def types() -> list[str]:
    folder = HERE.parents[2] / "infra"
    lines = [line.strip() for file in [*folder.glob("*.yaml"), folder / "github/ci.yaml"] for line in file.open()]
    found = {line.removeprefix("Type: ") for line in lines if line.startswith("Type: AWS::")}
    return sorted(found & FILES.keys())


def handlers(kind: str) -> dict[str, list[str]]:
    schema = json.loads((SCHEMAS / f"resources/{FILES[kind]}.json").read_text())
    found = schema.get("handlers", {})
    return {
        name: sorted(set(found.get(name, {}).get("permissions", []))) for name in ("create", "read", "update", "delete")
    }


text = json.dumps({kind: handlers(kind) for kind in types()}, indent=1) + "\n"
file = HERE / "handlers.json"
if "--check" not in sys.argv:
    file.write_text(text)
elif file.read_text() != text:
    sys.exit(f"error: {file} differs from cfn-lint's schemas; hint: run {Path(__file__).name} without --check")
