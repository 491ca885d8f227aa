"""moto's server with Batch on real containers, and the image of these containers.

The image is built from one static program, so nothing is pulled. xtask/emulator/moto_server.py lists what moto does not verify.
"""

import http.client
import io
import json
import os
import secrets
import socket
import subprocess
import tarfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).parent
REGION, ACCOUNT = "eu-west-1", "123456789012"
QUEUE = "dpstack-batch-queue"
# The memory of each container in MiB.
MEMORY = "64"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def free_port() -> int:
    """Returns a port for a program that needs seconds until it listens. Linux gives no other socket a port below 32768."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


class Moto:
    """A running server on a free loopback port."""

    def __init__(self, python: str, folder: Path):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "moto.log"
        program = HERE.parents[1] / "xtask/emulator/moto_server.py"
        # Only PATH is inherited, so no real credentials and no other endpoint.
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)} | CREDENTIALS
        # The jobs of these tests need no network.
        environment["MOTO_DOCKER_NETWORK_MODE"] = "none"
        with self.log.open("wb") as log:
            command = [python, str(program), "-H", "127.0.0.1", "-p", str(port)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        self.wait()

    def wait(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/config", timeout=2).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"moto's server does not respond:\n{self.log.read_text()}")

    def client(self, service: str):
        import boto3

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **keys)

    def platform(self) -> None:
        """Creates a compute environment and a queue."""
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = self.client("iam").create_role(RoleName="batch", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        subnets = [subnet["SubnetId"] for subnet in self.client("ec2").describe_subnets()["Subnets"]]
        groups = [group["GroupId"] for group in self.client("ec2").describe_security_groups()["SecurityGroups"]]
        batch = self.client("batch")
        resources = {"type": "FARGATE", "maxvCpus": 4, "subnets": subnets, "securityGroupIds": groups}
        environment = batch.create_compute_environment(
            computeEnvironmentName="fargate",
            type="MANAGED",
            state="ENABLED",
            computeResources=resources,
            serviceRole=role,
        )
        order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
        batch.create_job_queue(jobQueueName=QUEUE, state="ENABLED", priority=1, computeEnvironmentOrder=order)

    def define(self, name: str, image: str, environment: dict[str, str]) -> None:
        """Registers a revision of a job definition as in a deployment: Fargate, and a named volume as a writable /tmp."""
        self.client("batch").register_job_definition(
            jobDefinitionName=name,
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties={
                "image": image,
                "command": ["none"],
                "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
                "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": MEMORY}],
                "environment": [{"name": key, "value": value} for key, value in environment.items()],
                "volumes": [{"name": "tmp"}],
                "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}],
            },
        )

    def jobs(self) -> list[dict]:
        """The descriptions of all jobs, oldest first."""
        batch = self.client("batch")
        # AWS requires a filter to list jobs of every status; moto ignores it.
        every = [{"name": "JOB_NAME", "values": ["*"]}]
        ids = [job["jobId"] for job in batch.list_jobs(jobQueue=QUEUE, filters=every)["jobSummaryList"]]
        described = batch.describe_jobs(jobs=ids)["jobs"] if ids else []
        return sorted(described, key=lambda job: job["createdAt"])

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Docker:
    """The Docker socket; the requests need API version 1.24 or later."""

    def __init__(self, path: str = "/var/run/docker.sock"):
        self.path = path

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "application/x-tar") -> bytes:
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(60)
        connection.sock.connect(self.path)
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise RuntimeError(f"Docker: {method} {path}: {response.status} {content.decode(errors='replace')}")
        return content

    def create_image(self, name: str, folder: Path) -> None:
        """Imports an image with one static program as its entry point."""
        program = folder / "probe"
        subprocess.run(["cc", "-static", "-Os", "-o", program, HERE / "probe.c"], check=True)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(program, "probe")
        changes = "changes=ENTRYPOINT%20%5B%22%2Fprobe%22%5D&changes=VOLUME%20%2Ftmp"
        self.request("POST", f"/images/create?fromSrc=-&repo={name}&tag=latest&{changes}", archive.getvalue())

    def remove_image(self, name: str) -> None:
        """Removes the image and the containers that a stopped server did not remove."""
        filters = quote(json.dumps({"ancestor": [name]}))
        for one in json.loads(self.request("GET", f"/containers/json?all=true&filters={filters}")):
            self.request("DELETE", f"/containers/{one['Id']}?force=true&v=true")
        self.request("DELETE", f"/images/{name}:latest?force=true")

    def running(self, image: str) -> list[str]:
        """The names of running containers of an image."""
        return [one["Names"][0] for one in json.loads(self.request("GET", "/containers/json")) if one["Image"] == image]
