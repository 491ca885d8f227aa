//! The resources that a stack retains when it is deleted, how to make it retain none, and the import of retained
//! resources into a new stack.
//!
//! A minimal template imports them by name; the stack's own template then updates them. CloudFormation's automatic
//! import supports neither names from parameters nor KMS keys (AWS CloudFormation User Guide, "Import AWS resources
//! into a CloudFormation stack automatically") and ignores differences. An import cannot create other resources or have
//! outputs (same guide, "… manually").

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::change::{Action, Change, referenced};
use super::deployed::Deployed;
use super::resolve::Resolved;
use super::template::Template;
use super::types::ResourceType;

/// Names of existing resources in this account, each with the ARN of the customer managed key that encrypts it, if any.
pub type Existing = BTreeMap<String, Option<String>>;

/// The resource type of a KMS key and its identifying property, which only AWS can set.
const KEY: (&str, &str) = ("AWS::KMS::Key", "KeyId");

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adopted {
    pub kind: &'static str,
    /// The property that identifies the resource.
    pub property: &'static str,
    pub name: String,
}

/// Returns the resources to create whose fixed names already exist, and the KMS keys that encrypt their data.
pub fn adopted(new: &Resolved, changes: &[Change], existing: &Existing) -> BTreeMap<String, Adopted> {
    let added = |name: &str| changes.iter().any(|change| change.resource == name && change.action == Action::Add);
    let mut found = BTreeMap::new();
    for change in changes.iter().filter(|change| change.action == Action::Add) {
        let Some(ResourceType { name: kind, named_by: Some(property), .. }) = ResourceType::of(&change.kind) else {
            continue;
        };
        let Some(body) = new.resources.get(&change.resource) else { continue };
        let name = body["Properties"].pointer(&format!("/{property}")).and_then(Value::as_str);
        let Some((name, key)) = name.and_then(|name| existing.get_key_value(name)) else { continue };
        found.insert(change.resource.clone(), Adopted { kind, property, name: name.clone() });
        let Some(id) = key.as_deref().and_then(|arn| arn.rsplit('/').next()) else { continue };
        let is_key = |name: &String| new.resources.get(name).is_some_and(|body| body["Type"] == KEY.0) && added(name);
        let keys = referenced(&body["Properties"]).into_iter().filter(is_key);
        found.extend(keys.map(|name| (name, Adopted { kind: KEY.0, property: KEY.1, name: id.to_owned() })));
    }
    found
}

/// Returns the template that imports these resources.
pub fn import(adopted: &BTreeMap<String, Adopted>) -> String {
    let body = |one: &Adopted| {
        // A template cannot set a key's ID.
        let properties = if one.kind == KEY.0 { json!({}) } else { json!({ one.property: one.name }) };
        let retain = "Retain";
        json!({"Type": one.kind, "DeletionPolicy": retain, "UpdateReplacePolicy": retain, "Properties": properties})
    };
    let resources: Map<String, Value> = adopted.iter().map(|(name, one)| (name.clone(), body(one))).collect();
    json!({"Description": "Imports existing resources.", "Resources": resources}).to_string()
}

/// The deletion policies that retain a resource (AWS CloudFormation Template Reference, "DeletionPolicy attribute").
const KEEPS: [&str; 2] = ["RetainExceptOnCreate", "Retain"];

/// Returns the retained resources, formatted as `LakeBucket (AWS::S3::Bucket)`.
pub fn retained(template: &str) -> Vec<String> {
    let Some(template) = Template::read_any("", template) else { return Vec::new() };
    let keeps = |body: &Value| body["DeletionPolicy"].as_str().is_some_and(|policy| KEEPS.contains(&policy));
    let kept = template.resources.iter().filter(|(_, body)| keeps(body));
    kept.map(|(name, body)| format!("{name} ({})", body["Type"].as_str().unwrap_or_default())).collect()
}

/// Returns a stack's template and parameters, changed so that it retains nothing; `None` if it already retains nothing.
/// CloudFormation once ignored changes to only the policy (cloudformation-coverage-roadmap#1543), so each new policy is
/// accompanied by a metadata change.
pub fn without_retention(stack: &Deployed) -> Option<(String, BTreeMap<String, String>)> {
    let mut parameters = stack.parameters.clone();
    // With this parameter, a stack also deletes the contents of its resources.
    let removes = parameters.get_mut("RemoveData");
    let changes_parameter = removes.is_some_and(|value| std::mem::replace(value, "true".to_owned()) != "true");
    let policy = |line: &str| {
        let (space, rest) = line.split_at(line.len() - line.trim_start().len());
        let value = rest.strip_prefix("DeletionPolicy: ").map(str::trim);
        if value.is_some_and(|value| KEEPS.contains(&value)) {
            format!("{space}DeletionPolicy: Delete\n{space}Metadata: {{DeletedWith: stack}}\n")
        } else {
            format!("{line}\n")
        }
    };
    let template: String = stack.template.lines().map(policy).collect();
    let changed = !retained(&stack.template).is_empty();
    (changed || changes_parameter).then_some((template, parameters))
}

#[cfg(test)]
#[path = "../../tests/unit/stack/retention.rs"]
mod tests;
