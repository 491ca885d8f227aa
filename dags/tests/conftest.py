"""Shared fixtures: a DAG folder with separate settings, an Airflow instance for it, and an AWS emulator."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DAGS = HERE.parent
# Must be set before the import of Airflow. Nothing of the machine's configuration is used.
HOME = DAGS.parent / "target/test/dags" / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ.update(
    AIRFLOW_HOME=str(HOME),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(DAGS),
    # The Connection of MWAA; without a database, Airflow finds none.
    AIRFLOW_CONN_AWS_DEFAULT="aws://",
    AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
)
for name in [name for name in os.environ if name.startswith(("AWS_", "OPENLINEAGE_"))]:
    del os.environ[name]
sys.path[:0] = [str(DAGS), str(HERE)]

import emulator  # noqa: E402

os.environ.update(emulator.CREDENTIALS)
QUEUE = "dpstack-batch-queue"


def pytest_configure(config):
    config.addinivalue_line("markers", "needs_docker: runs containers")


@pytest.fixture(scope="session")
def tools() -> str:
    """The Python with moto and ruff, which need other versions of some packages than Airflow."""
    python = os.environ.get("TEST_TOOLS_PYTHON")
    assert python, "TEST_TOOLS_PYTHON is not set; `cargo xtask test --all` runs these tests"
    # Links are not resolved: Python finds its environment by the path of the link.
    return str(Path(python).absolute())


class Airflow:
    """An Airflow instance with a separate database, for a copy of the DAG folder."""

    def __init__(self, folder: Path, **settings):
        self.dags = folder / "dags"
        shutil.copytree(DAGS, self.dags, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        platform = json.loads((self.dags / "platform.json").read_text())
        # The committed settings with shorter waits.
        platform |= {"retry_delay_seconds": 1, "poll_seconds": 0.5, **settings}
        (self.dags / "platform.json").write_text(json.dumps(platform))
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            # `airflow dags test` does not add the folder to the path; the DAG processor and the workers do.
            "PYTHONPATH": str(self.dags),
            "PYTHONWARNINGS": "default::DeprecationWarning",
            "COLUMNS": "250",
            "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
            **emulator.CREDENTIALS,
        }

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [sys.executable, *command],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        print(done.stdout)
        return done


@pytest.fixture(scope="session")
def database(tmp_path_factory) -> Path:
    """An Airflow home with a migrated database. Tests copy it, because the migration takes seconds."""
    airflow = Airflow(tmp_path_factory.mktemp("database"))
    assert airflow.run("-m", "airflow", "db", "migrate").returncode == 0
    assert airflow.run("-m", "airflow", "dags", "reserialize").returncode == 0
    return Path(airflow.environment["AIRFLOW_HOME"])


@pytest.fixture
def airflow(tmp_path, database):
    """Creates Airflow instances with the given changes to `platform.json`."""

    def make(**settings) -> Airflow:
        instance = Airflow(tmp_path, **settings)
        home = Path(instance.environment["AIRFLOW_HOME"])
        shutil.copytree(database, home)
        # Airflow creates it again: it contains the path of the database.
        (home / "airflow.cfg").unlink(missing_ok=True)
        return instance

    return make


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """The name of an image with the program `probe.c`; removed afterwards."""
    name = f"dpworld-dags-probe-{os.getpid()}"
    docker = emulator.Docker()
    docker.create_image(name, tmp_path_factory.mktemp("image"))
    yield name
    docker.remove_image(name)


@pytest.fixture
def moto(tmp_path, tools, monkeypatch, request):
    """moto with the queue of the platform. Jobs run in containers if the test needs Docker, otherwise they succeed immediately."""
    server = emulator.Moto(tools, tmp_path, docker="needs_docker" in request.keywords)
    try:
        server.platform(QUEUE)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield server
    finally:
        server.stop()
