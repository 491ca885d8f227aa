"""Notifies the alarm topic of a failed task, with the details that are needed to investigate it."""

import logging

from dpworld import aws
from dpworld.runs import UNMAPPED, job_name_of, run_id_of
from dpworld.settings import PLATFORM, SOURCES

log = logging.getLogger(__name__)

UNKNOWN = "not known"
# The maximum length of an error text in characters. SNS accepts a subject of 100 characters and 256 KiB in total.
MAX_ERROR_LENGTH = 2_000


def failed(context) -> None:
    """Airflow's `on_failure_callback`. Never raises: a failed notification must not hide the task's failure."""
    try:
        subject, message = message_of(context)
        log.error("%s\n%s", subject, message)
        topic = PLATFORM["alarm_topic"]
        if not topic:
            log.warning("No alarm topic is set, so no notification was sent")
            return
        aws.client("sns", PLATFORM["region"], attempts=3).publish(TopicArn=topic, Subject=subject, Message=message)
    except Exception:
        log.exception("Cannot send the notification")


def message_of(context) -> tuple[str, str]:
    """Returns the subject and the message. If the worker died, the context is incomplete; missing values are shown as
    "not known"."""
    ti = context.get("ti")
    # The task in the context is not used, because it does not have the attributes that the run has set.
    task = getattr(ti, "task", None)
    dag_id, task_id = getattr(ti, "dag_id", UNKNOWN), getattr(ti, "task_id", UNKNOWN)
    run = getattr(ti, "run_id", None)
    error = context.get("exception") or context.get("reason") or UNKNOWN
    source = next((name for name, source in SOURCES.items() if source["dag"] == dag_id), None)
    about = {"DAG": dag_id} | ({"Source": source} if source else {})
    about |= {"Run": run, "Task": f"{task_id}, try {getattr(ti, 'try_number', UNKNOWN)}"}
    log_link = getattr(ti, "log_url", None)
    # The task runs a Batch job. If the worker died, the job's ID is not known, but its name is; a mapped task does not
    # have the attributes of its operator then.
    is_job, job_id = hasattr(task, "job_id") or getattr(task, "is_mapped", False), getattr(task, "job_id", None)
    if run and is_job:
        run_id = run_id_of(run, dag_id)
        name = job_name_of(dag_id, task_id, getattr(ti, "map_index", UNMAPPED), run_id)
        about |= {"RUN_ID": run_id, "Batch job": job_id or name}
        log_link = getattr(task, "job_log", None) or log_link
    about |= {"Log": log_link, "Error": " ".join(str(error).split())[:MAX_ERROR_LENGTH]}
    if is_job:
        about["Last line"] = (getattr(task, "last_error", None) or UNKNOWN)[:MAX_ERROR_LENGTH]
    subject = f"{PLATFORM['project']}: {dag_id}.{task_id} failed"
    subject = "".join(c if " " <= c <= "~" else "?" for c in subject)[:100]
    return subject, "\n".join(f"{name:<10} {value or UNKNOWN}" for name, value in about.items())
