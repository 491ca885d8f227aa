"""Jobs of AWS Batch: found by their names, submitted, described, terminated, and their logs read. Airflow is not used here."""

from urllib.parse import quote

import aws

# Where Batch logs if a job definition does not say otherwise (AWS Batch User Guide, "Use the awslogs log driver").
LOG_GROUP = "/aws/batch/job"
LIVE = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"
# What an exit code means, for every program of the platform.
EXIT_CODES = {1: "refused, or failed for good", 2: "the command line is wrong", 75: "failed for now"}
TEMPFAIL = 75


class Batch:
    """Batch and CloudWatch Logs of one region."""

    def __init__(self, region: str):
        self.region = region
        self.client = aws.client("batch", region)

    def live_job(self, queue: str, name: str) -> dict | None:
        """The job of that name that has neither finished nor been terminated; the oldest, if there are several."""
        # With a filter Batch ignores `jobStatus`, and compares names without regard to case (API Reference, ListJobs).
        pages = self.client.get_paginator("list_jobs").paginate(
            jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [name]}]
        )
        jobs = [job for page in pages for job in page["jobSummaryList"]]
        live = [job for job in jobs if job["jobName"] == name and job.get("status") in LIVE]
        ids = [job["jobId"] for job in sorted(live, key=lambda job: job["createdAt"])]
        # A list does not tell which job is being ended; 100 ids are what one question takes.
        told = self.client.describe_jobs(jobs=ids[:100])["jobs"] if ids else []
        usable = {job["jobId"]: job for job in told if job["status"] in LIVE and not was_ended(job)}
        return next((usable[job_id] for job_id in ids if job_id in usable), None)

    def submit(
        self,
        queue: str,
        name: str,
        definition: str,
        command: list[str],
        environment: dict[str, str],
        tags: dict[str, str],
    ) -> str:
        """Submits a job, once: SubmitJob has no client token, so trying again is for those who looked for it before."""
        overrides = {
            "command": command,
            "environment": [{"name": key, "value": value} for key, value in environment.items()],
        }
        once = aws.client("batch", self.region, attempts=1)
        submitted = once.submit_job(
            jobName=name, jobQueue=queue, jobDefinition=definition, containerOverrides=overrides, tags=tags
        )
        return submitted["jobId"]

    def job(self, job_id: str) -> dict | None:
        """What Batch tells of a job; None if it knows none of that id, as in the first moment, or a week after its end."""
        return next(iter(self.client.describe_jobs(jobs=[job_id])["jobs"]), None)

    def end(self, job_id: str, reason: str) -> None:
        """Ends a job, wherever it stands."""
        self.client.terminate_job(jobId=job_id, reason=reason)

    def last_lines(self, job: dict, count: int) -> list[str]:
        """The last lines that the job's last container wrote."""
        group, stream = log_of(job)
        if not stream:
            return []
        logs, events, token = aws.client("logs", self.region), [], None
        # From the end backwards. A page may be empty though there are more; the last one gives the token it was asked with.
        while len(events) < count:
            asked = {"nextToken": token} if token else {}
            page = logs.get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=False, limit=count, **asked
            )
            events = page["events"] + events
            if token == page["nextBackwardToken"]:
                break
            token = page["nextBackwardToken"]
        return [event["message"].rstrip() for event in events[-count:]]


def differences(job: dict, definition: str, command: list[str], environment: dict[str, str]) -> list[str]:
    """How a job differs from the one that a task would submit. A definition is compared as far as the task names it: one
    without a revision means any. Variables are shown by name alone, as a value may be a secret."""
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


def was_ended(job: dict) -> bool:
    """Whether somebody asked Batch to end it."""
    return bool(job.get("isTerminated") or job.get("isCancelled"))


def exit_code(job: dict) -> int | None:
    """What the job's last container answered; None if none began, or its host was lost."""
    return job.get("container", {}).get("exitCode")


def log_of(job: dict) -> tuple[str, str | None]:
    """The log's group and stream; no stream before a container has begun."""
    container = job.get("container", {})
    options = container.get("logConfiguration", {}).get("options", {})
    return options.get("awslogs-group", LOG_GROUP), container.get("logStreamName")


def log_link(job: dict, region: str) -> str | None:
    """The page of CloudWatch that shows the job's log."""
    group, stream = log_of(job)
    if not stream:
        return None
    # The console wants its fragment quoted twice, with $ in the place of the second %.
    group, stream = (quote(quote(part, safe=""), safe="").replace("%", "$") for part in (group, stream))
    page = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return f"{page}#logsV2:log-groups/log-group/{group}/log-events/{stream}"


def how_it_ended(job: dict) -> str:
    """Exit code, its meaning, and the reasons that Batch and the container's host give."""
    code = exit_code(job)
    meaning = EXIT_CODES.get(code)
    answer = "no exit code" if code is None else f"exit code {code}" + (f" ({meaning})" if meaning else "")
    reasons = dict.fromkeys([job.get("statusReason"), job.get("container", {}).get("reason")])
    return ": ".join([answer, *filter(None, reasons)])


def may_help_again(job: dict) -> bool:
    """Whether a failed job should be tried again: it said so itself, or never got to say anything.

    | container's answer | again |
    |---|---|
    | 75 | yes: for now |
    | none: no container, or its host was lost | yes |
    | none: the image cannot be pulled | no: Batch does not either |
    | none, and somebody ended the job | no: it was meant |
    | any other code | no |
    """
    code = exit_code(job)
    return code == TEMPFAIL or (code is None and not was_ended(job) and not lacks_image(job))


def lacks_image(job: dict) -> bool:
    """Whether its image could not be pulled (Amazon ECS Developer Guide, "CannotPullContainer task errors")."""
    reasons = (job.get("container", {}).get("reason"), job.get("statusReason"))
    return any(reason and reason.startswith("CannotPullContainer") for reason in reasons)
