"""AWS Batch jobs: finds them by name, submits, describes and terminates them; their logs and outcomes, the cause of a
failure, and whether a retry may succeed."""

import json
import re

from airflow.providers.amazon.aws.links.logs import CloudWatchEventsLink

from dpworld import aws

# The default log group of a job definition (AWS Batch User Guide, "Use the awslogs log driver").
LOG_GROUP = "/aws/batch/job"
LIVE = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
SUCCEEDED = "SUCCEEDED"
# The exit codes of all programs in the platform.
EXIT_CODES = {1: "permanent failure", 2: "invalid command line", 75: "temporary failure"}
TEMPFAIL = 75
# The reason of a container that exceeded its memory (AWS Batch User Guide, "Troubleshooting": exit code 137).
OUT_OF_MEMORY = "OutOfMemoryError"
# What dbt writes before each line, and around words.
TIME, COLOUR = re.compile(r"^\d\d:\d\d:\d\d {2}"), re.compile(r"\x1b\[\d*m")
FAILURE = re.compile(r"^\d\d:\d\d:\d\d {2}\[ERROR\]: in \w+ (?P<node>\S+)")

# The minimum charge for a container (AWS Fargate pricing, "Pricing details").
LEAST_SECONDS = 60
# What `dbt/run.py` writes before the status of each node.
NODES = "nodes: "


class Batch:
    """Batch and CloudWatch Logs in one region."""

    def __init__(self, region: str):
        self.region = region
        self.client = aws.client("batch", region)

    def live_job(self, queue: str, name: str) -> dict | None:
        """Returns the oldest job with this name that has neither finished nor been terminated."""
        # With a filter, Batch ignores `jobStatus` and the case of names (AWS Batch API Reference, ListJobs).
        pages = self.client.get_paginator("list_jobs").paginate(
            jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [name]}]
        )
        jobs = [job for page in pages for job in page["jobSummaryList"]]
        live = [job for job in jobs if job["jobName"] == name and job.get("status") in LIVE]
        ids = [job["jobId"] for job in sorted(live, key=lambda job: job["createdAt"])]
        # ListJobs does not show which jobs are being terminated. DescribeJobs accepts 100 IDs per request.
        described = self.client.describe_jobs(jobs=ids[:100])["jobs"] if ids else []
        usable = {job["jobId"]: job for job in described if job["status"] in LIVE and not was_terminated(job)}
        return next((usable[job_id] for job_id in ids if job_id in usable), None)

    def submit(
        self,
        queue: str,
        name: str,
        definition: str,
        command: list[str],
        environment: dict[str, str],
        tags: dict[str, str],
        changes: dict,
    ) -> str:
        """Submits a job without retries: SubmitJob has no client token, so callers must search for the job before they
        retry. `changes` has the size and the timeout of an attempt, if they differ from the definition."""
        overrides = {
            "command": command,
            "environment": [{"name": key, "value": value} for key, value in environment.items()],
        }
        sizes = [("VCPU", changes.get("vcpu")), ("MEMORY", changes.get("memory_mib"))]
        if resources := [{"type": kind, "value": size} for kind, size in sizes if size]:
            overrides["resourceRequirements"] = resources
        seconds = changes.get("attempt_seconds")
        timeout = {"timeout": {"attemptDurationSeconds": seconds}} if seconds else {}
        once = aws.client("batch", self.region, attempts=1)
        submitted = once.submit_job(
            jobName=name, jobQueue=queue, jobDefinition=definition, containerOverrides=overrides, tags=tags, **timeout
        )
        return submitted["jobId"]

    def job(self, job_id: str) -> dict | None:
        """Returns a job's description; None if Batch does not recognize the ID (immediately after SubmitJob, or a week
        after the job has finished)."""
        return next(iter(self.client.describe_jobs(jobs=[job_id])["jobs"]), None)

    def terminate(self, job_id: str, reason: str) -> None:
        """Terminates a job in any state."""
        self.client.terminate_job(jobId=job_id, reason=reason)

    def last_lines(self, job: dict, count: int) -> list[str]:
        """Returns the last log lines of the job's last container; may return too few before CloudWatch has all of them."""
        group, stream = log_of(job)
        logs = aws.client("logs", self.region)
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=False, limit=count)[
            "events"
        ]
        return [event["message"].rstrip() for event in events]

    @property
    def partition(self) -> str:
        return self.client.meta.partition

    def log_link(self, job: dict) -> str:
        """Returns the URL of the job's log in the CloudWatch console."""
        domain = CloudWatchEventsLink.get_aws_domain(self.partition)
        return CloudWatchEventsLink().format_link(aws_domain=domain, **log_place(job, self.region))


def differences(job: dict, definition: str, command: list[str], environment: dict[str, str]) -> list[str]:
    """Returns the differences between a job and the one that a task would submit. A definition without a revision
    matches every revision. Only the names of variables are shown, because a value may be a secret."""
    arn, container = job.get("jobDefinition", ""), job.get("container", {})
    short = arn.rsplit("/", 1)[-1]
    found = []
    if definition not in (arn, arn.rpartition(":")[0], short, short.rpartition(":")[0]):
        found.append(f"its job definition is {short}, not {definition}")
    if container.get("command", []) != command:
        found.append(f"its command is {container.get('command', [])}, not {command}")
    given = {variable["name"]: variable.get("value") for variable in container.get("environment", [])}
    found += [f"its variable {name} differs" for name in environment if given.get(name) != environment[name]]
    return found


