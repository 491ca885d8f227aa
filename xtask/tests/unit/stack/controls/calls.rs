//! Checks which calls the GitHub job roles need and which they must not be allowed; each call is evaluated with the
//! boundary in force.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::decide::{Call, PLACE, allow, deployed, policies};

/// A line of `calls.yaml`: fields separated by spaces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Needed {
    roles: String,
    resources: String,
    #[serde(default)]
    context: String,
    actions: String,
}

/// AWS's size limits for policies, not counting white space (AWS IAM User Guide, "IAM and AWS STS quotas").
const MANAGED: usize = 6_144;
const INLINE: usize = 10_240;

const BOUNDED: &str = "iam:PermissionsBoundary=arn:aws:iam::123456789012:policy/dpstack-github-boundary";
const OTHER: &str = "iam:PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess";
const OURS: &str = "iam:role/DataPlatform-compute-X-1";
const FOREIGN: &str = "iam:role/Admin";

/// Calls that no GitHub job role may make, nor any role that it creates, whatever its policy allows: resource, context,
/// actions.
const ESCAPES: &[(&str, &str, &str)] = &[
    (OURS, "", "iam:AttachRolePolicy iam:CreateRole iam:PutRolePolicy iam:UpdateAssumeRolePolicy"),
    (OURS, OTHER, "iam:AttachRolePolicy iam:CreateRole iam:PutRolePermissionsBoundary iam:PutRolePolicy"),
    (OURS, BOUNDED, "iam:DeleteRolePermissionsBoundary"),
    (FOREIGN, BOUNDED, "iam:CreateRole iam:DeleteRole iam:PutRolePermissionsBoundary iam:PutRolePolicy"),
    (FOREIGN, BOUNDED, "iam:AttachRolePolicy iam:UpdateAssumeRolePolicy sts:AssumeRole"),
    ("iam:role/dpstack-other-ingestion", BOUNDED, "iam:CreateRole iam:DeleteRole iam:UpdateAssumeRolePolicy"),
    (
        "iam:role/dpstack-github-deploy",
        BOUNDED,
        "iam:DeleteRole iam:PutRolePolicy iam:UpdateAssumeRolePolicy iam:UpdateRole",
    ),
    ("iam:policy/dpstack-github-boundary", "", "iam:CreatePolicyVersion iam:DeletePolicy iam:SetDefaultPolicyVersion"),
    ("iam:oidc-provider/token.actions.githubusercontent.com", "", "iam:DeleteOpenIDConnectProvider"),
    ("iam:user/somebody", "", "iam:AttachUserPolicy iam:CreateAccessKey iam:CreateUser iam:UpdateLoginProfile"),
    (OURS, "iam:PassedToService=ec2.amazonaws.com", "iam:PassRole"),
    (FOREIGN, "iam:PassedToService=lambda.amazonaws.com", "iam:PassRole"),
    ("iam:role/dpstack-github-deploy", "iam:PassedToService=lambda.amazonaws.com", "iam:PassRole"),
    ("cloudformation:stack/DataPlatform-ci/1", "", "cloudformation:CreateChangeSet cloudformation:ExecuteChangeSet"),
    ("cloudformation:stack/DataPlatform-ci/1", "", "cloudformation:DeleteStack cloudformation:UpdateStack"),
    ("cloudformation:stack/Other-network/1", "", "cloudformation:CreateChangeSet cloudformation:DeleteStack"),
    ("kms:key/foreign", "aws:RequestTag/project=dpstack", "kms:TagResource"),
    (
        "kms:key/foreign",
        "aws:RequestTag/project=dpstack aws:ResourceTag/project=other aws:CalledVia=cloudformation.amazonaws.com",
        "kms:TagResource",
    ),
    (
        "kms:key/foreign",
        "kms:GrantIsForAWSResource=true",
        "kms:CreateGrant kms:Decrypt kms:PutKeyPolicy kms:ScheduleKeyDeletion",
    ),
    // CloudFormation reads what it imports.
    ("kms:key/foreign", "aws:CalledVia=cloudformation.amazonaws.com", "kms:DescribeKey kms:GetKeyPolicy"),
    ("s3:::dpstack-other-dlake", "", "s3:DeleteBucket s3:ListBucket s3:PutBucketPolicy"),
    ("s3:::dpstack-other-dlake/raw/x", "", "s3:GetObject s3:PutObject"),
    ("lambda:function:Other", "", "lambda:UpdateFunctionCode"),
    ("batch:job-definition/other:1", "", "batch:SubmitJob"),
    ("ec2:instance/i-1", "", "ec2:ModifyInstanceAttribute ec2:RunInstances"),
    ("secretsmanager:secret:other-AbCdEf", "", "secretsmanager:GetSecretValue"),
    ("*", "aws:RequestedRegion=us-east-1", "ec2:CreateVpc redshift-serverless:CreateWorkgroup"),
];

