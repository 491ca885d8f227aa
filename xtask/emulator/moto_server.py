"""moto's server, with what its Batch lacks of AWS's. Run by the tests: `python moto_server.py -H 127.0.0.1 -p PORT`.

moto runs each job's container, but
- DescribeJobs has no `container.exitCode`, by which the DAGs decide whether trying again may help;
- a volume with a name only, which Fargate backs with a disk of the task, is a KeyError: no container starts. Here such a
  volume and its mount points are left out; an image that declares `VOLUME` gets a writable place there from the engine;
- what the engine gives so would stay behind: here it goes with its container.

Whether user, read-only root or roles are honoured it does not prove: moto ignores them, as it does a retry strategy.

The names that are replaced are moto's own and private, so another version is refused.
"""

import sys

import moto
from docker.models.containers import Container
from moto.batch.models import Job
from moto.server import main

VERSION = "5.2.5"


def extend_details(original):
    def _container_details(self):
        told = original(self)
        if self.exit_code is not None:
            told["exitCode"] = self.exit_code
            for attempt in self.attempts:
                attempt["container"]["exitCode"] = self.exit_code
        return told

    return _container_details


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


if __name__ == "__main__":
    if moto.__version__ != VERSION:
        sys.exit(
            f"error: this extends moto {VERSION}, not {moto.__version__}; hint: see what changed in moto.batch.models"
        )
    Job._container_details = extend_details(Job._container_details)
    Job._get_container_property = extend_property(Job._get_container_property)
    Container.remove = extend_remove(Container.remove)
    main(sys.argv[1:])
