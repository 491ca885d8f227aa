"""moto's server with a Batch emulation that is closer to AWS: `python moto_server.py -H 127.0.0.1 -p PORT`.

moto runs the container of each job, but differs from AWS. This file changes the following behaviour:
- DescribeJobs has no `container.exitCode`, which the DAGs need to decide whether to retry;
- DescribeJobs returns the integers `vcpus` and `memory` even if the definition has `resourceRequirements`, as Fargate requires;
  half a vCPU is not an integer;
- `attempts` includes attempts that are still running;
- log timestamps have fractions of a millisecond, which clients reject;
- a volume with only a name, which Fargate creates on the task's disk, raises a KeyError, and no container starts. Here,
  such volumes and their mount points are omitted; if the image declares `VOLUME`, Docker creates a writable volume;
- a job's memory is not limited. Here, it is, and the reason of a job that exceeds it is that of Fargate;
- volumes that Docker creates are not deleted. Here, they are deleted with their container;
- every job logs to `/aws/batch/job`. Here, it logs to the group in its definition's log configuration, which DescribeJobs
  returns;
- a local image is not pulled again, and a missing image fails a job without a reason. Here, each job requests the image from
  the registry, as with Fargate, and the registry's error is the reason;
- the user and a read-only root file system are ignored. Here, both are set as in the definition, all capabilities are
  dropped, and a process cannot gain new privileges;
- secrets are ignored. Here, they are read with the access key of the definition's execution role before the container starts,
  and passed as variables; a secret that the role may not read fails the job;
- a compute environment requires a service role, and subnets and security groups that moto created. Here, the role is
  optional, and those of another emulator are accepted.

JOBS_FILE can be set to a file with local replacements for a container's environment on AWS. DescribeJobs does not
return them:

    {"registry": {"<host>": "<local host>"}, "labels": {…}, "hosts": {"<host>": "<address>"}, "secrets": "<url>",
     "contracts": {"<CONTRACT>": {…}}, "environment": {"<job definition>": {…}}, "mounts": {"<job definition>": {"<local path>": "<path>"}},
     "start_seconds": <how long each job of Airflow is STARTING>}

Not verified: role permissions, except for secrets, which are read from `secrets` (`iam/gate.mjs`). Batch's retries are not emulated.

The replaced functions are private, so this file rejects other versions of moto.
"""

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import docker.errors
import moto
import moto.batch.models
from docker.models.containers import Container, ContainerCollection
from docker.types import Mount
from moto.batch.models import BatchBackend, Job
from moto.server import main

VERSION = "5.2.5"


def extend_details(original):
    def _container_details(self):
        details = original(self)
        if requirements := self._get_container_property("resourceRequirements", []):
            details = {name: value for name, value in details.items() if name not in ("vcpus", "memory")}
            details["resourceRequirements"] = requirements
        if configuration := self.job_definition.container_properties.get("logConfiguration"):
            details["logConfiguration"] = configuration
        if self.exit_code is not None:
            details["exitCode"] = self.exit_code
            for attempt in self.attempts:
                attempt["container"]["exitCode"] = self.exit_code
        if reason := getattr(self, "container_reason", None):
            details["reason"] = reason
        return details

    return _container_details


def extend_describe(original):
    def describe(self):
        job = original(self)
        return job | {"attempts": [attempt for attempt in job["attempts"] if "stoppedAt" in attempt]}

    return describe


def extend_property(original):
    def _get_container_property(self, name, default):
        found = original(self, name, default)
        if name not in ("volumes", "mountPoints"):
            return found
        volumes = original(self, "volumes", [])
        on_host = {volume["name"] for volume in volumes if "sourcePath" in volume.get("host", {})}
        key = "name" if name == "volumes" else "sourceVolume"
        return [item for item in found if item[key] in on_host]

    return _get_container_property


def extend_remove(original):
    def remove(self, **options):
        original(self, **{"v": True} | options)

    return remove


def extend_wait(original):
    def wait(self, **options):
        result = original(self, **options)
        self.reload()
        if self.attrs["State"]["OOMKilled"]:
            threading.current_thread().container_reason = "OutOfMemoryError: Container killed due to memory usage"
        return result

    return wait


def replacements():
    file = os.environ.get("JOBS_FILE")
    return json.loads(Path(file).read_text()) if file else {}


