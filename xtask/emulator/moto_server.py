"""moto's server, with what its Batch lacks of AWS's: `python moto_server.py -H 127.0.0.1 -p PORT`.

moto runs each job's container, but
- DescribeJobs has no `container.exitCode`, by which the DAGs decide whether trying again may help;
- it tells `vcpus` and `memory`, which are whole numbers, also where the definition has `resourceRequirements` as Fargate wants
  it, and half a vCPU is no whole number;
- an attempt is among `attempts` before it has ended;
- lines have times with fractions of a millisecond, which no client takes;
- a volume with a name only, which Fargate backs with a disk of the task, is a KeyError: no container starts. Here such a
  volume and its mount points are left out; an image that declares `VOLUME` gets a writable place there from the engine;
- what the engine gives so would stay behind: here it goes with its container;
- an image that the engine has is never looked for again, and one that nobody has fails a job without a reason. Here a
  registry is asked each time, as by Fargate, and what it says is the reason;
- user and a root file system that is only read are ignored. Here both are as the definition says, no capability is left, and
  nothing can gain one;
- a compute environment wants a service role, and subnets and groups of moto's own. Here it has those of another emulator.

JOBS_FILE may name a file that says what stands in, on this machine, for what a container has on AWS; DescribeJobs tells none
of it:

    {"registry": {"<host>": "<host in its place>"}, "labels": {…}, "environment": {"<job definition>": {…}}}

Whether roles are honoured it does not prove, and there are no retries.

The names that are replaced are moto's own and private, so another version is refused.
"""

import json
import os
import sys
import threading
import urllib.request
from pathlib import Path

import docker.errors
import moto
import moto.batch.models
from docker.models.containers import Container, ContainerCollection
from moto.batch.models import BatchBackend, Job
from moto.server import main

VERSION = "5.2.5"


def extend_details(original):
    def _container_details(self):
        told = original(self)
        if wants := self.job_definition.container_properties.get("resourceRequirements"):
            told = {name: value for name, value in told.items() if name not in ("vcpus", "memory")}
            told["resourceRequirements"] = wants
        if self.exit_code is not None:
            told["exitCode"] = self.exit_code
            for attempt in self.attempts:
                attempt["container"]["exitCode"] = self.exit_code
        if reason := getattr(self, "container_reason", None):
            told["reason"] = reason
        return told

    return _container_details


def extend_describe(original):
    def describe(self):
        told = original(self)
        return told | {"attempts": [attempt for attempt in told["attempts"] if "stoppedAt" in attempt]}

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


def stand_ins():
    file = os.environ.get("JOBS_FILE")
    return json.loads(Path(file).read_text()) if file else {}


def look_for(image, host):
    """LookupError where the registry has no such image: an engine does not ask for a digest that it has pulled before."""
    name, reference = image.removeprefix(f"{host}/").split("@")
    kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
    question = urllib.request.Request(
        f"http://{host}/v2/{name}/manifests/{reference}", headers={"Accept": kinds}, method="HEAD"
    )
    try:
        urllib.request.urlopen(question, timeout=10).close()
    except OSError as error:
        raise LookupError(f"{image} not found: manifest unknown to the registry: {error}") from error


def extend_run(original):
    def run(self, image, **options):
        # Each job is a thread of its own.
        job, instead = threading.current_thread(), stand_ins()
        definition = job.job_definition.container_properties or {}
        for host, other in instead.get("registry", {}).items():
            image = image.replace(f"{host}/", f"{other}/", 1) if image.startswith(f"{host}/") else image
        options["environment"] = options["environment"] | instead.get("environment", {}).get(
            job.job_definition.name, {}
        )
        options |= {"labels": instead.get("labels", {}), "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
        options |= {"read_only": definition.get("readonlyRootFilesystem", False), "user": definition.get("user")}
        try:
            for host in instead.get("registry", {}).values():
                if image.startswith(f"{host}/"):
                    look_for(image, host)
            if "@" in image:
                self.client.images.pull(image)
            return original(self, image, **options)
        except (docker.errors.APIError, LookupError) as error:
            # The words of AWS for both.
            job.job_stopped_reason = "Task failed to start"
            job.container_reason = f"CannotPullContainerError: {getattr(error, 'explanation', None) or error}"
            raise

    return run


def extend_compute_environment(original):
    def create_compute_environment(self, **asked):
        if not asked.get("service_role"):
            name = "AWSServiceRoleForBatch"
            known = [role.arn for role in self.iam_backend.get_roles() if role.name == name]
            asked["service_role"] = known[0] if known else make_role(self.iam_backend, name)
        return original(self, **asked)

    return create_compute_environment


def make_role(iam, name):
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
            f"error: this extends moto {VERSION}, not {moto.__version__}; hint: see what changed in moto.batch.models"
        )
    Job._container_details = extend_details(Job._container_details)
    Job._get_container_property = extend_property(Job._get_container_property)
    Job.describe = extend_describe(Job.describe)
    milliseconds = moto.batch.models.unix_time_millis
    moto.batch.models.unix_time_millis = lambda time: int(milliseconds(time))
    Container.remove = extend_remove(Container.remove)
    ContainerCollection.run = extend_run(ContainerCollection.run)
    BatchBackend.create_compute_environment = extend_compute_environment(BatchBackend.create_compute_environment)
    BatchBackend._validate_compute_resources = extend_resources(BatchBackend._validate_compute_resources)
    main(sys.argv[1:])
