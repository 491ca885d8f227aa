"""Starts MiniStack with additional CloudFormation types that the templates need. Run it instead of `ministack`:

    python ministack.py            with the same environment variables as ministack

The added types support create, update and delete, and `Ref` and `Fn::GetAtt` as documented by AWS:

| type | implementation |
|---|---|
| EC2 EIP, NatGateway, FlowLog | MiniStack's service |
| EC2 SecurityGroupIngress, SecurityGroupEgress | recorded; the group must exist |
| Batch ComputeEnvironment, JobQueue, JobDefinition | MiniStack's stubs, or another server: `batch_types.py` |
| RedshiftServerless Namespace, Workgroup | recorded, or created by the Redshift emulator: `redshift_types.py` |
| Budgets Budget | recorded |
| Chatbot SlackChannelConfiguration | recorded; its topics must exist |
| IAM OIDCProvider | recorded |
| MWAA Environment | recorded; connected to Airflow if AIRFLOW_FILE is set: `airflow_runtime.py` |
| ECR BatchDeleteImage | MiniStack's service; deleted images can no longer be pulled |
| CloudWatch Alarm on a query | MiniStack's alarm, with the query as the metric name |
| Custom::ClosedSecurityGroup | removes the group's rules, as its Lambda function would; the function is not run |

Not verified: whether AWS accepts a template, a property or a name; which changes replace a resource (here, changing a
fixed name or a create-only property is an error); IAM permissions, which `iam/gate.mjs` enforces; the custom
resource's function; and the behaviour of Redshift, MWAA and Budgets. The values of recorded resources are not checked.

MiniStack's handler table is not a public API, so the version is pinned.
"""

import copy
import importlib.metadata
import json
import sys
import uuid
from pathlib import Path

VERSION = "1.5.33"

# This file has the same name as the package, and Python searches this folder first.
sys.path.pop(0)

found = importlib.metadata.version("ministack")
if found != VERSION:
    sys.exit(f"error: this launcher is for ministack {VERSION}, not {found}; hint: pip install ministack=={VERSION}")

from ministack.app import main
from ministack.core.responses import AccountRegionScopedDict, get_account_id
from ministack.services import cloudformation, ec2, ecr, iam, sns
from ministack.services.cloudformation import handlers as actions
from ministack.services.cloudformation import provisioners

# The package has been imported, so this folder can be searched for modules again.
sys.path.append(str(Path(__file__).parent))

import airflow_runtime
import batch_types
import handler_permissions
import redshift_types
from shapes import arn, body, handlers, refuse_changes

# Recorded resources: (type, physical ID) -> properties.
RECORDED = AccountRegionScopedDict()


# EC2: each handler calls MiniStack's service; the new entry in its table is the resource.


def added(table, call):
    before = set(table)
    body(call())
    return next(key for key in table if key not in before)


def eip_create(_logical_id, properties, _stack):
    allocation = added(ec2._addresses, lambda: ec2._allocate_address({"Domain": [properties.get("Domain", "vpc")]}))
    public_ip = ec2._addresses[allocation]["PublicIp"]
    return public_ip, {"AllocationId": allocation, "PublicIp": public_ip}


def eip_delete(public_ip, _properties):
    for allocation in [key for key in ec2._addresses if ec2._addresses[key]["PublicIp"] == public_ip]:
        body(ec2._release_address({"AllocationId": [allocation]}))


def nat_create(_logical_id, properties, _stack):
    request = {"SubnetId": [properties["SubnetId"]], "AllocationId": [properties["AllocationId"]]}
    gateway = added(ec2._nat_gateways, lambda: ec2._create_nat_gateway(request))
    return gateway, {"NatGatewayId": gateway}


def flow_log_create(_logical_id, properties, _stack):
    names = ("ResourceType", "TrafficType", "LogDestinationType", "LogGroupName")
    request = {name: [properties[name]] for name in names} | {"ResourceId.1": [properties["ResourceId"]]}
    log = added(ec2._flow_logs, lambda: ec2._create_flow_logs(request))
    return log, {"Id": log}


def unchanged(attributes):
    """Returns an update handler for a resource that supports only tag changes."""

    def update(physical_id, before, after, _stack):
        refuse_changes(before, after, [key for key in before | after if key != "Tags"])
        return physical_id, attributes(physical_id)

    return update


def eip_attributes(public_ip):
    allocation = next(key for key in ec2._addresses if ec2._addresses[key]["PublicIp"] == public_ip)
    return {"AllocationId": allocation, "PublicIp": public_ip}


def closed(_logical_id, properties, _stack):
    group = properties["GroupId"]
    ec2._security_groups[group]["IpPermissions"] = []
    ec2._security_groups[group]["IpPermissionsEgress"] = []
    return group, {}


own_delete = ecr._batch_delete_image  # keeps the manifest, so the image could still be pulled


def delete_images(request):
    response = own_delete(request)
    if response[0] < 400:
        manifests = ecr._manifest_blobs.get(request["repositoryName"], {})
        for image in json.loads(body(response))["imageIds"]:
            manifests.pop(image.get("imageDigest"), None)
    return response


own_alarm = provisioners._cw_metric_alarm_record  # does not support queries


def alarm(name, properties):
    for query in properties.get("Metrics", []):
        properties = properties | {"Namespace": "query", "MetricName": query["Expression"], "Metrics": []}
    return own_alarm(name, properties)


# Resources that are only recorded.