def was_terminated(job: dict) -> bool:
    """Returns whether termination or cancellation of the job was requested."""
    return bool(job.get("isTerminated") or job.get("isCancelled"))


def exit_code(job: dict) -> int | None:
    """Returns the exit code of the job's last container; None if no container started, or if its host was lost."""
    return job.get("container", {}).get("exitCode")


def log_of(job: dict) -> tuple[str, str | None]:
    """Returns the log group and stream; the stream is None until a container has started."""
    container = job.get("container", {})
    options = container.get("logConfiguration", {}).get("options", {})
    return options.get("awslogs-group", LOG_GROUP), container.get("logStreamName")


def log_place(job: dict, region: str) -> dict:
    """Returns the log group and stream as the provider's links name them."""
    group, stream = log_of(job)
    return {"awslogs_region": region, "awslogs_group": group, "awslogs_stream_name": stream}


def seconds_of(job: dict) -> tuple[float | None, float]:
    """Returns how long the job's containers ran, and how long they are billed; None if none has started."""
    attempts = [one for one in job.get("attempts", []) if one.get("startedAt") and one.get("stoppedAt")]
    ran = attempts or ([job] if job.get("startedAt") and job.get("stoppedAt") else [])
    seconds = [(one["stoppedAt"] - one["startedAt"]) / 1000 for one in ran]
    return (sum(seconds) if ran else None), sum(max(one, LEAST_SECONDS) for one in seconds)


def outcome_of(job: dict) -> str:
    """Returns the exit code with its meaning, and the reasons that Batch and the container's host reported."""
    code = exit_code(job)
    meaning = EXIT_CODES.get(code)
    outcome = "no exit code" if code is None else f"exit code {code}" + (f" ({meaning})" if meaning else "")
    reasons = dict.fromkeys([job.get("statusReason"), job.get("container", {}).get("reason")])
    return ": ".join([outcome, *filter(None, reasons)])


def cause_of(job: dict, lines: list[str]) -> str:
    """Returns why a job failed, in one line, from what Batch reported and the last lines of its log."""
    resources = job.get("container", {}).get("resourceRequirements", [])
    if (job.get("container", {}).get("reason") or "").startswith(OUT_OF_MEMORY):
        memory = next((f" with {one['value']} MiB" for one in resources if one["type"] == "MEMORY"), "")
        return f"out of memory{memory}; hint: raise `memory_mib` of this job in the settings"
    lines = [COLOUR.sub("", line) for line in lines]
    return dbt_failure(lines) or error_line(lines) or outcome_of(job)


def dbt_failure(lines: list[str]) -> str | None:
    """Returns the first node that failed, with its message, from the summary at the end of dbt's log. In it, the first line
    of each text has a time; a message from the database has more lines:

        22:02:21  [ERROR]: in model b (models/b.sql)
        22:02:21    Database Error in model b (models/b.sql)
          column "nope" does not exist
    """
    found = [(at, match) for at, line in enumerate(lines) if (match := FAILURE.match(line))]
    if not found:
        return None
    at, first = found[0]
    texts = [TIME.sub("", line).strip() for line in lines[at + 1 : at + 4]]
    message = next((text for text in texts if text and not re.match(r"\w+ Error in ", text)), "no message")
    others = f" (and {len(found) - 1} more)" if found[1:] else ""
    return f"dbt: {first['node']} failed: {message}{others}"


def nodes_of(lines: list[str]) -> dict[str, str] | None:
    """Returns the status of each dbt node, from the line that `dbt/run.py` writes after a build."""
    line = next((line for line in reversed(lines) if line.startswith(NODES)), None)
    try:
        return line and json.loads(line.removeprefix(NODES))
    except ValueError:
        return None


def error_line(lines: list[str]) -> str | None:
    """Returns the last line that starts with `error`, otherwise the last one with an error, otherwise the last one. Hints
    are ignored, as they follow their error; an error may have more lines, one for each problem."""
    lines = [line for line in lines if not line.startswith(NODES)]
    messages = [line.strip() for line in lines if line.strip() and "hint:" not in line.split("; hint:")[0].lower()]
    errors = [line for line in messages if line.lower().startswith("error")]
    errors = errors or [line for line in messages if "error" in line.lower()]
    last = next(reversed(errors or messages), None)
    return last and re.sub(r"^error:? ", "", last, flags=re.IGNORECASE)


def is_retryable(job: dict) -> bool:
    """Returns whether a retry of a failed job may succeed.

    | exit code | retry |
    |---|---|
    | 75 | yes: a temporary failure |
    | none: no container started, or its host was lost | yes |
    | none: the image cannot be pulled | no: Batch does not retry either |
    | none: the job was terminated | no: this was intended |
    | any other code | no |
    """
    code = exit_code(job)
    return code == TEMPFAIL or (code is None and not was_terminated(job) and not image_pull_failed(job))


def image_pull_failed(job: dict) -> bool:
    """Returns whether the image could not be pulled (Amazon ECS Developer Guide, "CannotPullContainer task errors")."""
    reasons = (job.get("container", {}).get("reason"), job.get("statusReason"))
    return any(reason and reason.startswith("CannotPullContainer") for reason in reasons)
