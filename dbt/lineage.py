"""Converts the artifacts of a dbt command to OpenLineage events. `run.py` starts it, so that a failure cannot affect the build.

    python lineage.py <target folder> <file> < run_results.json

Writes the events to the file, one per line, and then sends them to the collector, if there is one (the variables are those of
the jobs: OPENLINEAGE_URL, OPENLINEAGE_ENDPOINT, OPENLINEAGE_API_KEY, OPENLINEAGE_NAMESPACE). dbt's results are read from standard
input, because the file of a repeated attempt also has those of the preceding attempt.
"""

import json
import logging
import os
import sys
import uuid
from pathlib import Path

from openlineage.client.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.facet_v2 import job_type_job
from openlineage.client.serde import Serde
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider
from openlineage.common.provider.dbt import DbtLocalArtifactProcessor, ParentRunMetadata, UnsupportedDbtCommand
from openlineage.common.provider.dbt.utils import PRODUCER
from requests import Session
from sqlglot import parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

# The maximum wait for the collector, as in the jobs.
SECONDS = 2


class Processor(DbtLocalArtifactProcessor):
    """OpenLineage's processor, with the results from `results` and the dataset names of the jobs."""

    def __init__(self, results, **settings):
        # An event that cannot be created is skipped.
        super().__init__(producer=PRODUCER, skip_errors=True, **settings)
        self.results = results
        # The columns of each table, by database and schema.
        self.schema = {}

    def get_dbt_metadata(self):
        manifest, _, profile, _ = super().get_dbt_metadata()
        for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
            # Tests have no columns.
            if not node["columns"]:
                continue
            tables = self.schema.setdefault(node["database"], {}).setdefault(node["schema"], {})
            tables[node.get("identifier") or node["alias"]] = dict.fromkeys(node["columns"], "text")
        # A catalog is of an earlier command.
        return manifest, self.results, profile, None

    def extract_namespace(self, profile):
        """Returns OpenLineage's namespace, also for Redshift, for which the processor's has the host."""
        if profile["type"] != "redshift":
            return super().extract_namespace(profile)
        workgroup = profile["host"].split(".")[0]
        return f"redshift://{workgroup}.{profile['region']}:{profile['port']}"

    def get_column_lineage(self, namespace, compiled_sql):
        """Returns the columns that each column is computed from. The processor's parser does not know what `*` stands for."""
        dialect = self.extract_dialect()
        try:
            query = parse_one(compiled_sql, dialect=dialect)
            query = qualify(query, schema=self.schema, dialect=dialect, validate_qualify_columns=False)
            compiled_sql = query.sql(dialect)
        except SqlglotError:
            pass
        return super().get_column_lineage(namespace, compiled_sql)

    def to_openlineage_events(self, status, started_at, completed_at, run, job, inputs, output):
        """Creates the events. Column lineage is only from inputs: the parser also takes some names inside a query for tables."""
        if output and (lineage := output.facets.pop("columnLineage", None)):
            names = {one.name for one in inputs}
            for field in lineage.fields.values():
                field.inputFields = [one for one in field.inputFields if one.name in names]
            lineage.fields = {name: field for name, field in lineage.fields.items() if field.inputFields}
            if lineage.fields:
                output.facets["columnLineage"] = lineage
        return super().to_openlineage_events(status, started_at, completed_at, run, job, inputs, output)


def events(results, target):
    """Returns the events of the command, as a run that is the parent of those of its models and tests."""
    namespace = setting("NAMESPACE") or "dpworld"
    arguments = results["args"]
    options = {"profile_name": arguments.get("profile"), "target": arguments.get("target")}
    processor = Processor(
        results, project_dir=arguments["project_dir"], target_path=target, job_namespace=namespace, **options
    )
    name = f"dbt.{arguments['which']}"
    # All attempts of a run have the same ID, as in the jobs.
    of_run = os.environ.get("RUN_ID") or results["metadata"]["invocation_id"]
    run_id = str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([namespace, name, of_run])))
    processor.dbt_run_metadata = ParentRunMetadata(
        run_id, name, namespace, root_parent_run_id=run_id, root_parent_job_name=name, root_parent_job_namespace=namespace
    )
    children = processor.parse().events()
    failed = any(one["status"] in ("error", "fail", "runtime error", "partial success") for one in results["results"])
    kind = job_type_job.JobTypeJobFacet(processingType="BATCH", integration="DBT", jobType="JOB", producer=PRODUCER)
    states = (
        (RunState.START, results["metadata"]["invocation_started_at"]),
        (RunState.FAIL if failed else RunState.COMPLETE, results["metadata"]["generated_at"]),
    )
    start, end = (
        RunEvent(
            eventType=state,
            eventTime=time,
            run=Run(runId=run_id, facets={**processor.processing_engine_facet(), **processor.dbt_run_run_facet()}),
            job=Job(namespace=namespace, name=name, facets={"jobType": kind}),
            producer=PRODUCER,
        )
        for state, time in states
    )
    return [start, *children, end]


def setting(name):
    return os.environ.get(f"OPENLINEAGE_{name}", "")


def send(all_events):
    """Sends the events to the collector until the first one fails."""
    session = Session()
    # Another host must not receive the events or the key.
    session.max_redirects = 0
    config = HttpConfig(
        # The library joins the two like the links of a page.
        url=setting("URL").rstrip("/") + "/",
        endpoint=(setting("ENDPOINT") or "api/v1/lineage").lstrip("/"),
        timeout=SECONDS,
        auth=ApiKeyTokenProvider({"apiKey": setting("API_KEY")}) if setting("API_KEY") else TokenProvider({}),
        session=session,
        retry={"total": 0},
    )
    client = OpenLineageClient(transport=HttpTransport(config))
    for event in all_events:
        client.emit(event)


def main(target, file):
    # The messages of libraries may contain the collector's URL, which may contain a password.
    logging.disable()
    try:
        found = events(json.load(sys.stdin), target)
        Path(file).write_text("".join(f"{Serde.to_json(event)}\n" for event in found), encoding="utf-8")
        if setting("URL"):
            send(found)
    except UnsupportedDbtCommand:
        # For example `dbt docs generate`, which writes results, but builds nothing.
        return None
    except Exception as error:
        return type(error).__name__
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
