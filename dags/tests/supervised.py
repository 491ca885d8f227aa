"""Runs one task of a new run as a worker does: in a separate process under Airflow's supervisor.

    python supervised.py <task> <run id> [<file>]

With a file, the task is marked as failed when that file exists, as a person does in the Airflow UI; the supervisor detects
this with its next heartbeat and kills the task. The run has no logical date.
"""

import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

from airflow.executors.workloads import BundleInfo, TaskInstance
from airflow.models.dagbag import DagBag
from airflow.models.taskinstance import TaskInstance as Row
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor, supervise
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType


def create_run(dag, task_id: str, run_id: str) -> TaskInstance:
    """Creates a run with a queued task."""
    with create_session() as session:
        run = dag.create_dagrun(
            run_id=run_id,
            logical_date=None,
            run_after=datetime.now(timezone.utc),
            run_type=DagRunType.MANUAL,
            state=DagRunState.RUNNING,
            triggered_by=DagRunTriggeredByType.TEST,
            session=session,
        )
        row = run.get_task_instance(task_id, session=session)
        row.state, row.try_number, row.queued_dttm = TaskInstanceState.QUEUED, 1, datetime.now(timezone.utc)
        session.commit()
        return TaskInstance.model_validate(row, from_attributes=True)


def mark_as_failed(ti: TaskInstance, file: Path) -> None:
    while not file.exists():
        time.sleep(0.1)
    with create_session() as session:
        session.query(Row).filter(Row.id == str(ti.id)).update({"state": TaskInstanceState.FAILED})


def main(task_id: str, run_id: str, file: str | None = None) -> None:
    dag = DagBag(read_dags_from_db=True).get_dag("ingestion")
    ti = create_run(dag, task_id, run_id)
    if file:
        threading.Thread(target=mark_as_failed, args=(ti, Path(file)), daemon=True).start()
    supervise(
        ti=ti,
        bundle_info=BundleInfo(name="dags-folder"),
        dag_rel_path="ingestion.py",
        token="",
        client=InProcessTestSupervisor._api_client(dag),
        subprocess_logs_to_stdout=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
