//! Evaluates a call as IAM does, by the policies in `infra/github/ci.yaml` with the parameters of `prod`: a role's own
//! policies, the boundary, wildcards, and the operators that our conditions use (AWS IAM User Guide, "Policy evaluation
//! logic").

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{templates, texts};
use crate::settings::{Document, Variables};
use crate::stack::permissions::{Names, names, resources};

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

/// Returns the names of `prod`.
pub(super) fn prod_names() -> Names {
    names_in(include_str!("../../../../../infra/settings/prod.yaml"))
}

fn names_in(text: &str) -> Names {
    let read = crate::settings::resolve("module", Document { file: "module", text }, None, &Variables::new());
    names(&read.expect("sound settings").settings, "123456789012", "aws", of_source())
}

/// Returns the parameters of the stack of a source, and of a Slack channel.
fn of_source() -> Names {
    let pairs = [
        ("SlackWorkspace", "T0123ABCD"),
        ("SlackChannel", "C0123ABCD"),
        ("ChatTopicArn", "arn:aws:sns:eu-west-1:123456789012:dpstack-prod-chat"),
        ("SourceJobName", "ingestion-source-x"),
        ("SecretService", "secretsmanager"),
        ("SecretResource", "secret:dpstack-prod/x-AbCdEf"),
        ("SecretAction", "secretsmanager:GetSecretValue"),
        ("SecretKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/source"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Returns the resources of every template with the parameters of `prod`, by `stack.Name`. Every function in a policy is
/// evaluated.
pub(super) fn deployed() -> BTreeMap<String, Value> {
    resources(&templates(), &prod_names())
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
    let is_like = |value: &str| expected.iter().any(|expected| like(expected, value));
    match operator {
        "StringEquals" | "Bool" | "ForAnyValue:StringEquals" => found.is_some_and(equals),
        "StringLike" | "ForAnyValue:StringLike" => found.is_some_and(is_like),
        // Also where the key is missing.
        "StringNotEquals" => !found.is_some_and(equals),
        "StringNotLike" => !found.is_some_and(is_like),
        "StringEqualsIfExists" => found.is_none_or(equals),
        "StringLikeIfExists" => found.is_none_or(is_like),
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

#[test]
fn dev_and_prod_can_be_deployed_to_one_account() {
    let dev = names_in(include_str!("../../../../../infra/settings/dev.yaml"));
    let equal = |(name, value): &(&String, &String)| dev.get(*name) == Some(*value);
    let prod = prod_names();
    let shared = prod.iter().filter(|(name, _)| name.ends_with("Name") || *name == "StackPrefix").filter(equal);
    // A database belongs to a namespace.
    let shared = shared.filter(|(name, _)| !of_source().contains_key(*name));
    assert_eq!(shared.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["DatabaseName"]);
}
