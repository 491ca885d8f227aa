"""The notification about a failed task in both formats, also for an incomplete context, and that it never raises.
test_chain.py tests its delivery."""

import json
from types import SimpleNamespace
from uuid import uuid4

import pytest

from dpworld import notify
from dpworld.runs import job_name_of, run_id_of

RUN = "manual__2026-11-22T09:30:00+00:00"


def ti(**known):
    return SimpleNamespace(dag_id="ingestion", task_id="copy_job", run_id=RUN, try_number=2, **known)


def task(**known):
    return SimpleNamespace(**{"job_id": "id-1", "job_log": "https://log", "cause": "dbt: a failed"} | known)


def test_the_message_has_all_known_details():
    subject, message = notify.message_of({"ti": ti(task=task()), "exception": ValueError("job id-1\nfailed")})
    assert subject == "dpstack: ingestion.copy_job failed: dbt: a failed"
    assert message.splitlines() == [
        "ingestion.copy_job failed: dbt: a failed",
        "",
        "DAG        ingestion",
        "Source     spacex",
        f"Run        {RUN}",
        "Task       copy_job, try 2",
        f"RUN_ID     {run_id_of(RUN)}",
        "Batch job  id-1",
        "Log        https://log",
        f"Report     https://eu-west-1.console.aws.amazon.com/s3/object/dpstack-dlake?region=eu-west-1&prefix=report/spacex/"
        f"{run_id_of(RUN)}.html (or: cargo xtask report spacex --run {run_id_of(RUN)} --open)",
        "Error      job id-1 failed",
        "Retry      none; fix the cause, then clear the task in Airflow",
    ]


def test_a_job_that_never_started_links_to_the_log_of_airflow():
    never = task(job_id=None, job_log=None, cause=None)
    message = notify.message_of({"ti": ti(task=never, log_url="https://airflow")})[1]
    assert f"Batch job  ingestion-copy_job-{run_id_of(RUN)}" in message and "Log        https://airflow" in message
    assert "Error      not known" in message


def test_a_mapped_task_of_another_dag_has_its_own_run_id_and_job():
    mapped = SimpleNamespace(
        dag_id="zoo", task_id="copy_job", run_id=RUN, try_number=1, map_index=3, task=task(job_id=None)
    )
    message = notify.message_of({"ti": mapped})[1]
    run_id = run_id_of(RUN, "zoo")
    assert f"RUN_ID     {run_id}" in message
    assert f"Batch job  {job_name_of('zoo', 'copy_job', 3, run_id)}" in message
    assert "Report" not in message, "zoo is the DAG of no source"


@pytest.mark.parametrize(
    ("region", "domain"),
    [("cn-north-1", "console.amazonaws.cn"), ("us-gov-west-1", "console.amazonaws-us-gov.com")],
)
def test_the_report_is_in_the_console_of_the_partition(monkeypatch, region, domain):
    monkeypatch.setattr(notify, "PLATFORM", notify.PLATFORM | {"region": region})
    assert notify.report_link("spacex", "r1").startswith(f"https://{region}.{domain}/s3/object/dpstack-dlake?")


def test_the_message_for_a_task_without_a_job_has_no_job():
    message = notify.message_of({"ti": ti(task=SimpleNamespace()), "exception": "2 problems"})[1]
    assert "Batch job" not in message and "RUN_ID" not in message and "2 problems" in message


def test_the_message_for_slack_is_a_custom_notification_with_the_same_details():
    context = {"ti": ti(task=task()), "exception": ValueError("job id-1\nfailed")}
    found = json.loads(notify.chat_message_of(context))
    content = found.pop("content")
    assert found == {"version": "1.0", "source": "custom"}
    assert content["textType"] == "client-markdown"
    assert content["title"] == "dpstack: ingestion.copy_job failed: dbt: a failed"
    assert content["nextSteps"] == ["Fix the cause, then clear the task in Airflow"]
    lines = content["description"].replace("&amp;", "&").splitlines()
    mail = notify.message_of(context)[1].splitlines()[2:-1]
    assert [line.replace("*", "").split() for line in lines] == [line.split() for line in mail]
    assert lines[0] == "*DAG* ingestion"


def test_a_text_cannot_notify_people_in_slack_or_exceed_a_message():
    context = {"ti": ti(task=task(cause="<!channel> & co")), "exception": "<" * 5_000}
    content = json.loads(notify.chat_message_of(context))["content"]
    assert content["title"].endswith("&lt;!channel&gt; &amp; co") and "<" not in content["description"]
    assert len(content["description"]) <= 2_900 and content["description"].endswith("&lt;")
    content = json.loads(notify.chat_message_of({"exception": "&" * 500}))["content"]
    assert len(content["title"]) <= 150 and content["title"].endswith("&amp;")


