"""Shared fixtures: a DAG folder with separate settings, a running Airflow for it, and an AWS emulator."""

import json
import os
import shutil
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
import services  # noqa: E402

os.environ.update(emulator.CREDENTIALS)


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
    """A copy of the DAG folder with the given changes to `platform.json`, and the environment of an Airflow for it."""

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
            "PYTHONWARNINGS": "ignore",
            "COLUMNS": "250",
            "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
            **emulator.CREDENTIALS,
        }


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """The name of an image with the program `probe.c`; removed afterwards."""
    name = f"dpworld-dags-probe-{os.getpid()}"
    docker = emulator.Docker()
    docker.create_image(name, tmp_path_factory.mktemp("image"))
    yield name
    docker.remove_image(name)


@pytest.fixture(scope="session")
def moto(tools, tmp_path_factory):
    """moto with the queue of the platform. Jobs run in containers."""
    server = emulator.Moto(tools, tmp_path_factory.mktemp("moto"))
    try:
        server.platform()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def mailbox(moto, airflow):
    """Returns a function that returns the messages that the topic received about a source."""
    sqs, sns = moto.client("sqs"), moto.client("sns")
    queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    (topic,) = sns.list_topics()["Topics"]
    sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn)
    received = []

    def messages(source: str) -> list[dict]:
        while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            received.extend(json.loads(one["Body"]) for one in found)
            for one in found:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
        return [one for one in received if f"ingestion_{source}." in one["Message"]]

    return messages


@pytest.fixture(scope="session")
def airflow(tmp_path_factory, moto, image):
    """A running Airflow with the DAGs of `services.SOURCES`."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Fails if another worker has started the services.
        (tmp_path_factory.getbasetemp().parent / "services").mkdir()
    services.define(moto, image)
    running = services.Services(Airflow(tmp_path_factory.mktemp("services"), **services.settings(moto)), moto)
    try:
        running.start_all()
        yield running
    finally:
        for name in list(running.processes):
            running.stop(name)
