"""Loads the events of JSON Lines files into the typed classes of the OpenLineage client, with strict checks.

The classes do not check types or the names of facets. Therefore each value is checked against its declared type, each facet
against the class of its name, and the output of the client is compared with its input. An unknown field, a missing field,
and a field that the client writes differently are errors.
"""

import enum
import importlib
import json
import pkgutil
import sys
import types
import typing

import attr
from openlineage.client import generated
from openlineage.client.event_v2 import Dataset, RunEvent
from openlineage.client.generated import base, data_quality_assertions_dataset, datasource_dataset, processing_engine_run, sql_job
from openlineage.client.naming.dataset import S3, LocalFileSystem, Postgres
from openlineage.client.serde import Serde
from openlineage.common.provider.dbt import facets as of_dbt

for module in pkgutil.iter_modules(generated.__path__):
    importlib.import_module(f"{generated.__name__}.{module.name}")


def facets_of(kind):
    """The facets of a kind by their names in the specification: `schema` for SchemaDatasetFacet."""
    names = {}
    for facet in kind.__subclasses__():
        name = facet.__name__.removesuffix(kind.__name__)
        names[name[0].lower() + name[1:]] = facet
    return names


FACETS = {
    kind: facets_of(kind)
    for kind in (base.RunFacet, base.JobFacet, base.DatasetFacet, base.InputDatasetFacet, base.OutputDatasetFacet)
}
# Facets whose names do not follow from those of their classes, and those that dbt's processor defines.
FACETS[base.RunFacet] |= {
    "dbt_run": of_dbt.DbtRunRunFacet,
    "dbt_version": of_dbt.DbtVersionRunFacet,
    "processing_engine": processing_engine_run.ProcessingEngineRunFacet,
}
FACETS[base.JobFacet] |= {"dbt_node": of_dbt.DbtNodeJobFacet, "sql": sql_job.SQLJobFacet}
FACETS[base.DatasetFacet] |= {
    "dataSource": datasource_dataset.DatasourceDatasetFacet,
    "dbt_exposures": of_dbt.DbtExposuresDatasetFacet,
    "dbt_model": of_dbt.DbtModelDatasetFacet,
}
# A facet of inputs without `Input` in its name; the processor of dbt's artifacts writes it in both places.
for kind in (base.DatasetFacet, base.InputDatasetFacet):
    FACETS[kind]["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet


class InvalidEvent(Exception):
    pass


def load(kind, value, at):
    """The value as the declared type; `at` is its path."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        [kind] = [one for one in typing.get_args(kind) if one is not type(None)]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        expect(isinstance(value, list), f"{at}: not a list")
        return [load(arguments[0], one, f"{at}[{place}]") for place, one in enumerate(value)]
    if origin is dict:
        expect(isinstance(value, dict), f"{at}: not an object")
        if arguments[1] not in FACETS:
            return {name: load(arguments[1], one, f"{at}.{name}") for name, one in value.items()}
        known = FACETS[arguments[1]]
        for name in value:
            expect(name in known, f"{at}: unknown facet `{name}`")
        return {name: load(known[name], one, f"{at}.{name}") for name, one in value.items()}
    if attr.has(kind):
        return load_object(kind, value, at)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        expect(value in [one.value for one in kind], f"{at}: `{value}` is not of type {kind.__name__}")
        return kind(value)
    expect(kind in (str, int, bool), f"{at}: this check does not support {kind}")
    # `type` and not `isinstance`, for which true is a number.
    expect(type(value) is kind, f"{at}: {value!r} is not of type {kind.__name__}")
    return value


def load_object(kind, value, at):
    expect(isinstance(value, dict), f"{at}: not an object")
    fields = {field.name: field for field in attr.fields(attr.resolve_types(kind))}
    for name in value:
        expect(name in fields, f"{at}: {kind.__name__} has no field `{name}`")
    given = {}
    for name, field in fields.items():
        # The client has defaults for these, so it would not report them as missing.
        needed = field.default is attr.NOTHING or name in ("producer", "schemaURL", "_producer", "_schemaURL")
        expect(name in value or not needed, f"{at}: {kind.__name__} lacks `{name}`")
        if name in value and field.init:
            given[field.alias] = load(field.type, value[name], f"{at}.{name}")
    try:
        return kind(**given)
    except (TypeError, ValueError) as error:
        raise InvalidEvent(f"{at}: {error}") from error


def without_empty(value):
    """The value without nulls and empty lists and objects, because the client adds some."""
    if isinstance(value, dict):
        inner = {name: without_empty(one) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one not in (None, [], {})}
    if isinstance(value, list):
        return [without_empty(one) for one in value]
    return value


def check_name(dataset: Dataset, at):
    """Checks that the name equals the one that the client derives from its parts."""
    space = dataset.namespace
    if space == "file":
        named = LocalFileSystem(path=dataset.name)
        expect(dataset.name.startswith("/"), f"{at}: the path of a local file is not absolute")
    elif space.startswith("s3://"):
        named = S3(bucket_name=space.removeprefix("s3://"), object_key=dataset.name)
        expect(not dataset.name.startswith("/"), f"{at}: a key must not start with a slash")
    elif space.startswith("postgres://"):
        host, _, port = space.removeprefix("postgres://").partition(":")
        parts = dataset.name.split(".")
        expect(len(parts) == 3, f"{at}: `{dataset.name}` is not database.schema.table")
        named = Postgres(host=host, port=port, database=parts[0], schema=parts[1], table=parts[2])
    else:
        expect(space.startswith(("http://", "https://")), f"{at}: unknown namespace `{space}`")
        return
    expect((named.get_namespace(), named.get_name()) == (space, dataset.name), f"{at}: `{space}` `{dataset.name}`")


def check(event, at) -> RunEvent:
    loaded = load(RunEvent, event, at)
    out, given = without_empty(Serde.to_dict(loaded)), without_empty(event)
    expect(out == given, f"{at}: the client writes it differently\n{json.dumps(given)}\n{json.dumps(out)}")
    expect(loaded.eventType is not None, f"{at}: no eventType")
    for dataset in [*loaded.inputs, *loaded.outputs]:
        check_name(dataset, f"{at} {dataset.name}")
    return loaded


def expect(condition, message):
    if not condition:
        raise InvalidEvent(message)


def main(files):
    for file in files:
        with open(file, encoding="utf-8") as lines:
            events = [check(json.loads(line), f"{file}:{number}") for number, line in enumerate(lines, 1)]
        kinds = [event.eventType.value for event in events]
        for run in dict.fromkeys(event.run.runId for event in events):
            of_run = [event.eventType.value for event in events if event.run.runId == run]
            complete = len(of_run) == 2 and of_run[0] == "START" and of_run[1] in ("COMPLETE", "FAIL", "ABORT")
            expect(complete, f"{file}: {of_run} is not one start event and one end event")
        print(f"{file}: {' '.join(kinds)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InvalidEvent as error:
        sys.exit(str(error))
