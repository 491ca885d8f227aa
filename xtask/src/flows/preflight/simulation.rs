//! Requests for IAM's policy simulator, and its answers (IAM API Reference, SimulateCustomPolicy).

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::stack::permissions::RoleCall;

/// Value of `aws:userid`.
const USER: &str = "AROAEXAMPLE:session";

#[derive(Deserialize)]
struct Simulation {
    #[serde(rename = "SimulateCustomPolicyResult", alias = "SimulatePrincipalPolicyResult")]
    result: Results,
}

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "EvaluationResults")]
    results: Evaluations,
}

#[derive(Deserialize)]
struct Evaluations {
    #[serde(default)]
    member: Vec<Evaluation>,
}

#[derive(Deserialize)]
struct Evaluation {
    #[serde(rename = "EvalActionName")]
    action: String,
    #[serde(rename = "EvalDecision")]
    decision: String,
}

/// Simulates these policies of a role, with this boundary.
pub(super) fn custom<'p>(own: impl Iterator<Item = &'p Value>, boundary: Option<&Value>) -> Vec<(String, String)> {
    let own = own.enumerate().map(|(index, policy)| (format!("PolicyInputList.member.{}", index + 1), policy));
    let boundary = boundary.map(|policy| ("PermissionsBoundaryPolicyInputList.member.1".to_owned(), policy));
    let policies = own.chain(boundary).map(|(name, policy)| (name, policy.to_string()));
    [("Action".to_owned(), "SimulateCustomPolicy".to_owned())].into_iter().chain(policies).collect()
}

/// Simulates the policies of an existing role.
pub(super) fn principal(arn: &str) -> Vec<(String, String)> {
    [("Action", "SimulatePrincipalPolicy"), ("PolicySourceArn", arn)].map(|(n, v)| (n.to_owned(), v.to_owned())).into()
}

/// Returns the form of a simulation of calls with the same resource and context.
pub(super) fn form(calls: &[&RoleCall], policies: &[(String, String)], region: &str) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("Version", "2010-05-08").append_pair("MaxItems", "1000").extend_pairs(policies);
    for (index, call) in calls.iter().enumerate() {
        form.append_pair(&format!("ActionNames.member.{}", index + 1), &call.action);
    }
    form.append_pair("ResourceArns.member.1", &calls[0].resource);
    let given = calls[0].context.iter().map(|(key, value)| (key.as_str(), value.replace("${aws:userid}", USER)));
    let always = [("aws:RequestedRegion", region.to_owned()), ("aws:userid", USER.to_owned())];
    for (index, (key, value)) in given.chain(always).enumerate() {
        let entry = format!("ContextEntries.member.{}", index + 1);
        let kind = match value.as_str() {
            _ if key == "aws:CalledVia" => "stringList",
            "true" | "false" => "boolean",
            _ => "string",
        };
        form.append_pair(&format!("{entry}.ContextKeyName"), key);
        form.append_pair(&format!("{entry}.ContextKeyType"), kind);
        form.append_pair(&format!("{entry}.ContextKeyValues.member.1"), &value);
    }
    form.finish()
}

/// Returns the actions that the answer allows.
pub(super) fn allowed(answer: &str) -> Result<BTreeSet<String>> {
    let answer: Simulation = quick_xml::de::from_str(answer).context("IAM's response has no results")?;
    let members = answer.result.results.member.into_iter();
    Ok(members.filter(|one| one.decision == "allowed").map(|one| one.action).collect())
}