def recorded(kind, name_of, attributes, fixed, check=lambda properties: None):
    """Returns handlers: `name_of` computes the physical ID, `attributes` the GetAtt values; `fixed` lists create-only
    properties."""

    def create(_logical_id, properties, _stack):
        check(properties)
        name = name_of(properties)
        if (kind, name) in RECORDED:
            raise ValueError(f"{kind} {name} already exists")
        RECORDED[kind, name] = copy.deepcopy(properties)
        return name, attributes(name)

    def update(name, before, after, _stack):
        refuse_changes(before, after, fixed)
        check(after)
        RECORDED[kind, name] = copy.deepcopy(after)
        return name, attributes(name)

    return handlers(create, update, lambda name, _: RECORDED.pop((kind, name), None))


def group_exists(properties):
    if properties["GroupId"] not in ec2._security_groups:
        raise ValueError(f"The security group '{properties['GroupId']}' does not exist")


def group_rule(kind):
    groups = ("GroupId", "SourceSecurityGroupId", "DestinationSecurityGroupId")
    every = (*groups, "IpProtocol", "FromPort", "ToPort", "CidrIp")
    return recorded(kind, lambda _: f"sgr-{uuid.uuid4().hex[:17]}", lambda name: {"Id": name}, every, group_exists)


def two_subnets(properties):
    subnets = properties["NetworkConfiguration"]["SubnetIds"]
    if len(subnets) != 2:
        raise ValueError(f"SubnetIds has {len(subnets)} members; MWAA requires exactly two")


def topics_exist(properties):
    for topic in properties["SnsTopicArns"]:
        if topic not in sns._topics:
            raise ValueError(f"The topic {topic} does not exist")


def chat_arn(properties):
    name = properties["ConfigurationName"]
    return f"arn:aws:chatbot::{get_account_id()}:chat-configuration/slack-channel/{name}"


def provider_arn(properties):
    host = properties["Url"].removeprefix("https://")
    return f"arn:aws:iam::{get_account_id()}:oidc-provider/{host}"


def deployed():
    """Returns the resources of all stacks, with properties in which every function is evaluated."""
    fields = {
        "type": "ResourceType",
        "id": "PhysicalResourceId",
        "properties": "Properties",
        "attributes": "Attributes",
    }
    stacks = {
        name: {
            "id": stack["StackId"],
            "tags": stack.get("Tags", []),
            "parameters": {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])},
            "resources": {
                resource: {field: record.get(key) for field, key in fields.items()}
                for resource, record in stack.get("_resources", {}).items()
            },
        }
        for name, stack in cloudformation._stacks.items()
        if stack["StackStatus"] != "DELETE_COMPLETE"
    }
    sets = {key: change_set["StackName"] for key, change_set in cloudformation._change_sets.items()}
    return {"stacks": stacks, "changeSets": sets, "managed": managed(stacks)}


def managed(stacks):
    """Returns the documents of AWS's managed policies that roles have; MiniStack knows some of them."""
    resources = [resource for stack in stacks.values() for resource in stack["resources"].values()]
    names = {name for resource in resources for name in (resource["properties"] or {}).get("ManagedPolicyArns", [])}
    known = {name: iam._lookup_policy(name) for name in names}
    return {name: json.loads(policy["Versions"]["v1"]["Document"]) for name, policy in known.items() if policy}


def describe_deployed_resources(_request):
    """An action of this launcher, for `iam/gate.mjs`."""
    return 200, {"Content-Type": "application/json"}, json.dumps(deployed(), default=str).encode()


def airflow_attributes(name):
    return {"Arn": arn("airflow", f"environment/{name}"), "WebserverUrl": "127.0.0.1:8080"}


provisioners._RESOURCE_HANDLERS.update(
    {
        "AWS::EC2::EIP": handlers(eip_create, unchanged(eip_attributes), eip_delete),
        "AWS::EC2::NatGateway": handlers(
            nat_create,
            unchanged(lambda name: {"NatGatewayId": name}),
            lambda name, _: body(ec2._delete_nat_gateway({"NatGatewayId": [name]})),
        ),
        "AWS::EC2::FlowLog": handlers(
            flow_log_create,
            unchanged(lambda name: {"Id": name}),
            lambda name, _: body(ec2._delete_flow_logs({"FlowLogId.1": [name]})),
        ),
        "AWS::EC2::SecurityGroupIngress": group_rule("ingress"),
        "AWS::EC2::SecurityGroupEgress": group_rule("egress"),
        "Custom::ClosedSecurityGroup": handlers(closed, lambda _, __, p, stack: closed("", p, stack), lambda *_: None),
        **batch_types.TYPES,
        **redshift_types.types(recorded),
        "AWS::MWAA::Environment": airflow_runtime.with_airflow(
            recorded("environment", lambda p: p["Name"], airflow_attributes, ("Name", "KmsKey"), two_subnets)
        ),
        "AWS::IAM::OIDCProvider": recorded("oidc", provider_arn, lambda _: {}, ("Url",)),
        "AWS::Budgets::Budget": recorded("budget", lambda p: p["Budget"]["BudgetName"], lambda _: {}, ()),
        "AWS::Chatbot::SlackChannelConfiguration": recorded(
            "chat", chat_arn, lambda name: {"Arn": name}, ("ConfigurationName", "SlackWorkspaceId"), topics_exist
        ),
    }
)
provisioners._cw_metric_alarm_record = alarm
ecr._batch_delete_image = delete_images
actions._ACTION_HANDLERS["DescribeDeployedResources"] = describe_deployed_resources
handler_permissions.install(deployed)

if __name__ == "__main__":
    sys.exit(main())
