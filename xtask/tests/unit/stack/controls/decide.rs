//! Evaluates a call as IAM does, by the policies in `infra/github/ci.yaml` with the parameters of `prod`: a role's own
//! policies, the boundary, wildcards, and the operators that our conditions use (AWS IAM User Guide, "Policy evaluation
//! logic").

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{TEXTS, templates, texts};
use crate::settings::{Document, Variables};
use crate::stack::{ParameterValue, resolve, settings};

/// The pseudo parameters and the boundary of the deployment in these tests.
pub(super) const PLACE: [(&str, &str); 4] = [
    ("AWS::AccountId", "123456789012"),
    ("AWS::Partition", "aws"),
    ("AWS::Region", "eu-west-1"),
    ("Boundary", "arn:aws:iam::123456789012:policy/dpstack-github-boundary"),
];

/// The start of a log group's ARN.
const GROUP: &str = "arn:aws:logs:eu-west-1:123456789012:log-group:";

/// Outputs of the stacks.
const OUTPUTS: [(&str, &str); 12] = [
    ("LakeBucketArn", "arn:aws:s3:::dpstack-dlake-prod"),
    ("AirflowBucketArn", "arn:aws:s3:::dpstack-airflow-prod"),
    ("LakeKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/lake"),
    ("AirflowKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/airflow"),
    ("AlarmKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/alarms"),
    ("WarehouseKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/warehouse"),
    ("WorkgroupArn", "arn:aws:redshift-serverless:eu-west-1:123456789012:workgroup/1"),
    ("JobQueueArn", "arn:aws:batch:eu-west-1:123456789012:job-queue/dpstack-batch-queue"),
    ("AlarmTopicArn", "arn:aws:sns:eu-west-1:123456789012:dpstack-alarms"),
    ("IngestionRepositoryArn", "arn:aws:ecr:eu-west-1:123456789012:repository/ingestion-image"),
    ("DbtRepositoryArn", "arn:aws:ecr:eu-west-1:123456789012:repository/dbt-image"),
    ("Vpc.DefaultSecurityGroup", "sg-1"),
];

/// A call that a role makes.
#[derive(Clone, Debug)]
pub(super) struct Call<'c> {
    pub(super) action: &'c str,
    pub(super) resource: &'c str,
    /// Keys and values, as the service sets them for the call.
    pub(super) context: Vec<(&'c str, &'c str)>,
}

impl<'c> Call<'c> {
    /// Creates a call. The context is a list of `key=value` words.
    pub(super) fn new(action: &'c str, resource: &'c str, context: &'c str) -> Self {
        let context = context.split_whitespace().filter_map(|word| word.split_once('=')).collect();
        Self { action, resource, context }
    }
}

/// Returns the resources of every template with the parameters of `prod`, by `stack.Name`. Every function in a policy is
/// evaluated.
pub(super) fn deployed() -> BTreeMap<String, Value> {
    let text = include_str!("../../../../../infra/settings/prod.yaml");
    let prod = crate::settings::resolve("prod", Document { file: "prod", text }, None, &Variables::new());
    let table = settings(&prod.expect("sound settings").settings);
    let known = |value: &str| ParameterValue::Known(value.to_owned());
    let mut given: BTreeMap<_, _> = table.iter().map(|(name, row)| ((*name).to_owned(), known(&row.value))).collect();
    given.extend(PLACE.into_iter().chain(OUTPUTS).map(|(name, value)| (name.to_owned(), known(value))));
    for group in ["Ingestion", "Dbt"] {
        let arn = format!("{GROUP}/dpstack/jobs/{}:*", group.to_lowercase());
        given.insert(format!("{group}LogGroupArn"), known(&arn));
    }
    let resolved = templates().into_iter().zip(TEXTS).map(|(template, (stack, _))| (stack, resolve(&template, &given)));
    let all = resolved.flat_map(|(stack, resolved)| {
        let groups = resolved.resources.clone();
        let named = move |(name, mut body): (String, Value)| {
            log_groups(&mut body, &groups);
            (format!("{stack}.{name}"), body)
        };
        resolved.resources.into_iter().map(named)
    });
    all.collect()
}

/// Replaces the ARNs of log groups in the same template.
fn log_groups(value: &mut Value, resources: &BTreeMap<String, Value>) {
    let group = value["Fn::GetAtt"][0].as_str().and_then(|name| resources.get(name));
    if let Some(name) = group.and_then(|group| group["Properties"]["LogGroupName"].as_str()) {
        *value = format!("{GROUP}{name}:*").into();
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| log_groups(item, resources)),
        Value::Object(members) => members.values_mut().for_each(|item| log_groups(item, resources)),
        _ => {}
    }
}