@pytest.mark.parametrize("context", [{}, {"ti": None}, {"ti": SimpleNamespace()}, {"ti": ti(), "exception": None}])
def test_an_incomplete_context_gives_an_incomplete_message(context):
    assert "not known" in notify.message_of(context)[1] and "not known" in notify.chat_message_of(context)


def test_sns_accepts_every_subject():
    odd = SimpleNamespace(dag_id="dåg\n" + "x" * 200, task_id="t", run_id=RUN, try_number=1)
    subject = notify.message_of({"ti": odd})[0]
    assert len(subject) == 100 and subject.isascii() and subject.isprintable()


HOOK = "airflow.providers.amazon.aws.hooks.sns.SnsHook.publish_to_target"


def test_the_texts_of_others_are_not_rendered_as_templates(monkeypatch):
    published = []
    monkeypatch.setattr(HOOK, lambda *_, **message: published.append(message))
    notify.failed({"ti": ti(task=task(cause="unexpected {{ 1 / 0 }}"))})
    assert "unexpected {{ 1 / 0 }}" in published[0]["subject"] and "{{ 1 / 0 }}" in published[0]["message"]


def test_with_slack_each_topic_gets_one_message_in_its_format(monkeypatch):
    published = []
    monkeypatch.setitem(notify.PLATFORM, "chat_topic", "arn:chat")
    monkeypatch.setattr(HOOK, lambda *_, **message: published.append((message["target_arn"], message["message"])))
    context = {"ti": ti(task=task())}
    notify.failed(context)
    alarms = (notify.PLATFORM["alarm_topic"], notify.message_of(context)[1])
    assert published == [alarms, ("arn:chat", notify.chat_message_of(context))]


@pytest.mark.parametrize("broken", ["alarm_topic", "chat_topic"])
def test_if_one_topic_does_not_accept_a_message_the_other_gets_its_own(monkeypatch, caplog, broken):
    published = []
    monkeypatch.setitem(notify.PLATFORM, "chat_topic", "arn:chat")

    def publish(*_, target_arn, **__):
        if target_arn == notify.PLATFORM[broken]:
            raise OSError("no network")
        published.append(target_arn)

    monkeypatch.setattr(HOOK, publish)
    notify.failed({"ti": ti(task=task())})
    assert published == [notify.PLATFORM["chat_topic" if broken == "alarm_topic" else "alarm_topic"]]
    assert f"Cannot send the notification to {notify.PLATFORM[broken]}" in caplog.text


def test_without_a_topic_the_message_is_logged(monkeypatch, caplog):
    monkeypatch.setitem(notify.PLATFORM, "alarm_topic", None)
    monkeypatch.setattr(HOOK, lambda *_, **__: pytest.fail("no message may be sent"))
    notify.failed({"ti": ti(task=task())})
    assert "Batch job  id-1" in caplog.text and "No alarm topic is set" in caplog.text


def test_a_failure_that_another_one_has_announced_is_only_logged(monkeypatch, caplog):
    monkeypatch.setattr(HOOK, lambda *_, **__: pytest.fail("no message may be sent"))
    notify.failed({"ti": ti(task=task(is_announced=True))})
    assert "dpstack: ingestion.copy_job failed: dbt: a failed" in caplog.text
    assert "Cannot send the notification" not in caplog.text


@pytest.mark.parametrize("context", [None, {}, {"ti": ti(task=task())}])
def test_the_notification_never_raises(monkeypatch, caplog, context):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(HOOK, refuse)
    notify.failed(context)
    assert "Cannot send the notification" in caplog.text


@pytest.mark.parametrize(("task_id", "map_index"), [("copy_job", -1), ("transformation", 1)])
def test_the_dag_processor_notifies_about_a_task_with_a_dead_worker(monkeypatch, task_id, map_index):
    """As in Airflow: in another process than the task, without the attributes that the task had set."""
    import structlog
    from airflow.callbacks.callback_requests import TaskCallbackRequest
    from airflow.dag_processing.processor import _execute_task_callbacks
    from airflow.models import DagBag
    from airflow.sdk.api.datamodels._generated import TaskInstance
    from conftest import DAGS

    published = []
    monkeypatch.setattr(HOOK, lambda *_, **message: published.append(message["message"]))
    monkeypatch.setitem(notify.SOURCES["spacex"], "groups", ["crew", "cores"])
    ids = {"id": uuid4(), "dag_version_id": uuid4(), "task_id": task_id, "dag_id": "ingestion", "run_id": RUN}
    died = TaskInstance(**ids, try_number=1, map_index=map_index)
    request = TaskCallbackRequest(
        filepath="ingestion.py", bundle_name="dags-folder", bundle_version=None, msg="no heartbeat", ti=died
    )
    _execute_task_callbacks(DagBag(str(DAGS)), request, structlog.get_logger())
    (message,) = published
    assert f"Run        {RUN}" in message and f"Task       {task_id}, try 1" in message
    name = job_name_of("ingestion", task_id, map_index, run_id_of(RUN))
    assert f"Batch job  {name}" in message and "Error      not known" in message
