"""Validates the committed settings against the JSON Schemas with the reference validator, and checks that it rejects invalid ones."""

import json
import pathlib
import sys

import jsonschema
import yaml

folder = pathlib.Path(sys.argv[1])
schemas = {name: json.loads((folder / name).read_text()) for name in ("schema.json", "overlay.schema.json")}
for schema in schemas.values():
    jsonschema.Draft202012Validator.check_schema(schema)
for file in sorted(folder.glob("*.yaml")):
    text = file.read_text()
    name = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    settings = yaml.safe_load(text)
    jsonschema.validate(settings, schemas[name])
    for invalid in ({"nonsense": 1}, {"network": {"nat_gateways": 9}}, {"account": 1}):
        try:
            jsonschema.validate({**settings, **invalid}, schemas[name])
        except jsonschema.ValidationError:
            continue
        sys.exit(f"{file.name} with {invalid} is valid by {name}")
    print(file.name)