def check_image(image, host):
    """Raises LookupError if the registry does not have the image. Docker does not request a digest that it has already
    pulled."""
    name, reference = image.removeprefix(f"{host}/").split("@")
    kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
    request = urllib.request.Request(
        f"http://{host}/v2/{name}/manifests/{reference}", headers={"Accept": kinds}, method="HEAD"
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except OSError as error:
        raise LookupError(f"{image} not found: manifest unknown to the registry: {error}") from error


def read_secret(url, role, arn):
    """Returns the text of a secret or of a parameter. Fargate has the permissions of the execution role, whose name is the
    access key here. Raises LookupError with the service's message."""
    service, region = arn.split(":")[2:4]
    target, request = "secretsmanager.GetSecretValue", {"SecretId": arn}
    if service == "ssm":
        target, request = "AmazonSSM.GetParameters", {"Names": [arn], "WithDecryption": True}
    scope = f"{role.rpartition('/')[2]}/20260101/{region}/{service}/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target, "Authorization": authorization}
    http_request = urllib.request.Request(url, json.dumps(request).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(http_request, timeout=30) as response:
            answer = json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise LookupError(error.read().decode()) from None
    if service == "ssm" and not answer["Parameters"]:
        raise LookupError(f"invalid ssm parameters: {arn}")
    return answer["Parameters"][0]["Value"] if service == "ssm" else answer["SecretString"]


def secrets_of(definition, replaced):
    """Returns the secrets of a job definition as variables. The error has the words of Fargate (Amazon ECS Developer
    Guide, "Amazon ECS stopped task error messages")."""
    values = {}
    for secret in definition.get("secrets", []):
        try:
            values[secret["name"]] = read_secret(
                replaced["secrets"], definition["executionRoleArn"], secret["valueFrom"]
            )
        except (LookupError, OSError) as error:
            place = "ssm" if ":ssm:" in secret["valueFrom"] else "asm"
            failed = "unable to pull secrets or registry auth: execution resource retrieval failed"
            why = f"{failed}: unable to retrieve secret from {place}: {secret['valueFrom']}: {error}"
            raise PermissionError(f"ResourceInitializationError: {why}") from None
    return values


def extend_run(original):
    def run(self, image, **options):
        # Each job has its own thread.
        job, replaced = threading.current_thread(), replacements()
        definition, name = job.job_definition.container_properties or {}, job.job_definition.name
        for host, other in replaced.get("registry", {}).items():
            image = image.replace(f"{host}/", f"{other}/", 1) if image.startswith(f"{host}/") else image
        logs = definition.get("logConfiguration", {}).get("options", {})
        job._log_group = logs.get("awslogs-group", job._log_group)
        of_source = replaced.get("contracts", {}).get(options["environment"].get("CONTRACT"), {})
        options["environment"] = of_source | options["environment"] | replaced.get("environment", {}).get(name, {})
        mounts = replaced.get("mounts", {}).get(name, {}).items()
        options["mounts"] = [*options.get("mounts", []), *(Mount(to, own, "bind", True) for own, to in mounts)]
        options["extra_hosts"] = options.get("extra_hosts", {}) | replaced.get("hosts", {})
        options |= {"labels": replaced.get("labels", {}), "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
        options |= {"read_only": definition.get("readonlyRootFilesystem", False), "user": definition.get("user")}
        for requirement in job._get_container_property("resourceRequirements", []):
            if requirement["type"] == "MEMORY":
                options["mem_limit"] = options["memswap_limit"] = f"{requirement['value']}m"
        # Only Airflow's jobs have tags.
        time.sleep(replaced.get("start_seconds", 0) if job.backend.list_tags_for_resource(job.arn) else 0)
        try:
            options["environment"] |= secrets_of(definition, replaced)
            for host in replaced.get("registry", {}).values():
                if image.startswith(f"{host}/"):
                    check_image(image, host)
            if "@" in image:
                self.client.images.pull(image)
            return original(self, image, **options)
        except PermissionError as error:
            job.job_stopped_reason, job.container_reason = "Task failed to start", str(error)
            raise
        except (docker.errors.APIError, LookupError) as error:
            # The messages that AWS returns.
            job.job_stopped_reason = "Task failed to start"
            job.container_reason = f"CannotPullContainerError: {getattr(error, 'explanation', None) or error}"
            raise

    return run


def extend_compute_environment(original):
    def create_compute_environment(self, **request):
        if not request.get("service_role"):
            name = "AWSServiceRoleForBatch"
            known = [role.arn for role in self.iam_backend.get_roles() if role.name == name]
            request["service_role"] = known[0] if known else create_role(self.iam_backend, name)
        return original(self, **request)

    return create_compute_environment


def create_role(iam, name):
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    path = "/aws-service-role/batch.amazonaws.com/"
    return iam.create_role(name, document, path, None, "", [], 3600).arn


def extend_resources(original):
    def _validate_compute_resources(self, resources):
        own = {group.id for group in self.ec2_backend.describe_security_groups()}
        if set(resources["securityGroupIds"]) <= own:
            original(self, resources)

    return _validate_compute_resources


if __name__ == "__main__":
    if moto.__version__ != VERSION:
        sys.exit(
            f"error: this server extends moto {VERSION}, not {moto.__version__}; hint: see what changed in moto.batch.models"
        )
    Job._container_details = extend_details(Job._container_details)
    Job._get_container_property = extend_property(Job._get_container_property)
    Job.describe = extend_describe(Job.describe)
    milliseconds = moto.batch.models.unix_time_millis
    moto.batch.models.unix_time_millis = lambda time: int(milliseconds(time))
    Container.remove = extend_remove(Container.remove)
    Container.wait = extend_wait(Container.wait)
    ContainerCollection.run = extend_run(ContainerCollection.run)
    BatchBackend.create_compute_environment = extend_compute_environment(BatchBackend.create_compute_environment)
    BatchBackend._validate_compute_resources = extend_resources(BatchBackend._validate_compute_resources)
    main(sys.argv[1:])
