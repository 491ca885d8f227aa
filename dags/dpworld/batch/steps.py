"""The results of a run's tasks, for the job that writes the report of the run."""

import json
from collections import Counter

# The XCom with the result of a task.
RESULT = "result"
# The maximum length of a cause in bytes. Amazon ECS accepts overrides of 8,192 characters (Amazon ECS API Reference, RunTask).
MAX_CAUSE_LENGTH = 1_000


def steps_of(ti, tasks, states: dict) -> str:
    """Returns the state, times, log and cause of each task as JSON, with the states from `states_of`. The instances of a
    mapped task are one step."""
    steps = {"steps": [step_of(ti, task, states) for task in tasks], "link": run_link(ti)}
    return json.dumps(steps, ensure_ascii=False)


def states_of(ti, tasks) -> dict[str, str | None]:
    """Returns the states of the tasks in this run, and of each instance of a mapped one."""
    if not tasks:
        return {}
    return ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=list(tasks)).get(ti.run_id, {})


def step_of(ti, task: str, states: dict) -> dict:
    # Airflow adds the index to the ID of a mapped task.
    own = [state or "none" for name, state in states.items() if name == task or name.rpartition("_")[0] == task]
    # A task that did not run again after it was cleared still has its old result.
    has_run = "success" in own or "failed" in own
    results = [one for one in ti.xcom_pull(task_ids=[task], key=RESULT) or [] if one] if has_run else []
    seconds = [one["seconds"] for one in results if one.get("seconds") is not None]
    causes = [one for one in results if one.get("cause")]
    state = "failed" if "failed" in own else (Counter(own).most_common(1) or [("none", 0)])[0][0]
    return {
        "task": task,
        "state": state,
        "seconds": sum(seconds) if seconds else None,
        "billed_seconds": sum(one.get("billed_seconds") or 0 for one in results),
        "cause": causes[0]["cause"].encode()[:MAX_CAUSE_LENGTH].decode(errors="ignore") if causes else None,
        "log": next((one["log"] for one in causes or results if one.get("log")), None),
    }


def run_link(ti) -> str | None:
    """Returns the URL of the run in Airflow."""
    url = getattr(ti, "log_url", None)
    return url.partition("/tasks/")[0] if url else None
