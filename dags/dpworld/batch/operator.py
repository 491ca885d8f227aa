"""The operator that runs one AWS Batch job as one Airflow task.

The provider's deferrable BatchOperator does not read the exit code, does not show the log, and leaves the job running
if its task is killed; a retry submits a second job. This operator first searches for a running job with the same name,
and joins it if the definition, command and variables match. It waits in its worker, and fails without a retry unless a
retry may succeed. Waiting occupies a worker slot for each job: one per source, or one per group of its collections.
"""

import time
from datetime import timedelta

from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk import BaseOperator

from dpworld import aws
from dpworld.batch.jobs import LIVE, SUCCEEDED, Batch, differences, is_retryable, log_link, log_of, outcome_of
from dpworld.options import apply, collections_of
from dpworld.runs import job_name_of, job_tags_of, run_id_of

# The first polling interval; each interval is twice as long as the previous one, up to the deployment's `poll_seconds`.
FIRST_POLL_SECONDS = 1
# The number of lines from the end of the container's log that the task's log shows.
LAST_LINES = 40
# CloudWatch receives a container's last lines some seconds after it has stopped.
LOG_POLLS, LOG_POLL_SECONDS = 5, 2
# The number of attempts to submit a job. Before each attempt, the operator searches for the previous attempt's job.
SUBMISSIONS = 4
# The number of polls after which a job that Batch does not know is considered lost.
UNKNOWN_POLLS = 10


