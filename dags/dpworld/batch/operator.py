"""The operator that runs one AWS Batch job as one Airflow task. While the job runs, the task occupies no worker.

`execute` joins the running job of an earlier attempt, or submits one, and defers the task. The Amazon provider's trigger
then waits in the triggerer; `resume_execution` logs the job's last lines and its outcome, and fails the task without a
retry unless a retry may succeed. Not used:

- the provider's operator: importing it loads boto3 at each parse; it ignores exit codes, and a retry submits a second job;
- a trigger of our own, which could terminate the job of a task that is marked as failed: Airflow 3's triggerer does not
  import modules of the DAG folder (apache/airflow#65455), and MWAA reserves PYTHONPATH. `stop.py` does this instead.
"""

import time
from datetime import timedelta

from airflow.providers.amazon.aws.links.batch import BatchJobDetailsLink
from airflow.providers.amazon.aws.links.logs import CloudWatchEventsLink
from airflow.sdk import BaseOperator

from dpworld import aws
from dpworld.batch.jobs import (
    LIVE,
    SUCCEEDED,
    Batch,
    cause_of,
    differences,
    is_retryable,
    log_place,
    nodes_of,
    outcome_of,
    seconds_of,
)
from dpworld.batch.steps import RESULT, states_of, steps_of
from dpworld.batch.stop import stop_jobs
from dpworld.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from dpworld.options import apply, collections_of
from dpworld.runs import job_name_of, job_tags_of, run_id_of

# The XCom with the ID of the task's job and the attempt that waits for it. Airflow keeps it while the task is deferred.
JOB = "batch_job"
# The XCom with the status of each dbt node.
NODES = "nodes"
# The number of lines from the end of the container's log that are searched for the cause, and that the task's log shows.
LAST_LINES, SHOWN_LINES = 200, 40
# CloudWatch receives a container's last lines some seconds after it has stopped.
LOG_POLLS, LOG_POLL_SECONDS = 5, 2
# The number of attempts to submit or to describe a job. Each submission first searches for the previous one's job.
ATTEMPTS = 4


