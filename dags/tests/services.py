"""A running Airflow as on MWAA: API server, scheduler, DAG processor and triggerer, each a process of its own. Only the
workers and the DAG processor find modules of the DAG folder. All tasks together have one worker slot.

Its requests to AWS pass through `Gate`, which can withhold the response to a submission that Batch accepted.
"""

import http.server
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

PROGRAMS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


# States that others follow.
BEFORE = (None, "scheduled", "queued", "running", "deferred", "up_for_retry", "restarting")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Gate:
    """Forwards requests to moto. The response to SubmitJob for a name in `withheld` is never sent."""

    def __init__(self, target: str):
        gate, self.withheld, self.submitted = self, set(), []

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
                    name = json.loads(body)["jobName"]
                    gate.submitted.append(name)
                    if any(name.startswith(one) for one in gate.withheld):
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
    def __init__(self, airflow, endpoint: str):
        port = free_port()
        self.url, self.home = f"http://127.0.0.1:{port}", Path(airflow.environment["AIRFLOW_HOME"])
        self.environment = {name: text for name, text in airflow.environment.items() if name != "PYTHONPATH"} | {
            "AWS_ENDPOINT_URL": endpoint,
            "PYTHONWARNINGS": "ignore",
            "AIRFLOW__CORE__PARALLELISM": "1",
            "AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT": "1",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
        }
        self.processes = {}
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

    def wait(self, what, seconds: float = 90):
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

    def run(self, source: str) -> str:
        """Starts a run of the DAG of a source, and returns its path in the API."""
        path, run_id = f"/api/v2/dags/ingestion_{source}/dagRuns", f"manual__{source}"
        self.wait(lambda: self.request("POST", path, {"dag_run_id": run_id, "logical_date": None}))
        return f"{path}/{run_id}"

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
