"""CloudFormation types for AWS Batch. They use MiniStack's stubs, in which every job succeeds immediately, or the
server at BATCH_ENDPOINT, which runs jobs (`moto_server.py`). `Ref` returns the ARN.

With BATCH_ENDPOINT, MiniStack has no Batch resources: clients must use that server as well.
"""

import json
import os

from ministack.services import batch
from shapes import body, handlers, lower_camel, refuse_changes, send

ENDPOINT = os.environ.get("BATCH_ENDPOINT")
STUBS = {
    "createcomputeenvironment": "_create_compute_environment",
    "updatecomputeenvironment": "_update_compute_environment",
    "createjobqueue": "_create_job_queue",
    "registerjobdefinition": "_register_job_definition",
}


def call(action, request):
    """Returns Batch's response to an action, which is the last part of the path."""
    if not ENDPOINT:
        return json.loads(body(getattr(batch, STUBS[action])(request)))
    return send(f"{ENDPOINT}/v1/{action}", "test", "batch", request, {"Content-Type": "application/json"})


def environment_create(_logical_id, properties, _stack):
    arn = call("createcomputeenvironment", lower_camel(properties))["computeEnvironmentArn"]
    return arn, {"ComputeEnvironmentArn": arn}


def environment_update(physical_id, before, after, _stack):
    refuse_changes(before, after, ["ComputeEnvironmentName", "Type", "Tags"])
    call("updatecomputeenvironment", {"computeEnvironment": physical_id} | lower_camel(after))
    return physical_id, {"ComputeEnvironmentArn": physical_id}


def environment_delete(physical_id, _properties):
    if ENDPOINT:
        call("updatecomputeenvironment", {"computeEnvironment": physical_id, "state": "DISABLED"})
        call("deletecomputeenvironment", {"computeEnvironment": physical_id})
    batch._compute_envs.pop(physical_id.rsplit("/", 1)[-1], None)


def queue_create(_logical_id, properties, _stack):
    response = call("createjobqueue", lower_camel(properties))
    if not ENDPOINT:
        batch._job_queues[response["jobQueueName"]] |= lower_camel({"JobStateTimeLimitActions": []} | properties)
    return response["jobQueueArn"], {"JobQueueArn": response["jobQueueArn"]}


def queue_update(physical_id, before, after, _stack):
    refuse_changes(before, after, ["JobQueueName", "Tags"])
    if ENDPOINT:
        call("updatejobqueue", {"jobQueue": physical_id} | lower_camel(after))
    else:
        batch._job_queues[physical_id.rsplit("/", 1)[-1]] |= lower_camel({"JobStateTimeLimitActions": []} | after)
    return physical_id, {"JobQueueArn": physical_id}


def queue_delete(physical_id, _properties):
    if ENDPOINT:
        call("updatejobqueue", {"jobQueue": physical_id, "state": "DISABLED"})
        call("deletejobqueue", {"jobQueue": physical_id})
    batch._job_queues.pop(physical_id.rsplit("/", 1)[-1], None)


def definition_create(_logical_id, properties, _stack):
    request = lower_camel(properties)
    response = call("registerjobdefinition", request)
    if not ENDPOINT:
        # MiniStack's stub drops most properties.
        batch._job_definitions[response["jobDefinitionName"]][-1] |= request
    return response["jobDefinitionArn"], {"JobDefinitionArn": response["jobDefinitionArn"]}


def definition_update(physical_id, before, after, stack):
    """Registers a new revision and deactivates the old one, as CloudFormation does."""
    refuse_changes(before, after, ["JobDefinitionName"])
    if not ENDPOINT:
        deactivate(physical_id)
        return definition_create("", after, stack)
    created = definition_create("", after, stack)
    # moto derives the number of a new revision from the active one.
    deactivate(physical_id)
    return created


def deactivate(physical_id):
    if ENDPOINT:
        call("deregisterjobdefinition", {"jobDefinition": physical_id})
    name, revision = physical_id.rsplit("/", 1)[-1].split(":")
    for found in batch._job_definitions.get(name, []):
        if found["revision"] == int(revision):
            found["status"] = "INACTIVE"


def definition_delete(physical_id, _properties):
    deactivate(physical_id)
    name = physical_id.rsplit("/", 1)[-1].split(":")[0]
    if all(found["status"] == "INACTIVE" for found in batch._job_definitions.get(name, [])):
        batch._job_definitions.pop(name, None)


TYPES = {
    "AWS::Batch::ComputeEnvironment": handlers(environment_create, environment_update, environment_delete),
    "AWS::Batch::JobQueue": handlers(queue_create, queue_update, queue_delete),
    "AWS::Batch::JobDefinition": handlers(definition_create, definition_update, definition_delete),
}
