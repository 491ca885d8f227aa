//! A CloudFormation change set, and what it would replace or remove beyond the plan.

use serde::Serialize;
use serde_json::Value;

use super::change::{Action, Change};
use super::types::{Replaces, ResourceType};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeSetEntry {
    pub resource: String,
    /// `AWS::S3::Bucket`.
    pub kind: String,
    pub action: Action,
    pub replaces: Replaces,
    /// The properties that change, as far as CloudFormation names them.
    pub properties: Vec<String>,
    /// The resources that it refers to, if it changes only because of them.
    pub follows: Vec<String>,
}

/// What a change set would replace or remove that the plan does not show as replaced or removed.
///
/// A replacement that CloudFormation calls conditional counts unless the plan rules it out: the type's table says that these
/// properties change in place, or the resource only follows others that are not replaced. CloudFormation reports a
/// resource that uses an attribute of a changed resource as conditional (API Reference, ResourceChangeDetail, Evaluation `Dynamic`).
pub fn unplanned(planned: &[Change], change_set: &[ChangeSetEntry]) -> Vec<String> {
    let is_removal = |name: &String| planned.iter().any(|plan| plan.resource == *name && plan.is_removal());
    let mut found = Vec::new();
    for entry in change_set.iter().filter(|entry| !is_removal(&entry.resource)) {
        let kind = ResourceType::of(&entry.kind);
        let in_place =
            |property: &String| kind.is_some_and(|kind| kind.replaces(property, &Value::Null) == Replaces::No);
        let is_planned = planned.iter().any(|plan| plan.resource == entry.resource);
        let follows = !entry.follows.is_empty() && !entry.follows.iter().any(is_removal);
        let ruled_out = follows
            || if is_planned {
                kind.is_some()
            } else {
                !entry.properties.is_empty() && entry.properties.iter().all(in_place)
            };
        let verb = match (entry.action, entry.replaces) {
            (Action::Remove, _) => "remove",
            (Action::Modify, Replaces::Yes) => "replace",
            (Action::Modify, Replaces::Maybe) if !ruled_out => "perhaps replace",
            _ => continue,
        };
        let because = match entry.properties.as_slice() {
            [] => String::new(),
            names => format!(" because of {}", names.join(", ")),
        };
        found.push(format!("{verb} `{}` ({}){because}", entry.resource, entry.kind));
    }
    found
}

#[cfg(test)]
#[path = "../../tests/unit/stack/change_set.rs"]
mod tests;
