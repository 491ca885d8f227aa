"""CloudFormation's handlers call the services with the permissions of the role that executes a change set. With IAM_URL,
each creation, update and deletion of a resource asks the proxy (`iam/gate.mjs`) whether that role has them; a denial
fails the resource, as it does on AWS. FAIL_ONCE is the logical ID of a resource whose first creation fails.
"""

import json
import os
import urllib.request
from contextvars import ContextVar

from ministack.core.router import extract_access_key_id
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, provisioners, stacks

URL = os.environ.get("IAM_URL")
FAILING = {os.environ.get("FAIL_ONCE")}
# The access key of the request that started the operation; its tasks inherit the context.
PRINCIPAL: ContextVar[str] = ContextVar("principal", default="")


def install(state):
    """Replaces the functions through which MiniStack handles every resource; `state` returns the deployed stacks."""
    if not URL:
        return
    handle = cloudformation.handle_request

    async def remembering(method, path, headers, body, query):
        PRINCIPAL.set(extract_access_key_id(headers))
        return await handle(method, path, headers, body, query)

    def check(handler, kind, name, stack, properties, before=None, physical_id=None):
        resource = {"handler": handler, "type": kind, "name": name, "stack": stack, "id": physical_id}
        resource |= {"properties": properties, "before": before}
        question = {"key": PRINCIPAL.get(), "resource": resource, "state": state()}
        request = urllib.request.Request(f"{URL}/authorize", json.dumps(question, default=str).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:
            denied = json.loads(response.read())["denied"]
        if denied:
            raise ValueError(f'Resource handler returned message: "{denied}" (HandlerErrorCode: AccessDenied)')

    create, update, delete = (
        provisioners._provision_resource,
        provisioners._update_resource,
        provisioners._delete_resource,
    )

    def creating(kind, name, properties, stack):
        check("create", kind, name, stack, properties)
        if name in FAILING:
            FAILING.remove(name)
            raise ValueError("the emulator fails the first creation of this resource")
        return create(kind, name, properties, stack)

    def updating(kind, physical_id, before, after, stack, name=None, attributes=None):
        if before != after:
            check("update", kind, name, stack, after, before, physical_id)
        return update(kind, physical_id, before, after, stack, name, attributes)

    def deleting(kind, physical_id, properties, stack=None, name=None):
        check("delete", kind, name, stack, properties, properties, physical_id)
        return delete(kind, physical_id, properties, stack, name)

    adopt = provisioners._import_resource

    def importing(kind, identifier):
        check("read", kind, None, None, identifier, identifier)
        return adopt(kind, identifier)

    cloudformation.handle_request = remembering
    wrapped = {"_provision_resource": creating, "_update_resource": updating}
    wrapped |= {"_delete_resource": deleting, "_import_resource": importing}
    for module in (provisioners, stacks, changesets):
        for name, function in wrapped.items():
            if hasattr(module, name):
                setattr(module, name, function)
