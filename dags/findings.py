"""What the health checks judge: asked of the warehouse, by the Data API, and of Batch."""

import json
import time
from datetime import datetime, timedelta, timezone

import aws
from health import WINDOW, Job, Run

# A workgroup that slept takes seconds to wake.
PATIENCE_SECONDS = 120

LEDGER = """
SELECT seq, run_id, to_char(loaded_at, 'YYYY-MM-DD HH24:MI:SS'), json_serialize(tables)
FROM etl.runs WHERE source = :source ORDER BY seq DESC LIMIT 30
"""


class NoAnswer(Exception):
    """The warehouse refused a question, or took too long."""


class Warehouse:
    """Redshift Serverless, asked as the role that Airflow runs as, which `cargo xtask warehouse-init --reader` lets in."""

    def __init__(self, platform: dict):
        self.platform = platform["warehouse"]
        self.client = aws.client("redshift-data", platform["region"])

    def query(self, sql: str, **parameters: str) -> list[list]:
        """The rows of one statement."""
        place = {"WorkgroupName": self.platform["workgroup"], "Database": self.platform["database"]}
        # No variable of a comprehension may be called `value`: Python 3.12.0 to 3.12.3 would then not find the function of
        # that name below (cpython#118513).
        given = [{"name": name, "value": text} for name, text in parameters.items()]
        asked = {"Parameters": given} if given else {}
        statement = self.client.execute_statement(**place, Sql=sql, **asked)["Id"]
        began = time.monotonic()
        while (told := self.client.describe_statement(Id=statement))["Status"] != "FINISHED":
            if told["Status"] in ("FAILED", "ABORTED"):
                raise NoAnswer(f"the warehouse refused: {told.get('Error', told['Status'])}")
            if time.monotonic() - began > PATIENCE_SECONDS:
                self.client.cancel_statement(Id=statement)
                raise NoAnswer(f"the warehouse did not answer within {PATIENCE_SECONDS} seconds")
            time.sleep(0.5)
        pages = self.client.get_paginator("get_statement_result").paginate(Id=statement)
        return [[value(cell) for cell in row] for page in pages for row in page["Records"]]

    def runs(self) -> list[Run]:
        """The ledger's newest runs, the newest first."""
        rows = self.query(LEDGER, source=self.platform["source"])
        return [
            Run(int(seq), run_id, instant(loaded_at), json.loads(tables)) for seq, run_id, loaded_at, tables in rows
        ]

    def counts(self, tables: list[str]) -> tuple[int, dict[str, int]]:
        """The ledger's head and how many rows each table has that were not marked deleted, all in one snapshot."""
        # Not parameters: they are names, of the settings and of the ledger that `copy` writes.
        source = self.platform["source"]
        parts = [f"SELECT '', max(seq) FROM etl.runs WHERE source = '{source}'"]
        parts += [f"SELECT '{name}', count(*) FROM {source}.{name} WHERE _deleted_at IS NULL" for name in tables]
        counts = {name: int(count) for name, count in self.query("\nUNION ALL ".join(parts))}
        return counts.pop(""), counts


def value(cell: dict):
    """What a cell of the Data API holds."""
    return None if cell.get("isNull") else next(iter(cell.values()))


def instant(text: str) -> datetime:
    """The ledger's times are UTC, without saying so."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)


def jobs(platform: dict, now: datetime) -> list[Job]:
    """The queue's jobs that have not ended, and those that began and ended of late."""
    client = aws.client("batch", platform["region"])
    # A day more than is judged: a job that failed then may have been repeated since.
    after = now - WINDOW - timedelta(days=1)
    found = []
    # Without a filter ListJobs gives the jobs of one status.
    for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "SUCCEEDED", "FAILED"):
        pages = client.get_paginator("list_jobs").paginate(jobQueue=platform["queue"], jobStatus=status)
        for job in (job for page in pages for job in page["jobSummaryList"]):
            created = datetime.fromtimestamp(job["createdAt"] / 1000, timezone.utc)
            if created >= after or status not in ("SUCCEEDED", "FAILED"):
                found.append(Job(job["jobId"], job["jobName"], status, created, job.get("statusReason", "")))
    return found
