"""The run ID for the jobs of a DAG run, and the name and tags of a task's AWS Batch job.

Airflow's run ID contains `:`, `+` and `.` and has up to 250 characters; the jobs accept 1 to 64 of `A-Z a-z 0-9 _ -`,
which are safe in object keys, SQL and environment variables. A run may have no logical date, so the run ID is derived
only from Airflow's run ID:

1. every character (Unicode scalar value) outside that set becomes one `-`;
2. the first 47 characters are kept;
3. `-` and the first 16 lowercase hexadecimal digits of the SHA-256 of Airflow's run ID in UTF-8 are appended. For a DAG
   other than `ingestion`, the DAG ID and `/` are prepended to the hashed text, because DAGs with the same schedule have
   the same run IDs.

For example, `manual__2026-11-22T09:30:00+00:00` becomes `manual__2026-11-22T09-30-00-00-00-…`. The hash distinguishes
runs, and a run always has the same ID: a task that is retried or cleared continues its run.

A job name has at most 128 letters, digits, `-` and `_`, and starts with a letter or digit (AWS Batch API Reference,
SubmitJob, `jobName`):

1. `<dag>-<task>-<run id>`, if the task is not mapped, and the DAG and task IDs consist of letters, digits and `_`,
   start with a letter or digit, and have at most 62 characters together;
2. otherwise, joined by `-`: `<dag>-<task>`, truncated and with `-` in place of other characters; the map index of a
   mapped task; 16 digits of the SHA-256 of `<dag>/<task>` or `<dag>/<task>/<map index>`; and the run ID. DAG and task
   IDs cannot contain `/`.

`tests/run_ids.json` and `tests/job_names.json` contain test cases for every implementation of these rules.
"""

import hashlib
import re

# The DAG that `cargo xtask run` triggers by default. The hashed text of its run IDs does not include the DAG's ID.
PLATFORM_DAG = "ingestion"

READABLE = 47
DIGITS = 16
# The maximum length of DAG, task, map index and hash in a job name; a hyphen and a run ID of up to 64 characters follow.
PREFIX = 63
# The map index of a task that is not mapped.
UNMAPPED = -1


def run_id_of(airflow_run_id: str, dag_id: str = PLATFORM_DAG) -> str:
    """Returns the run ID for the jobs: 18 to 64 characters of `A-Z a-z 0-9 _ -`."""
    hashed = airflow_run_id if dag_id == PLATFORM_DAG else f"{dag_id}/{airflow_run_id}"
    return f"{legal(airflow_run_id)[:READABLE]}-{digest(hashed)}"


def job_name_of(dag_id: str, task_id: str, map_index: int, run_id: str) -> str:
    """Returns the name of a task's Batch job: the same for every attempt of the task in a run, and unique to this task
    and run. `run_id` is the run ID of the jobs; `task_id` includes the task groups."""
    prefix, index = f"{dag_id}-{task_id}", [] if map_index == UNMAPPED else [str(map_index)]
    if not index and len(prefix) <= PREFIX and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]*-[A-Za-z0-9_]+", prefix):
        return f"{prefix}-{run_id}"
    end = "-".join([*index, digest("/".join([dag_id, task_id, *index]))])
    readable = legal(prefix)
    if readable[0] in "-_":
        readable = f"x{readable}"
    return f"{readable[: PREFIX - 1 - len(end)]}-{end}-{run_id}"


def job_tags_of(dag_id: str, task_id: str, map_index: int, airflow_run_id: str, source: str) -> dict[str, str]:
    """Returns the task's original Airflow IDs and its source as tags of its job (AWS Batch User Guide, "Tag
    restrictions")."""
    tags = {"dag_id": dag_id, "task_id": task_id, "map_index": str(map_index), "dag_run_id": airflow_run_id}
    tags["source"] = source
    return {key: re.sub(r"[^\w .:/=+@-]", "-", value)[:256] for key, value in tags.items()}


def legal(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
