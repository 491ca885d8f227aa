"""A running Airflow as on MWAA: API server, scheduler, DAG processor and triggerer, each a process of its own. Only the
workers and the DAG processor find modules of the DAG folder. All tasks together have two worker slots.

Its requests to AWS pass through `Gate`, which can withhold the response to a submission that Batch accepted.
"""

import http.server
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import emulator

PROGRAMS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
SLOTS = 2
# States that others follow.
BEFORE = (None, "scheduled", "queued", "running", "deferred", "up_for_retry", "restarting")

# Airflow 3.0 fails a task that is queued again before the scheduler has noticed that it waits or failed; jobs on Fargate and
# retries take longer.
SHORT = {f"SECONDS_{command}": "5" for command in ("transformation", "copy", "dbt", "report")}
SLOW = SHORT | {f"SECONDS_{command}": "600" for command in ("transformation", "copy")}
# What the programs log at the end of a failed run.
UNAVAILABLE = """\
 WARN cores: `https://source/v4/cores` returned 500 Internal Server Error: `oops`; next retry in 5.0 s
ERROR 2 of 2 collections failed: cores: `https://source/v4/cores` returned 500 Internal Server Error: `oops`
crew: `https://source/v4/crew` returned 500 Internal Server Error: `oops`"""
REFUSED = """\
ERROR table `cores` would lose 50 of its 83 rows (60.2 %, more than 20.0 %)
table `crew` would lose 20 of its 30 rows (66.7 %, more than 20.0 %)
ERROR hint: the response is probably incomplete, or a field was removed"""
FAILED_TEST = """\
21:58:05  Completed with 1 error, 0 partial successes, and 0 warnings:
21:58:05
21:58:05  [ERROR]: in test unique_fct_launches_launch_id (models/marts/fct_launches.yml)
21:58:05    Got 3 results, configured to fail if != 0
21:58:05
21:58:05  Done. PASS=244 WARN=0 ERROR=1 SKIP=2 NO-OP=0 TOTAL=247"""
# The sources, and the environment of their containers.
SOURCES = {
    "good": SHORT | {"SECONDS_transformation": "15"},
    "unavailable": SHORT | {"EXIT_transformation": "75", "LINES_transformation": UNAVAILABLE},
    "memory": SHORT | {"MEMORY_transformation": "1"},
    "refused": SHORT | {"EXIT_copy": "1", "LINES_copy": REFUSED, "EXIT_report": "1"},
    "untested": SHORT | {"EXIT_dbt": "1", "LINES_dbt": FAILED_TEST},
    **dict.fromkeys(("killed", "silent", "cleared", "marked", "late", "several"), SLOW),
    "split": SHORT | {"SECONDS_copy": "600"},
    "cores": SHORT,
    "moons": SHORT | {"EXIT_report": "1"},
    # A group still runs when the other one has failed.
    "half": SHORT | {"EXIT_launches": "1", "SECONDS_transformation": "15"},
}
GROUPS = {name: ["crew,cores", "launches"] for name in ("split", "cores", "moons", "half")}
# Two DAGs with the same tasks and the same schedule, and therefore the same run IDs. They are paused.
SEVERAL = """
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG, TaskGroup

from dpworld.batch.operator import BatchJobOperator, batch_job
from dpworld.settings import PLATFORM

COPY = PLATFORM["sources"]["several"]["jobs"]["copy_job"]
MORE = [COPY | {"command": ["copy", name]} for name in ("a", "b")]
TASK = {"source": "several", "job_queue": PLATFORM["queue"], "region": PLATFORM["region"], "poll_seconds": 0.5}
TASK["execution_timeout"] = timedelta(minutes=5)


def make(dag_id):
    with DAG(dag_id, schedule="0 5 1 1 *", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
        batch_job(PLATFORM, "several", "copy_job")
        with TaskGroup("load"):
            batch_job(PLATFORM, "several", "copy_job")
            BatchJobOperator.partial(task_id="each", **TASK).expand(job=MORE)
    return dag


one, two = make("one"), make("two.daily")
"""


def define(moto, image: str) -> None:
    for name, environment in SOURCES.items():
        moto.define(name, image, environment)


def settings(moto) -> dict:
    """Returns changes to `platform.json`: a DAG for each source, and a topic."""
    spacex = json.loads((Path(__file__).parents[1] / "platform.json").read_text())["sources"]["spacex"]
    sources = {}
    for name in SOURCES:
        jobs = {task: job | {"definition": name} for task, job in spacex["jobs"].items()}
        if name == "late":
            jobs["transformation"]["timeout_seconds"] = 10
        sources[name] = spacex | {"dag": f"ingestion_{name}", "jobs": jobs, "groups": GROUPS.get(name, [])}
    topic = moto.client("sns").create_topic(Name="alarms")["TopicArn"]
    return {"sources": sources, "alarm_topic": topic, "retries": 1, "retry_delay_seconds": 8}


