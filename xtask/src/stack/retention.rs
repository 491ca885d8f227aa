//! What a stack retains when it is deleted, and how to make it retain nothing.

use std::collections::BTreeMap;

use super::deployed::Deployed;
use super::template::Template;

/// The policies that keep a resource (AWS CloudFormation Template Reference, "DeletionPolicy attribute").
const KEEPS: [&str; 2] = ["RetainExceptOnCreate", "Retain"];

/// The parameter with which a stack deletes the content of its resources too.
const REMOVES: &str = "RemoveData";

/// The retained resources, as `LakeBucket (AWS::S3::Bucket)`.
pub fn retained(template: &str) -> Vec<String> {
    let Some(template) = Template::read_any("", template) else { return Vec::new() };
    let keeps =
        |body: &serde_json::Value| body["DeletionPolicy"].as_str().is_some_and(|policy| KEEPS.contains(&policy));
    let kept = template.resources.iter().filter(|(_, body)| keeps(body));
    kept.map(|(name, body)| format!("{name} ({})", body["Type"].as_str().unwrap_or_default())).collect()
}

/// A stack's template and parameters so that it retains nothing; `None` if it already retains nothing. CloudFormation once
/// ignored a change of the policy alone (cloudformation-coverage-roadmap#1543), so each new policy comes with metadata.
pub fn without_retention(stack: &Deployed) -> Option<(String, BTreeMap<String, String>)> {
    let mut parameters = stack.parameters.clone();
    let changes_parameter = parameters.get_mut(REMOVES).is_some_and(|value| {
        let keeps = value != "true";
        "true".clone_into(value);
        keeps
    });
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
