"""The jobs' run id of a run of Airflow.

Airflow's own has `:`, `+` and `.` in it and is up to 250 characters long; the jobs take 1 to 64 of `A-Z a-z 0-9 _ -`,
which are safe in an object's key, in SQL and in an environment variable. There may be no logical date, so only the run id
counts:

1. every character (Unicode scalar value) that is none of these becomes one `-`;
2. of that, the first 47 are kept;
3. `-` and the first 16 hexadecimal digits, in lower case, of the SHA-256 of Airflow's run id in UTF-8.

`manual__2026-11-22T09:30:00+00:00` gives `manual__2026-11-22T09-30-00-00-00-…`. The hash is always there, so that no run id
is another's result, and the same run id always gives the same one: a task that is retried or cleared goes on with its run.
`tests/run_ids.json` holds examples for every language that has to do the same.
"""

import hashlib
import re

READABLE = 47
DIGITS = 16


def run_id_of(airflow_run_id: str) -> str:
    """The jobs' run id: 18 to 64 characters of `A-Z a-z 0-9 _ -`."""
    readable = re.sub(r"[^A-Za-z0-9_-]", "-", airflow_run_id)[:READABLE]
    digest = hashlib.sha256(airflow_run_id.encode()).hexdigest()[:DIGITS]
    return f"{readable}-{digest}"


def job_name_of(task_id: str, airflow_run_id: str) -> str:
    """What the task's job is called in Batch: the same for every try of it in this run, and for no other."""
    return f"{task_id}-{run_id_of(airflow_run_id)}"