def environment(job: dict) -> dict:
    return {one["name"]: one["value"] for one in job["container"]["environment"]}


class Gate:
    """Forwards requests to moto. The response to the first SubmitJob of a DAG in `withheld` is never sent."""

    def __init__(self, target: str, withheld: set[str]):
        self.withheld = withheld

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = urllib.request.Request(target + self.path, body, dict(self.headers), method=self.command)
                try:
                    with urllib.request.urlopen(request, timeout=60) as response:
                        status, content = response.status, response.read()
                except urllib.error.HTTPError as error:
                    status, content = error.code, error.read()
                if self.path.endswith("/submitjob"):
                    dag = json.loads(body)["tags"]["dag_id"]
                    if dag in withheld:
                        withheld.remove(dag)
                        time.sleep(120)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST  # noqa: N815 - the name that the class calls

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Services:
    def __init__(self, airflow, moto):
        port = emulator.free_port()
        self.moto, self.gate = moto, Gate(moto.url, {"ingestion_killed", "ingestion_silent"})
        # It needs a warehouse, and occupies a worker while it waits for one.
        (airflow.dags / "platform_health.py").unlink()
        (airflow.dags / "several.py").write_text(SEVERAL)
        self.url, self.home = f"http://127.0.0.1:{port}", Path(airflow.environment["AIRFLOW_HOME"])
        self.environment = airflow.environment | {
            "AWS_ENDPOINT_URL": self.gate.url,
            "AIRFLOW__CORE__PARALLELISM": str(SLOTS),
            "AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT": str(SLOTS),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "25",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
        }
        self.processes = {}

    def start_all(self) -> None:
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=self.environment, check=True)
        for name in PROGRAMS:
            self.start(name)
        self.token = self.wait(lambda: self.request("GET", "/auth/token", login=False)["access_token"])

    def start(self, name: str) -> None:
        with (self.home / f"{name}.out").open("ab") as out:
            command = [sys.executable, "-m", "airflow", *PROGRAMS[name]]
            options = {"stdout": out, "stderr": out, "env": self.environment, "cwd": self.home}
            self.processes[name] = subprocess.Popen(command, start_new_session=True, **options)

    def stop(self, name: str, how=signal.SIGKILL) -> None:
        process = self.processes.pop(name)
        os.killpg(process.pid, how)
        process.wait(30)

    def request(self, method: str, path: str, body: dict | None = None, login: bool = True) -> dict:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.token}"} if login else {})
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.loads(response.read() or b"{}")

    def wait(self, what, seconds: float = 180):
        """Returns the first true value of a function; failed requests count as false."""
        end, error = time.monotonic() + seconds, None
        while time.monotonic() < end:
            try:
                if found := what():
                    return found
            except (urllib.error.URLError, OSError, KeyError) as caught:
                error = caught
            time.sleep(0.2)
        logs = "\n".join(f"{file.name}: {file.read_text()[-3000:]}" for file in self.home.glob("*.out"))
        raise AssertionError(f"waited for {seconds} seconds ({error}); {logs}")

    def run(self, source: str, **options) -> str:
        """Starts a run of the DAG of a source, and returns its path in the API."""
        path, run_id = f"/api/v2/dags/ingestion_{source}/dagRuns", f"manual__{source}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": options}
        self.wait(lambda: self.request("POST", path, body))
        return f"{path}/{run_id}"

    def jobs(self, run: str) -> list[dict]:
        """The jobs of a run, oldest first."""
        dag, run_id = run.split("/")[4::2]
        jobs = self.moto.jobs()
        return [job for job in jobs if (job["tags"]["dag_id"], job["tags"]["dag_run_id"]) == (dag, run_id)]

    def job(self, run: str, task: str) -> dict:
        """The only job of a task."""
        (job,) = [job for job in self.jobs(run) if job["tags"]["task_id"] == task]
        return job

    def state(self, run: str, task: str = "") -> str:
        return self.request("GET", f"{run}/taskInstances/{task}" if task else run)["state"]

    def until(self, run: str, state: str, task: str = "") -> None:
        def is_reached() -> bool:
            now = self.state(run, task)
            assert now in (state, *BEFORE), f"{run} {task}: {now}, not {state}"
            return now == state

        self.wait(is_reached)

    def log(self, run: str, task: str = "", number: int = 1) -> str:
        return json.dumps(self.request("GET", f"{run}/taskInstances/{task}/logs/{number}"))

    def database(self, sql: str) -> list:
        with sqlite3.connect(self.home / "airflow.db", timeout=30) as connection:
            return connection.execute(sql).fetchall()
