"""The CloudFormation types of AWS Batch: MiniStack's own stubs, in which every job succeeds at once; or, where BATCH_ENDPOINT
names a server that runs jobs (`moto_server.py`), whatever that has. `Ref` is the ARN.

Handed over, MiniStack answers nothing about Batch itself: who asks is to go to that server as well.
"""

import json
import os
import urllib.error
import urllib.request

from ministack.core.responses import get_region
from ministack.services import batch
from shapes import body, handlers, refuse_changes

ENDPOINT = os.environ.get("BATCH_ENDPOINT")
STUBS = {
    "createcomputeenvironment": "_create_compute_environment",
    "updatecomputeenvironment": "_update_compute_environment",
    "createjobqueue": "_create_job_queue",
    "registerjobdefinition": "_register_job_definition",
}


def lower_camel(value, name=""):
    """CloudFormation's UpperCamel names as a service's lowerCamel ones, at every depth; what users name stays. Numbers are
    numbers, also where a parameter gave them as text."""
    if name in ("Tags", "Options"):
        return value
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower_camel(item, key) for key, item in value.items()}
    if name in ("MaxvCpus", "Attempts", "AttemptDurationSeconds"):
        return int(value)
    return [lower_camel(item) for item in value] if isinstance(value, list) else value


def call(action, request):
    """Batch's answer to an action, by the last part of its path; ValueError, which fails the resource, with its words."""
    if not ENDPOINT:
        return json.loads(body(getattr(batch, STUBS[action])(request)))
    # The scope of the credentials is how an emulator of many services knows which one is asked.
    scope = f"test/20260101/{get_region()}/batch/aws4_request"
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    question = urllib.request.Request(f"{ENDPOINT}/v1/{action}", json.dumps(request).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(question, timeout=30) as answer:
            return json.loads(answer.read() or "{}")
    except urllib.error.HTTPError as error:
        raise ValueError(error.read().decode()) from error


def environment_create(_logical_id, properties, _stack):
    made = call("createcomputeenvironment", lower_camel(properties))["computeEnvironmentArn"]
    return made, {"ComputeEnvironmentArn": made}


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
    answer = call("createjobqueue", lower_camel(properties))
    if not ENDPOINT:
        batch._job_queues[answer["jobQueueName"]] |= lower_camel({"JobStateTimeLimitActions": []} | properties)
    return answer["jobQueueArn"], {"JobQueueArn": answer["jobQueueArn"]}


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
    answer = call("registerjobdefinition", request)
    if not ENDPOINT:
        # MiniStack's stub forgets most of it.
        batch._job_definitions[answer["jobDefinitionName"]][-1] |= request
    return answer["jobDefinitionArn"], {"JobDefinitionArn": answer["jobDefinitionArn"]}


def definition_update(physical_id, before, after, stack):
    """A new revision; the old one is no longer active, as CloudFormation leaves it."""
    refuse_changes(before, after, ["JobDefinitionName"])
    if not ENDPOINT:
        deactivate(physical_id)
        return definition_create("", after, stack)
    made = definition_create("", after, stack)
    # moto counts revisions from the one that is active.
    deactivate(physical_id)
    return made


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
