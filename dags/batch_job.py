"""One job of AWS Batch as one task of Airflow.

The provider's BatchOperator, deferred, never sees the exit code, shows no log and leaves the job running when its task is
killed; on a retry it submits a second job beside the first. This one looks for a running job of its name before it
submits one, joins it if it is the same job, waits in its worker, and fails for good unless trying again may help. Waiting
costs a place among the worker's tasks and nothing else: the tasks of `ingestion` run one after the other.
"""

import time
from datetime import timedelta

from airflow.exceptions import AirflowException, AirflowFailException
from airflow.sdk import BaseOperator

from run_id import job_name_of, job_tags_of, run_id_of

# The first look at a job; each next one waits twice as long, up to the deployment's `poll_seconds`.
FIRST_LOOK_SECONDS = 1
# How many of a container's last lines the task's log shows.
LAST_LINES = 40
# CloudWatch has a container's last lines some seconds after its end.
LOG_LOOKS, LOG_LOOK_SECONDS = 5, 2
# How often a submission of which nobody knows whether it arrived is looked for and made again.
SUBMISSIONS = 4
# A job that Batch does not know any more, or not yet.
UNKNOWN_LOOKS = 10


class BatchJobOperator(BaseOperator):
    """Runs `command` in a container of a job definition, and waits for its end."""

    ui_color = "#c3dae0"

    def __init__(
        self, *, command: list[str], definition: str, job_queue: str, region: str, poll_seconds: float, **kwargs
    ):
        super().__init__(**kwargs)
        self.command = command
        self.definition = definition
        self.job_queue = job_queue
        self.region = region
        self.poll_seconds = poll_seconds
        # What is known of the job once it runs; the failure callback reads it.
        self.job_name = None
        self.environment = {}
        self.job_id = None
        self.job_log = None
        self.last_error = None
        self.killed = False

    def execute(self, context) -> None:
        from batch import SUCCEEDED, Batch

        ti = context["ti"]
        run_id = run_id_of(ti.run_id, ti.dag_id)
        self.job_name = job_name_of(ti.dag_id, ti.task_id, ti.map_index, run_id)
        self.environment = {"RUN_ID": run_id}
        batch = Batch(self.region)
        self.job_id = self.begin(batch, job_tags_of(ti.dag_id, ti.task_id, ti.map_index, ti.run_id))
        ti.xcom_push("batch_job", self.job_id)
        job = self.follow(batch)
        self.show_end(batch, job)
        if job["status"] != SUCCEEDED:
            self.fail(job)

    def begin(self, batch, tags: dict[str, str]) -> str:
        """The id of this run's job: the running one, if an earlier try left it behind, else a new one."""
        import aws
        from batch import differences

        for submission in range(1, SUBMISSIONS + 1):
            try:
                if found := batch.live_job(self.job_queue, self.job_name):
                    job_id, definition = found["jobId"], found.get("jobDefinition")
                    if differs := differences(found, self.definition, self.command, self.environment):
                        raise AirflowFailException(
                            f"job {job_id} is {found['status']} under the name of this task, {self.job_name}, but "
                            f"{', '.join(differs)}; hint: wait for its end or terminate it, then clear this task"
                        )
                    self.log.info("Job %s of an earlier try still runs (%s); this try waits for it", job_id, definition)
                    return job_id
                submitted = batch.submit(
                    self.job_queue, self.job_name, self.definition, self.command, self.environment, tags
                )
                self.log.info("Submitted %s as job %s (%s)", self.command, submitted, self.job_name)
                return submitted
            except aws.errors() as error:
                if not aws.is_passing(error):
                    raise AirflowFailException(f"Batch refused the job: {error}; {self.hint()}") from error
                if submission == SUBMISSIONS:
                    raise AirflowException(f"Batch took no job: {error}") from error
                # It may have arrived all the same; the list shows it some seconds later.
                self.log.warning("Batch did not answer: %s", error)
                time.sleep(self.poll_seconds)

    def follow(self, batch) -> dict:
        """What Batch tells of the job at its end."""
        import aws
        from batch import LIVE, log_link

        wait, status, unknown = min(FIRST_LOOK_SECONDS, self.poll_seconds), None, 0
        while True:
            try:
                job = batch.job(self.job_id)
            except aws.errors() as error:
                if not aws.is_passing(error):
                    raise AirflowFailException(f"cannot look at job {self.job_id}: {error}; {self.hint()}") from error
                # Throttled, or no network: the job goes on, and so do we, until the execution timeout.
                self.log.warning("Cannot look at job %s for now: %s", self.job_id, error)
            else:
                unknown = 0 if job else unknown + 1
                if unknown == UNKNOWN_LOOKS:
                    raise AirflowException(f"Batch does not know job {self.job_id}")
                if job and job["status"] != status:
                    status = job["status"]
                    self.job_log = log_link(job, self.region) or self.job_log
                    self.log.info("Job %s is %s", self.job_id, status)
                if status and status not in LIVE:
                    return job
            if self.killed:
                raise AirflowException(f"job {self.job_id} was ended with its task")
            time.sleep(wait)
            wait = min(wait * 2, self.poll_seconds)

    def show_end(self, batch, job: dict) -> None:
        """The container's last lines, then how it ended. A log that cannot be read changes nothing about the job."""
        import aws
        from batch import how_it_ended, log_of

        if log_of(job)[1]:
            lines = []
            try:
                for _ in range(LOG_LOOKS):
                    before, lines = lines, batch.last_lines(job, LAST_LINES)
                    if lines and lines == before:
                        break
                    time.sleep(min(LOG_LOOK_SECONDS, self.poll_seconds))
            except aws.errors() as error:
                self.log.warning("Cannot read the container's log: %s", error)
            self.log.info("The container's last %d lines; all of them: %s", len(lines), self.job_log)
            for line in lines:
                self.log.info("| %s", line)
            self.last_error = error_line(lines)
        else:
            self.log.info("No container began, so there is no log")
        self.log.info("Job %s %s: %s", self.job_id, job["status"], how_it_ended(job))

    def fail(self, job: dict) -> None:
        from batch import how_it_ended, may_help_again

        words = f"job {self.job_id} failed: {how_it_ended(job)}"
        if self.last_error:
            words += f"; {self.last_error}"
        raise (AirflowException if self.killed or may_help_again(job) else AirflowFailException)(words)

    def on_kill(self) -> None:
        """Ends the job with its task: a killed one, or one that is past its execution timeout. Never raises."""
        from batch import Batch, differences

        self.killed = True
        try:
            batch, job_id = Batch(self.region), self.job_id
            # Killed during the submission, the task does not know the id.
            if not job_id and self.job_name and (found := batch.live_job(self.job_queue, self.job_name)):
                same = not differences(found, self.definition, self.command, self.environment)
                job_id = found["jobId"] if same else None
            if job_id:
                batch.end(job_id, "The task in Airflow was killed or took too long")
                self.log.warning("Ended job %s", job_id)
        except Exception:
            self.log.exception("Cannot end job %s; end it by hand", self.job_id or self.job_name)

    def hint(self) -> str:
        return f"hint: is {self.definition} in {self.job_queue} deployed, and may Airflow's role use it?"


def error_line(lines: list[str]) -> str | None:
    """The last line that tells of an error, else the last one; hints, which stand behind their error, do not count."""
    told = [line.strip() for line in lines if line.strip() and "hint:" not in line.split("; hint:")[0].lower()]
    errors = [line for line in told if "error" in line.lower()]
    return next(reversed(errors or told), None)


def batch_job(platform: dict, task_id: str, command: list[str], **kwargs) -> BatchJobOperator:
    """The task that `platform.json` describes under its id."""
    job = platform["jobs"][task_id]
    return BatchJobOperator(
        task_id=task_id,
        command=command,
        definition=job["definition"],
        job_queue=platform["queue"],
        region=platform["region"],
        poll_seconds=platform["poll_seconds"],
        execution_timeout=timedelta(seconds=job["timeout_seconds"]),
        **kwargs,
    )
