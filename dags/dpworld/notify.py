"""Notifies the alarm topic of a task that failed for good: one message, which starts with the cause. If the settings have
a Slack channel, the topic for it receives the same message in the format of Amazon Q Developer in chat applications.

Airflow calls `on_failure_callback` only if it does not retry the task. A report that fails after another task sends no
second message.
"""

import html
import json
import logging
import re

from dpworld.runs import UNMAPPED, job_name_of, run_id_of
from dpworld.settings import PLATFORM, SOURCES

log = logging.getLogger(__name__)

UNKNOWN = "not known"
# The domains of the console by partition.
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "cn": "console.amazonaws.cn",
    "gov": "console.amazonaws-us-gov.com",
}
# The maximum length of an error text in characters. SNS accepts a subject of 100 characters and 256 KiB in total.
MAX_ERROR_LENGTH = 2_000
# Slack accepts 3,000 characters in a section of a message, and 150 in its header.
MAX_CHAT_LENGTH, MAX_TITLE_LENGTH = 2_900, 150
NEXT_STEP = "fix the cause, then clear the task in Airflow"


def failed(context) -> None:
    """Airflow's `on_failure_callback`. Never raises: a failed notification must not hide the task's failure."""
    try:
        subject, message = message_of(context)
        log.error("%s\n%s", subject, message)
        if getattr(getattr(context.get("ti"), "task", None), "is_announced", False):
            return
        messages = {PLATFORM["alarm_topic"]: message, PLATFORM["chat_topic"]: chat_message_of(context)}
    except Exception:
        log.exception("Cannot send the notification")
        return
    if not PLATFORM["alarm_topic"]:
        log.warning("No alarm topic is set, so no notification was sent")
    for topic, text in messages.items():
        if topic:
            publish(topic, subject, text, context)


def publish(topic: str, subject: str, message: str, context) -> None:
    """Publishes a message. Never raises: the other topic must get its message."""
    try:
        # Imported here: it loads boto3.
        from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

        notifier = SnsNotifier(target_arn=topic, subject=subject, message=message, region_name=PLATFORM["region"])
        # Not called as a function, which would render the texts of others as templates.
        notifier.notify(context)
    except Exception:
        log.exception("Cannot send the notification to %s", topic)


def message_of(context) -> tuple[str, str]:
    """Returns the subject and the message."""
    first, about = facts_of(context)
    subject = "".join(c if " " <= c <= "~" else "?" for c in f"{PLATFORM['project']}: {first}")[:100]
    about |= {"Retry": f"none; {NEXT_STEP}"}
    return subject, "\n".join([first, "", *(f"{name:<10} {value}" for name, value in about.items())])


def chat_message_of(context) -> str:
    """Returns the message as a custom notification; any other text is not shown in the channel (Amazon Q Developer in chat
    applications Administrator Guide, "Custom notifications"). Characters that have a meaning in Slack are escaped, so that
    a text from a source cannot notify people or hide a link (Slack, "Formatting text")."""
    first, about = facts_of(context)
    content = {
        "textType": "client-markdown",
        "title": escaped(f"{PLATFORM['project']}: {first}", MAX_TITLE_LENGTH),
        "description": escaped("\n".join(f"*{name}* {value}" for name, value in about.items()), MAX_CHAT_LENGTH),
        "nextSteps": [f"{NEXT_STEP[0].upper()}{NEXT_STEP[1:]}"],
    }
    return json.dumps({"version": "1.0", "source": "custom", "content": content})


def escaped(text: str, length: int) -> str:
    """Escapes `&`, `<` and `>`, and truncates the result, but not within an escaped character."""
    return re.sub("&[a-z]*$", "", html.escape(text, quote=False)[:length])


def facts_of(context) -> tuple[str, dict[str, str]]:
    """Returns the first line of a message, and the others by name. If the worker died, the context is incomplete; missing
    values are "not known"."""
    ti = context.get("ti")
    # The task in the context is not used, because it does not have the attributes that the run has set.
    task = getattr(ti, "task", None)
    dag_id, task_id = getattr(ti, "dag_id", UNKNOWN), getattr(ti, "task_id", UNKNOWN)
    run, number = getattr(ti, "run_id", None), getattr(ti, "try_number", UNKNOWN)
    error = " ".join(str(context.get("exception") or context.get("reason") or UNKNOWN).split())[:MAX_ERROR_LENGTH]
    first = f"{dag_id}.{task_id} failed: {getattr(task, 'cause', None) or error}"[:MAX_ERROR_LENGTH]
    source = next((name for name, source in SOURCES.items() if source["dag"] == dag_id), None)
    about = {"DAG": dag_id} | ({"Source": source} if source else {})
    about |= {"Run": run, "Task": f"{task_id}, try {number}"}
    log_link, report = getattr(ti, "log_url", None), {}
    # The task runs a Batch job. If the worker died, the job's ID is not known, but its name is; a mapped task does not
    # have the attributes of its operator then.
    is_job, job_id = hasattr(task, "job_id") or getattr(task, "is_mapped", False), getattr(task, "job_id", None)
    if run and is_job:
        run_id = run_id_of(run, dag_id)
        name = job_name_of(dag_id, task_id, getattr(ti, "map_index", UNMAPPED), run_id)
        about |= {"RUN_ID": run_id, "Batch job": job_id or name}
        log_link = getattr(task, "job_log", None) or log_link
        report = {"Report": report_link(source, run_id)} if source and task_id != "report" else {}
    about |= {"Log": log_link} | report | {"Error": error}
    return first, {name: value or UNKNOWN for name, value in about.items()}


def report_link(source: str, run_id: str) -> str:
    """Returns the URL of the run's report in the S3 console, and the command that opens it. The task `report` writes it
    after this message was sent."""
    region, lake = PLATFORM["region"], PLATFORM["lake"]
    domain = CONSOLES.get(region.split("-")[0], CONSOLES["gov" if "-gov-" in region else "aws"])
    url = f"https://{region}.{domain}/s3/object/{lake}?region={region}&prefix=report/{source}/{run_id}.html"
    return f"{url} (or: cargo xtask report {source} --run {run_id} --open)"
