"""CloudFormation types for Redshift Serverless. They are recorded, or created by the emulator at REDSHIFT_ENDPOINT
(`redshift/`), whose clients then use that server.
"""

import os
import uuid

from ministack.core.responses import get_account_id, get_region
from shapes import arn, handlers, lower_camel, refuse_changes, send

ENDPOINT = os.environ.get("REDSHIFT_ENDPOINT")
# Parameters of the templates, whose values are strings.
NUMBERS = ("baseCapacity", "maxCapacity", "port")


def call(action, request):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"RedshiftServerless.{action}"}
    return send(ENDPOINT, "cloudformation", "redshift-serverless", request, headers)


def parameters(properties, left_out=()):
    request = {key: value for key, value in lower_camel(properties).items() if key not in left_out}
    return request | {key: int(request[key]) for key in NUMBERS if key in request}


def namespace(found):
    return {
        f"Namespace.{key[:1].upper()}{key[1:]}": found[key] for key in ("namespaceArn", "namespaceId", "namespaceName")
    }


def workgroup(found):
    return {
        "Workgroup.WorkgroupArn": found["workgroupArn"],
        "Workgroup.WorkgroupName": found["workgroupName"],
        "Workgroup.Endpoint.Address": found["endpoint"]["address"],
        "Workgroup.Endpoint.Port": str(found["endpoint"]["port"]),
    }


def service(kind, attributes, create_only):
    """Returns handlers that create, update and delete the resource in the emulator."""
    name, lower = f"{kind}Name", kind.lower()

    def create(_logical_id, properties, _stack):
        return properties[name], attributes(call(f"Create{kind}", parameters(properties))[lower])

    def update(physical_id, before, after, _stack):
        refuse_changes(before, after, [key for key in create_only if key != "Tags"])
        left_out = [key[:1].lower() + key[1:] for key in create_only if key != name]
        return physical_id, attributes(call(f"Update{kind}", parameters(after, left_out))[lower])

    def delete(physical_id, _properties):
        try:
            call(f"Delete{kind}", {f"{lower}Name": physical_id})
        except ValueError as error:
            if "ResourceNotFoundException" not in str(error):
                raise

    return handlers(create, update, delete)


def recorded_namespace(name):
    number = uuid.uuid5(uuid.NAMESPACE_DNS, name)
    resource = arn("redshift-serverless", f"namespace/{number}")
    return namespace({"namespaceArn": resource, "namespaceId": str(number), "namespaceName": name})


def recorded_workgroup(name):
    resource = arn("redshift-serverless", f"workgroup/{uuid.uuid5(uuid.NAMESPACE_DNS, name)}")
    host = f"{name}.{get_account_id()}.{get_region()}.redshift-serverless.amazonaws.com"
    return workgroup({"workgroupArn": resource, "workgroupName": name, "endpoint": {"address": host, "port": 5439}})


def types(recorded):
    """Returns the handlers of both types; `recorded` returns those of a resource that is only recorded."""
    if ENDPOINT:
        return {
            "AWS::RedshiftServerless::Namespace": service("Namespace", namespace, ("NamespaceName", "DbName", "Tags")),
            "AWS::RedshiftServerless::Workgroup": service(
                "Workgroup", workgroup, ("WorkgroupName", "NamespaceName", "Tags")
            ),
        }
    return {
        "AWS::RedshiftServerless::Namespace": recorded(
            "namespace", lambda p: p["NamespaceName"], recorded_namespace, ("NamespaceName",)
        ),
        "AWS::RedshiftServerless::Workgroup": recorded(
            "workgroup", lambda p: p["WorkgroupName"], recorded_workgroup, ("WorkgroupName", "NamespaceName")
        ),
    }
