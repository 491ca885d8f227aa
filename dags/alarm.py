"""What becomes of a failed task: one message to the platform's topic, with all that a person needs to begin with."""

import logging

from platform_settings import PLATFORM
from run_id import UNMAPPED, job_name_of, run_id_of

log = logging.getLogger(__name__)

UNKNOWN = "not known"
# Of an error's text: enough for every line of ours. SNS takes 100 characters as a subject, 256 KiB in all.
LONGEST = 2_000


def tell(context) -> None:
    """Airflow's `on_failure_callback`. Never raises: a failure to tell must not hide the failure itself."""
    try:
        subject, message = words(context)
        log.error("%s\n%s", subject, message)
        topic = PLATFORM["alarm_topic"]
        if not topic:
            log.warning("No topic is set, so nobody was told")
            return
        import aws

        aws.client("sns", PLATFORM["region"], attempts=3).publish(TopicArn=topic, Subject=subject, Message=message)
    except Exception:
        log.exception("Cannot tell of the failure")


def words(context) -> tuple[str, str]:
    """Subject and message. What a dead worker took with it is missing from the context, and said to be."""
    ti = context.get("ti")
    # Not the context's `task`: that is the one from before the run.
    task = getattr(ti, "task", None)
    dag_id, task_id = getattr(ti, "dag_id", UNKNOWN), getattr(ti, "task_id", UNKNOWN)
    run = getattr(ti, "run_id", None)
    error = context.get("exception") or context.get("reason") or UNKNOWN
    about = {"DAG": dag_id, "Run": run, "Task": f"{task_id}, try {getattr(ti, 'try_number', UNKNOWN)}"}
    log_link = getattr(ti, "log_url", None)
    # A task that runs a job of Batch. Where the worker died with the id, the name is what finds the job.
    if run and hasattr(task, "job_id"):
        run_id = run_id_of(run, dag_id)
        name = job_name_of(dag_id, task_id, getattr(ti, "map_index", UNMAPPED), run_id)
        about |= {"RUN_ID": run_id, "Batch job": task.job_id or name}
        log_link = task.job_log or log_link
    about |= {"Log": log_link, "Error": " ".join(str(error).split())[:LONGEST]}
    if hasattr(task, "job_id"):
        about["Last line"] = (task.last_error or UNKNOWN)[:LONGEST]
    subject = f"{PLATFORM['project']}: {dag_id}.{task_id} failed"
    subject = "".join(c if " " <= c <= "~" else "?" for c in subject)[:100]
    return subject, "\n".join(f"{name:<10} {value or UNKNOWN}" for name, value in about.items())