class BatchJobOperator(BaseOperator):
    """Runs a command in a container of a job definition, and waits until the job has finished. `job` has the command, the
    definition, and what differs from the definition, as in `platform.json`."""

    ui_color = "#c3dae0"

    def __init__(self, *, source: str, job: dict, job_queue: str, region: str, poll_seconds: float, **kwargs):
        super().__init__(**kwargs)
        self.source = source
        self.job = job
        self.command = job["command"]
        self.definition = job["definition"]
        self.job_queue = job_queue
        self.region = region
        self.poll_seconds = poll_seconds
        # Set while the job runs; the failure callback reads these attributes.
        self.job_name = None
        self.environment = {}
        self.job_id = None
        self.job_log = None
        self.last_error = None
        self.killed = False

    def execute(self, context) -> None:
        ti = context["ti"]
        if "COLLECTIONS" in self.job["environment"] and not collections_of(context["params"], self.job):
            raise AirflowSkipException("the run has none of the collections of this group")
        run_id = run_id_of(ti.run_id, ti.dag_id)
        self.job_name = job_name_of(ti.dag_id, ti.task_id, ti.map_index, run_id)
        self.command, environment = apply(context["params"], self.job)
        self.environment = {"RUN_ID": run_id, **environment}
        batch = Batch(self.region)
        tags = job_tags_of(ti.dag_id, ti.task_id, ti.map_index, ti.run_id, self.source)
        self.job_id = self.submit_or_join(batch, tags)
        ti.xcom_push("batch_job", self.job_id)
        job = self.follow(batch)
        self.log_outcome(batch, job)
        if job["status"] != SUCCEEDED:
            self.fail(job)

    def submit_or_join(self, batch, tags: dict[str, str]) -> str:
        """Returns the ID of this run's job: one that an earlier attempt submitted and that is still running, otherwise a
        new one."""
        for submission in range(1, SUBMISSIONS + 1):
            try:
                if found := batch.live_job(self.job_queue, self.job_name):
                    job_id, definition = found["jobId"], found.get("jobDefinition")
                    if differs := differences(found, self.definition, self.command, self.environment):
                        raise AirflowFailException(
                            f"job {job_id} ({found['status']}) has the same name as this task's job, {self.job_name}, but "
                            f"{', '.join(differs)}; hint: wait until it has finished or terminate it, then clear this task"
                        )
                    self.log.info(
                        "Job %s of an earlier attempt is still running (%s); this attempt waits for it",
                        job_id,
                        definition,
                    )
                    return job_id
                submitted = batch.submit(
                    self.job_queue,
                    self.job_name,
                    self.definition,
                    self.command,
                    self.environment,
                    tags,
                    self.job["overrides"],
                )
                self.log.info("Submitted %s as job %s (%s)", self.command, submitted, self.job_name)
                return submitted
            except aws.errors() as error:
                if not aws.is_temporary(error):
                    raise AirflowFailException(f"Batch rejected the job: {error}; {self.hint()}") from error
                if submission == SUBMISSIONS:
                    raise AirflowException(f"Batch did not accept the job: {error}") from error
                # Batch may have accepted the job; ListJobs returns it some seconds later.
                self.log.warning("Batch did not respond: %s", error)
                time.sleep(self.poll_seconds)

    def follow(self, batch) -> dict:
        """Waits until the job has finished, and returns its description."""
        wait, status, unknown = min(FIRST_POLL_SECONDS, self.poll_seconds), None, 0
        while True:
            try:
                job = batch.job(self.job_id)
            except aws.errors() as error:
                if not aws.is_temporary(error):
                    raise AirflowFailException(f"cannot describe job {self.job_id}: {error}; {self.hint()}") from error
                # Throttling or a network error: the job continues, so the task polls until its execution timeout.
                self.log.warning("Cannot describe job %s: %s; trying again", self.job_id, error)
            else:
                unknown = 0 if job else unknown + 1
                if unknown == UNKNOWN_POLLS:
                    raise AirflowException(f"job {self.job_id} does not exist in Batch")
                if job and job["status"] != status:
                    status = job["status"]
                    self.job_log = log_link(job, self.region) or self.job_log
                    self.log.info("Job %s is %s", self.job_id, status)
                if status and status not in LIVE:
                    return job
            if self.killed:
                raise AirflowException(f"job {self.job_id} was terminated with its task")
            time.sleep(wait)
            wait = min(wait * 2, self.poll_seconds)

    def log_outcome(self, batch, job: dict) -> None:
        """Logs the container's last lines, then the outcome. A log that cannot be read does not change the job's
        result."""
        if log_of(job)[1]:
            lines = []
            try:
                for _ in range(LOG_POLLS):
                    before, lines = lines, batch.last_lines(job, LAST_LINES)
                    if lines and lines == before:
                        break
                    time.sleep(min(LOG_POLL_SECONDS, self.poll_seconds))
            except aws.errors() as error:
                self.log.warning("Cannot read the container's log: %s", error)
            self.log.info("Last %d lines of the container's log; complete log: %s", len(lines), self.job_log)
            for line in lines:
                self.log.info("| %s", line)
            self.last_error = error_line(lines)
        else:
            self.log.info("No container started, so there is no log")
        self.log.info("Job %s %s: %s", self.job_id, job["status"], outcome_of(job))

    def fail(self, job: dict) -> None:
        message = f"job {self.job_id} failed: {outcome_of(job)}"
        if self.last_error:
            message += f"; {self.last_error}"
        raise (AirflowException if self.killed or is_retryable(job) else AirflowFailException)(message)

    def on_kill(self) -> None:
        """Terminates the job if its task is killed or exceeds its execution timeout. Never raises."""
        self.killed = True
        try:
            batch, job_id = Batch(self.region), self.job_id
            # A task that was killed during the submission does not know the job's ID.
            if not job_id and self.job_name and (found := batch.live_job(self.job_queue, self.job_name)):
                same = not differences(found, self.definition, self.command, self.environment)
                job_id = found["jobId"] if same else None
            if job_id:
                batch.terminate(job_id, "The Airflow task was killed or exceeded its timeout")
                self.log.warning("Terminated job %s", job_id)
        except Exception:
            self.log.exception(
                "Cannot terminate job %s; hint: terminate it with `aws batch terminate-job`",
                self.job_id or self.job_name,
            )

    def hint(self) -> str:
        return f"hint: check that {self.definition} and {self.job_queue} are deployed, and that Airflow's role may use them"


def error_line(lines: list[str]) -> str | None:
    """Returns the last line with an error, otherwise the last line. Hints are ignored, as they follow their error."""
    messages = [line.strip() for line in lines if line.strip() and "hint:" not in line.split("; hint:")[0].lower()]
    errors = [line for line in messages if "error" in line.lower()]
    return next(reversed(errors or messages), None)


def batch_job(platform: dict, source: str, task_id: str, groups=(), **kwargs):
    """Returns a task with a source's settings for its ID in `platform.json`. With groups of collections, it is mapped: each
    group has its own job, and the jobs run in parallel."""
    job = platform["sources"][source]["jobs"][task_id]
    settings = {
        "task_id": task_id,
        "source": source,
        "job_queue": platform["queue"],
        "region": platform["region"],
        "poll_seconds": platform["poll_seconds"],
        "execution_timeout": timedelta(seconds=job["timeout_seconds"]),
        **kwargs,
    }
    if not groups:
        return BatchJobOperator(job=job, **settings)
    of_group = [job | {"environment": job["environment"] | {"COLLECTIONS": group}} for group in groups]
    return BatchJobOperator.partial(**settings).expand(job=of_group)
