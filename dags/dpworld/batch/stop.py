"""Terminates the jobs of a failed run. A task that is marked as failed while it is deferred has no worker that could."""

import logging

from dpworld.batch.jobs import Batch
from dpworld.runs import UNMAPPED, job_name_of, run_id_of
from dpworld.settings import PLATFORM, SOURCES

log = logging.getLogger(__name__)


def stop_jobs(context, tasks=None) -> None:
    """A DAG's `on_failure_callback`; with `tasks`, only for these task IDs. Never raises."""
    try:
        dag, run_id = context["dag"], run_id_of(context["run_id"], context["dag"].dag_id)
        groups = next(source["groups"] for source in SOURCES.values() if source["dag"] == dag.dag_id)
        batch = Batch(PLATFORM["region"])
        for task in dag.tasks:
            if tasks and task.task_id not in tasks:
                continue
            for index in range(len(groups)) if task.is_mapped else [UNMAPPED]:
                name = job_name_of(dag.dag_id, task.task_id, index, run_id)
                if job := batch.live_job(PLATFORM["queue"], name):
                    batch.terminate(job["jobId"], "The Airflow task was marked as failed")
                    log.warning("Terminated job %s (%s)", job["jobId"], name)
    except Exception:
        log.exception("Cannot terminate the jobs of the run; hint: terminate them with `aws batch terminate-job`")