/// Returns a role's own policies.
pub(super) fn policies(role: &Value) -> Vec<&Value> {
    let list = role["Properties"]["Policies"].as_array();
    list.into_iter().flatten().map(|policy| &policy["PolicyDocument"]).collect()
}

/// Returns whether policies allow a call: at least one statement allows it, and none denies it.
pub(super) fn allow(policies: &[&Value], call: &Call<'_>) -> bool {
    let statements = policies.iter().flat_map(|policy| policy["Statement"].as_array().into_iter().flatten());
    let (mut allowed, mut denied) = (false, false);
    for statement in statements.filter(|statement| applies(statement, call)) {
        if statement["Effect"] == "Deny" { denied = true } else { allowed = true }
    }
    allowed && !denied
}

pub(super) fn applies(statement: &Value, call: &Call<'_>) -> bool {
    let action = call.action.to_lowercase();
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    let mut keys = conditions.flat_map(|(operator, keys)| {
        keys.as_object().into_iter().flatten().map(move |(key, expected)| (operator.as_str(), key.as_str(), expected))
    });
    texts(&statement["Action"]).iter().any(|pattern| like(&pattern.to_lowercase(), &action))
        && (statement["Resource"].is_null()
            || texts(&statement["Resource"]).iter().any(|pattern| like(pattern, call.resource)))
        && !texts(&statement["NotResource"]).iter().any(|pattern| like(pattern, call.resource))
        && keys.all(|(operator, key, expected)| holds(operator, key, &texts(expected), call))
}

fn holds(operator: &str, key: &str, expected: &[String], call: &Call<'_>) -> bool {
    let found = call.context.iter().find_map(|(name, value)| (*name == key).then_some(*value));
    let found = if key == "aws:RequestedRegion" { found.or(Some("eu-west-1")) } else { found };
    let equals = |value: &str| expected.iter().any(|expected| expected == value);
    match operator {
        "StringEquals" | "Bool" | "ForAnyValue:StringEquals" => found.is_some_and(equals),
        // Also where the key is missing.
        "StringNotEquals" => !found.is_some_and(equals),
        "Null" => equals(if found.is_none() { "true" } else { "false" }),
        other => panic!("`{other}` is not among the operators of these policies"),
    }
}

/// Matches wildcards: `*` is any text, `?` any character (AWS IAM User Guide, "Resource").
fn like(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    let mut chars = text.chars();
    match first {
        '*' => text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| like(rest, &text[at..])),
        '?' => chars.next().is_some() && like(rest, chars.as_str()),
        _ => chars.next() == Some(first) && like(rest, chars.as_str()),
    }
}

#[test]
fn a_deny_counts_more_than_an_allow_and_a_missing_key_only_where_it_is_asked_for() {
    let policy = json!({"Statement": [
        {"Effect": "Allow", "Action": ["iam:*Role", "s3:Get*"], "Resource": "arn:aws:iam::1:role/a-*"},
        {"Effect": "Deny", "Action": "iam:CreateRole", "Resource": "*",
         "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": "b"}}},
        {"Effect": "Allow", "Action": "kms:TagResource", "Resource": "*",
         "Condition": {"Null": {"aws:ResourceTag/project": "true"}, "ForAnyValue:StringEquals": {"aws:CalledVia": "c"}}},
    ]});
    let allowed = |action, resource, context| allow(&[&policy], &Call::new(action, resource, context));
    assert!(allowed("iam:DeleteRole", "arn:aws:iam::1:role/a-1", ""));
    assert!(!allowed("iam:DeleteRole", "arn:aws:iam::1:role/b-a-1", ""));
    assert!(!allowed("iam:DeleteRolePolicy", "arn:aws:iam::1:role/a-1", ""));
    assert!(!allowed("iam:CreateRole", "arn:aws:iam::1:role/a-1", ""));
    assert!(!allowed("iam:CreateRole", "arn:aws:iam::1:role/a-1", "iam:PermissionsBoundary=c"));
    assert!(allowed("iam:CreateRole", "arn:aws:iam::1:role/a-1", "iam:PermissionsBoundary=b"));
    assert!(allowed("kms:TagResource", "*", "aws:CalledVia=c"));
    assert!(!allowed("kms:TagResource", "*", "aws:CalledVia=c aws:ResourceTag/project=p"));
    assert!(!allowed("kms:TagResource", "*", ""));
}