/// Returns the complete ARN; the table omits the account and the region.
fn arn(short: &str) -> String {
    match short.split_once(':') {
        None => short.to_owned(),
        Some(("s3", _)) => format!("arn:aws:{short}"),
        Some((service @ ("iam" | "budgets" | "billing"), rest)) => format!("arn:aws:{service}::123456789012:{rest}"),
        Some((service, rest)) => format!("arn:aws:{service}:eu-west-1:123456789012:{rest}"),
    }
}

fn boundary(deployed: &BTreeMap<String, Value>) -> &Value {
    &deployed["ci.Boundary"]["Properties"]["PolicyDocument"]
}

/// Returns whether a call is allowed by both the role's own policies and the boundary.
fn may(deployed: &BTreeMap<String, Value>, own: &[&Value], call: &Call<'_>) -> bool {
    allow(own, call) && allow(&[boundary(deployed)], call)
}

#[test]
fn each_role_is_allowed_what_its_commands_and_cloudformation_call() {
    let deployed = deployed();
    let table: Vec<Needed> = serde_yaml::from_str(include_str!("calls.yaml")).expect("a table");
    let mut missing = Vec::new();
    for line in &table {
        for role in line.roles.split_whitespace() {
            let name = ["Build", "Deploy", "Plan"].into_iter().find(|name| name.to_lowercase() == role);
            let own = policies(&deployed[&format!("ci.{}Role", name.expect("build, deploy or plan"))]);
            for resource in line.resources.split_whitespace().map(arn) {
                for action in line.actions.split_whitespace() {
                    if !may(&deployed, &own, &Call::new(action, &resource, &line.context)) {
                        missing.push(format!("{role}: {action} on {resource} {}", line.context));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "{} calls are denied:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn nothing_behind_the_boundary_leads_out_of_it() {
    let deployed = deployed();
    let everything = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let role = |name: &str| policies(&deployed[&format!("ci.{name}Role")]);
    let all =
        [("build", role("Build")), ("plan", role("Plan")), ("deploy", role("Deploy")), ("any", vec![&everything])];
    let mut open = Vec::new();
    for (name, own) in &all {
        for (resource, context, actions) in ESCAPES {
            let resource = arn(resource);
            for action in actions.split_whitespace() {
                if may(&deployed, own, &Call::new(action, &resource, context)) {
                    open.push(format!("{name}: {action} on {resource} {context}"));
                }
            }
        }
    }
    assert!(open.is_empty(), "{} ways out:\n{}", open.len(), open.join("\n"));
}

#[test]
fn a_pull_request_changes_nothing_and_an_approval_comes_before_data_and_roles() {
    let deployed = deployed();
    let denied = [
        (
            "Plan",
            "cloudformation:stack/DataPlatform-network/1",
            "cloudformation:CreateChangeSet cloudformation:DeleteStack",
        ),
        ("Plan", "s3:::dpstack-dlake-prod/raw/x", "s3:GetObject s3:PutObject"),
        ("Plan", "s3:::dpstack-airflow-prod/dags/x", "s3:DeleteObject s3:PutObject"),
        ("Plan", "secretsmanager:secret:redshift!dpstack-platform_admin-AbCdEf", "secretsmanager:GetSecretValue"),
        (
            "Build",
            "cloudformation:stack/DataPlatform-network/1",
            "cloudformation:CreateChangeSet cloudformation:DeleteStack",
        ),
        ("Build", "s3:::dpstack-dlake-prod/raw/x", "s3:DeleteObject s3:GetObject s3:PutObject"),
        ("Build", OURS, "iam:CreateRole iam:PassRole iam:PutRolePolicy"),
        ("Deploy", "s3:::dpstack-dlake-prod/raw/x", "s3:DeleteObject s3:GetObject s3:PutObject"),
    ];
    for (role, resource, actions) in denied {
        let (own, resource) = (policies(&deployed[&format!("ci.{role}Role")]), arn(resource));
        for action in actions.split_whitespace() {
            assert!(!may(&deployed, &own, &Call::new(action, &resource, BOUNDED)), "{role}: {action} on {resource}");
        }
    }
}

/// Returns an example of a resource in a stack's policy: references become the resources of `prod`, and wildcards
/// become text.
fn example(resource: &Value, deployed: &BTreeMap<String, Value>, stack: &str) -> String {
    let text = match (resource, &resource["Ref"], &resource["Fn::GetAtt"][0]) {
        (_, Value::String(output), _) => format!("${{{output}}}"),
        (_, _, Value::String(name)) => {
            let group = &deployed[&format!("{stack}.{name}")]["Properties"]["LogGroupName"];
            arn(&format!("logs:log-group:{}:*", group.as_str().expect("a group of logs")))
        }
        (resource, ..) => resource.as_str().or(resource["Fn::Sub"].as_str()).expect("a text").to_owned(),
    };
    let outputs = [
        ("${LakeBucketArn}", arn("s3:::dpstack-dlake-prod")),
        ("${AirflowBucketArn}", arn("s3:::dpstack-airflow-prod")),
        ("${LakeKeyArn}", arn("kms:key/1")),
        ("${AirflowKeyArn}", arn("kms:key/1")),
        ("${AlarmKeyArn}", arn("kms:key/1")),
        ("${WarehouseKeyArn}", arn("kms:key/1")),
        ("${WorkgroupArn}", arn("redshift-serverless:workgroup/1")),
        ("${JobQueueArn}", arn("batch:job-queue/dpstack-batch-queue")),
        ("${AlarmTopicArn}", arn("sns:dpstack-alarms")),
        ("${IngestionRepositoryArn}", arn("ecr:repository/ingestion-image")),
        ("${DbtRepositoryArn}", arn("ecr:repository/dbt-image")),
        ("${IngestionLogGroupArn}", arn("logs:log-group:/dpstack/jobs/ingestion:*")),
        ("${DbtLogGroupArn}", arn("logs:log-group:/dpstack/jobs/dbt:*")),
        ("${Vpc.DefaultSecurityGroup}", "sg-1".to_owned()),
    ];
    let text = outputs.iter().fold(text, |text, (name, value)| text.replace(name, value));
    if text == "*" { text } else { text.replace('*', "x") }
}

#[test]
fn the_roles_of_the_stacks_can_do_their_work_behind_the_boundary() {
    let deployed = &deployed();
    let roles = deployed.iter().filter(|(place, body)| body["Type"] == "AWS::IAM::Role" && !place.starts_with("ci."));
    let (mut denied, mut checked) = (Vec::new(), 0);
    for (place, role) in roles {
        assert_eq!(role["Properties"]["PermissionsBoundary"], PLACE[3].1, "{place}");
        let stack = place.split('.').next().unwrap_or_default();
        let statements =
            policies(role).into_iter().flat_map(|policy| policy["Statement"].as_array().into_iter().flatten());
        for statement in statements {
            let resources =
                statement["Resource"].as_array().map_or(std::slice::from_ref(&statement["Resource"]), Vec::as_slice);
            for (action, resource) in super::texts(&statement["Action"])
                .iter()
                .flat_map(|action| resources.iter().map(move |resource| (action, example(resource, deployed, stack))))
            {
                checked += 1;
                if !allow(&[boundary(deployed)], &Call::new(action, &resource, "aws:ResourceTag/project=dpstack")) {
                    denied.push(format!("{place}: {action} on {resource}"));
                }
            }
        }
    }
    assert!(denied.is_empty() && checked > 100, "{checked} checked, denied:\n{}", denied.join("\n"));
}

#[test]
fn the_policies_fit_into_the_limits_of_iam() {
    // Names that are as long as the settings allow: `project` and `stack_prefix` begin most of them.
    let long = |text: String| text.replace("dpstack", &"p".repeat(20)).replace("DataPlatform", &"P".repeat(40));
    let length = |policy: &Value| long(policy.to_string()).chars().filter(|c| !c.is_whitespace()).count();
    let deployed = deployed();
    assert!(length(boundary(&deployed)) <= MANAGED, "the boundary has {}", length(boundary(&deployed)));
    for (place, role) in deployed.iter().filter(|(_, body)| body["Type"] == "AWS::IAM::Role") {
        let all: usize = policies(role).into_iter().map(length).sum();
        assert!(all <= INLINE, "{place} has {all}");
    }
}
