"""Queries the data for the health checks from the warehouse (through the Data API) and from Batch."""

import json
import time
from datetime import datetime, timezone

from dpworld import aws
from dpworld.health.checks import Job, Run

# A paused workgroup takes some seconds to resume.
TIMEOUT_SECONDS = 120

LEDGER = """
SELECT seq, run_id, to_char(loaded_at, 'YYYY-MM-DD HH24:MI:SS'), json_serialize(tables)
FROM etl.runs WHERE source = :source ORDER BY seq DESC LIMIT 30
"""

# The implausible data in the newest run; `reason` is null for warnings.
IMPLAUSIBLE = """
SELECT DISTINCT problem, reason FROM etl.findings JOIN etl.heads USING (source, seq) WHERE source = :source ORDER BY problem
"""


class QueryFailed(Exception):
    """The warehouse rejected a query or did not finish it in time."""


class Warehouse:
    """Redshift Serverless, queried with Airflow's role; `cargo xtask warehouse-init --reader` grants it access."""

    def __init__(self, platform: dict):
        self.platform = platform["warehouse"]
        self.client = aws.client("redshift-data", platform["region"])

    def query(self, sql: str, **parameters: str) -> list[list]:
        """Runs one statement and returns its rows."""
        target = {"WorkgroupName": self.platform["workgroup"], "Database": self.platform["database"]}
        # No comprehension variable may be called `value`: Python 3.12.0 to 3.12.3 would then not find the function with
        # that name below (cpython#118513).
        given = [{"name": name, "value": text} for name, text in parameters.items()]
        optional = {"Parameters": given} if given else {}
        statement = self.client.execute_statement(**target, Sql=sql, **optional)["Id"]
        started = time.monotonic()
        while (statement_status := self.client.describe_statement(Id=statement))["Status"] != "FINISHED":
            if statement_status["Status"] in ("FAILED", "ABORTED"):
                raise QueryFailed(
                    f"the warehouse rejected the query: {statement_status.get('Error', statement_status['Status'])}"
                )
            if time.monotonic() - started > TIMEOUT_SECONDS:
                self.client.cancel_statement(Id=statement)
                raise QueryFailed(f"the warehouse did not finish the query within {TIMEOUT_SECONDS} seconds")
            time.sleep(0.5)
        pages = self.client.get_paginator("get_statement_result").paginate(Id=statement)
        return [[value(cell) for cell in row] for page in pages for row in page["Records"]]

    def runs(self, source: str) -> list[Run]:
        """Returns the newest runs of a source in the ledger, newest first."""
        rows = self.query(LEDGER, source=source)
        return [
            Run(int(seq), run_id, instant(loaded_at), json.loads(tables)) for seq, run_id, loaded_at, tables in rows
        ]

    def implausible(self, source: str) -> list[str]:
        """Returns what was implausible in the newest run, and the reasons for which it was loaded."""
        rows = self.query(IMPLAUSIBLE, source=source)
        return [problem + (f"; accepted: {reason}" if reason else "") for problem, reason in rows]

    def counts(self, source: str, tables: list[str]) -> tuple[int, dict[str, int]]:
        """Returns the sequence number of the newest run, and the number of rows in each table that are not marked as
        deleted, all read in one snapshot."""
        # Names cannot be parameters. These come from the settings and from the ledger that `copy` writes.
        parts = [f"SELECT '', max(seq) FROM etl.runs WHERE source = '{source}'"]
        parts += [f"SELECT '{name}', count(*) FROM {source}.{name} WHERE _deleted_at IS NULL" for name in tables]
        counts = {name: int(count) for name, count in self.query("\nUNION ALL ".join(parts))}
        return counts.pop(""), counts


def value(cell: dict):
    """Returns the value of a cell in a Data API response."""
    return None if cell.get("isNull") else next(iter(cell.values()))


def instant(text: str) -> datetime:
    """Parses a time in the ledger, which is in UTC without an offset."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)


def waiting_jobs(platform: dict) -> list[Job]:
    """Returns the jobs in the queue that wait for a container."""
    client, found = aws.client("batch", platform["region"]), []
    # Without a filter, ListJobs returns the jobs of one status.
    for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING"):
        pages = client.get_paginator("list_jobs").paginate(jobQueue=platform["queue"], jobStatus=status)
        for job in (job for page in pages for job in page["jobSummaryList"]):
            created = datetime.fromtimestamp(job["createdAt"] / 1000, timezone.utc)
            found.append(Job(job["jobId"], job["jobName"], status, created))
    return found