class BatchJobOperator(BaseOperator):
    """Runs a command in a container of a job definition. `job` has the command, the definition, and what differs from the
    definition, as in `platform.json`."""

    ui_color = "#c3dae0"
    operator_extra_links = (BatchJobDetailsLink(), CloudWatchEventsLink())

    def __init__(
        self, *, source: str, job: dict, job_queue: str, region: str, poll_seconds: float, steps: tuple = (), **kwargs
    ):
        super().__init__(**kwargs)
        self.source = source
        self.job = job
        self.command = job["command"]
        self.definition = job["definition"]
        self.job_queue = job_queue
        self.region = region
        self.poll_seconds = poll_seconds
        # The tasks whose results the job receives.
        self.steps = steps
        # Set while the task runs; the failure callback reads the four after `environment`.
        self.job_name = None
        self.environment = {}
        self.job_id = None
        self.job_log = None
        self.cause = None
        # Whether the failure of another task was reported, of which this one's is a consequence.
        self.is_announced = False
        self.result = {}

    def execute(self, context) -> None:
        self.with_result(context, self.submit_and_wait)

    def with_result(self, context, work) -> None:
        """Keeps the result of the task, or the cause of its failure, for the run's report."""
        try:
            work(context)
        except AirflowSkipException:
            raise
        except AirflowException as error:
            self.result["cause"] = self.cause or str(error)
            self.keep_result(context)
            raise
        self.keep_result(context)

    def keep_result(self, context) -> None:
        """Never raises: the result of the task's job does not depend on it."""
        try:
            context["ti"].xcom_push(RESULT, self.result)
            self.is_announced = "failed" in states_of(context["ti"], self.steps).values()
        except Exception:
            self.log.exception("The report of the run will not have the result of this task")

    def submit_and_wait(self, context) -> None:
        ti = context["ti"]
        if "COLLECTIONS" in self.job["environment"] and not collections_of(context["params"], self.job):
            raise AirflowSkipException("the run has none of the collections of this group")
        run_id = run_id_of(ti.run_id, ti.dag_id)
        self.job_name = job_name_of(ti.dag_id, ti.task_id, ti.map_index, run_id)
        self.command, environment = apply(context["params"], self.job)
        self.environment = {"RUN_ID": run_id, **environment}
        if self.steps:
            states = states_of(ti, self.steps)
            if "failed" in states.values():
                # The DAG's callback would only follow after this task.
                stop_jobs(context, self.steps)
            self.environment["STEPS"] = steps_of(ti, self.steps, states)
        batch = Batch(self.region)
        job = self.submit_or_join(batch, job_tags_of(ti.dag_id, ti.task_id, ti.map_index, ti.run_id, self.source))
        self.job_id = job["jobId"]
        ti.xcom_push(JOB, {"job_id": self.job_id, "try_number": ti.try_number})
        where = {"region_name": self.region, "aws_partition": batch.partition}
        BatchJobDetailsLink.persist(context=context, operator=self, job_id=self.job_id, **where)
        # Without a log, the link is empty.
        CloudWatchEventsLink.persist(context=context, operator=self, **where)
        self.wait(job)

    def submit_or_join(self, batch: Batch, tags: dict[str, str]) -> dict:
        """Returns this run's job: one that an earlier attempt submitted and that is still running, otherwise a new one."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if found := batch.live_job(self.job_queue, self.job_name):
                    job_id, definition = found["jobId"], found.get("jobDefinition")
                    if differs := differences(found, self.definition, self.command, self.environment):
                        raise AirflowFailException(
                            f"job {job_id} ({found['status']}) has the same name as this task's job, {self.job_name}, but "
                            f"{', '.join(differs)}; hint: wait until it has finished or terminate it, then clear this task"
                        )
                    self.log.info("Joined job %s of an earlier attempt (%s)", job_id, definition)
                    return found
                overrides, environment = self.job["overrides"], self.environment
                names = (self.job_queue, self.job_name, self.definition)
                submitted = batch.submit(*names, self.command, environment, tags, overrides)
                self.log.info("Submitted %s as job %s (%s)", self.command, submitted, self.job_name)
                return {"jobId": submitted, "createdAt": time.time() * 1000}
            except aws.errors() as error:
                if not aws.is_temporary(error):
                    raise AirflowFailException(f"Batch rejected the job: {error}; {self.hint()}") from error
                if attempt == ATTEMPTS:
                    raise AirflowException(f"Batch did not accept the job: {error}") from error
                # Batch may have accepted the job; ListJobs returns it some seconds later.
                self.log.warning("Batch did not respond: %s", error)
                time.sleep(self.poll_seconds)

    def remaining(self, job: dict) -> timedelta:
        """Returns how long the task still waits. The timeout counts from the job's creation, also after a restart."""
        return self.execution_timeout - timedelta(seconds=time.time() - job["createdAt"] / 1000)

    def wait(self, job: dict) -> None:
        """Defers the task until the job has finished."""
        from airflow.providers.amazon.aws.triggers.batch import BatchJobTrigger

        remaining = max(self.remaining(job), timedelta(0))
        polls = int(remaining.total_seconds() / max(self.poll_seconds, 0.1)) + 2
        trigger = BatchJobTrigger(
            job_id=job["jobId"],
            aws_conn_id=aws.CONNECTION,
            region_name=self.region,
            waiter_delay=self.poll_seconds,
            waiter_max_attempts=polls,
        )
        self.defer(trigger=trigger, method_name="resume_execution", timeout=remaining)

    def resume_execution(self, next_method, next_kwargs, context) -> None:
        """Airflow calls this when the trigger has stopped. The trigger fails if the job has failed, but also if a request was
        throttled, or at the timeout. Therefore, Batch's description decides."""
        self.with_result(context, lambda context: self.resume(next_kwargs, context))

    def resume(self, next_kwargs, context) -> None:
        ti = context["ti"]
        known = ti.xcom_pull(task_ids=ti.task_id, key=JOB, map_indexes=ti.map_index)
        # Airflow 3.0 also resumes the retry of a task that failed after it was deferred, instead of executing it.
        if not known or known["try_number"] != ti.try_number:
            return self.submit_and_wait(context)
        self.job_id = known["job_id"]
        batch = Batch(self.region)
        job = self.describe(batch)
        if job["status"] in LIVE:
            if self.remaining(job) <= timedelta(0):
                self.on_kill()
                raise AirflowException(f"job {self.job_id} was terminated: it exceeded the task's timeout")
            self.log.warning("The trigger stopped before job %s: %s; waiting again", self.job_id, next_kwargs)
            time.sleep(self.poll_seconds)
            self.wait(job)
        self.log_outcome(batch, job, context)
        if job["status"] != SUCCEEDED:
            message = f"{self.cause}; job {self.job_id}: {outcome_of(job)}"
            raise (AirflowException if is_retryable(job) else AirflowFailException)(message)

    def describe(self, batch: Batch) -> dict:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if job := batch.job(self.job_id):
                    return job
                self.log.warning("Batch does not know job %s", self.job_id)
            except aws.errors() as error:
                if not aws.is_temporary(error):
                    raise AirflowFailException(f"cannot describe job {self.job_id}: {error}; {self.hint()}") from error
                self.log.warning("Cannot describe job %s: %s", self.job_id, error)
            if attempt < ATTEMPTS:
                time.sleep(self.poll_seconds)
        raise AirflowException(f"Batch does not describe job {self.job_id}; a job that is still running will be joined")

    def log_outcome(self, batch: Batch, job: dict, context) -> None:
        """Logs the container's last lines, then the outcome. A log that cannot be read does not change the job's
        result."""
        where, lines = log_place(job, self.region), []
        if where["awslogs_stream_name"]:
            self.job_log = batch.log_link(job)
            link = {"region_name": self.region, "aws_partition": batch.partition, **where}
            CloudWatchEventsLink.persist(context=context, operator=self, **link)
            try:
                for _ in range(LOG_POLLS):
                    before, lines = lines, batch.last_lines(job, LAST_LINES)
                    if lines and lines == before:
                        break
                    time.sleep(min(LOG_POLL_SECONDS, self.poll_seconds))
            except aws.errors() as error:
                self.log.warning("Cannot read the container's log: %s", error)
            self.log.info("The end of the container's log; complete log: %s", self.job_log)
            for line in lines[-SHOWN_LINES:]:
                self.log.info("| %s", line)
        else:
            self.log.info("No container started, so there is no log")
        if nodes := nodes_of(lines):
            context["ti"].xcom_push(NODES, nodes)
        self.cause = cause_of(job, lines)
        seconds, billed_seconds = seconds_of(job)
        self.result = {"seconds": seconds, "billed_seconds": billed_seconds, "log": self.job_log}
        self.log.info("Job %s %s: %s", self.job_id, job["status"], outcome_of(job))

    def on_kill(self) -> None:
        """Terminates the job if its task is killed while a worker runs it, or exceeds its timeout. Never raises."""
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
