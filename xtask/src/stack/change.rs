//! The predicted changes to a stack: the resources, the values that differ, and which resources are replaced.
//!
//! The changes are computed by comparing two resolved templates. CloudFormation has the final say: a change set that
//! replaces or removes more than predicted is executed only after approval.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::functions::{call, references};
use super::resolve::Resolved;
use super::types::{Replaces, ResourceType};
use crate::settings::shortened;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Add,
    Import,
    Modify,
    Remove,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Path in the resource, such as `Properties/Tags/0/Value`.
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub resource: String,
    /// Resource type, such as `AWS::S3::Bucket`.
    pub kind: String,
    pub action: Action,
    pub replaces: Replaces,
    /// Whether the removed resource is retained in the account.
    pub retained: bool,
    pub details: Vec<Detail>,
}

impl Change {
    pub fn loses_data(&self) -> bool {
        self.is_removal() && !self.retained && ResourceType::of(&self.kind).is_none_or(|kind| kind.holds_data)
    }

    /// Whether the change removes or replaces a resource; such changes are listed first.
    pub fn is_removal(&self) -> bool {
        self.action == Action::Remove || self.replaces > Replaces::No
    }

    /// Whether the change affects permissions or network access.
    pub fn is_access(&self) -> bool {
        let policy = |detail: &Detail| detail.path.contains("Policy") || detail.path.contains("Principal");
        match self.kind.as_str() {
            "AWS::S3::BucketPolicy" | "AWS::SNS::TopicPolicy" => true,
            "AWS::KMS::Key" | "AWS::EC2::VPCEndpoint" => {
                self.action != Action::Modify || self.details.iter().any(policy)
            }
            kind => kind.starts_with("AWS::IAM::") || kind.starts_with("AWS::EC2::SecurityGroup"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.action, self.replaces) {
            (Action::Add, _) => '+',
            (Action::Import, _) => '<',
            (Action::Remove, _) => '-',
            (Action::Modify, Replaces::No) => '~',
            (Action::Modify, _) => '!',
        };
        write!(f, "{sign} {}  {}", self.resource, self.kind)?;
        let effect = match (self.action, self.replaces) {
            (Action::Import, _) => "  exists and is imported",
            (Action::Remove, _) if self.retained => "  is removed from the stack and retained",
            (Action::Remove, _) if self.loses_data() => "  is removed with its data",
            (Action::Remove, _) => "  is removed",
            (Action::Modify, Replaces::Yes) if self.loses_data() => "  is replaced; the old resource's data is lost",
            (Action::Modify, Replaces::Yes) => "  is replaced",
            (Action::Modify, Replaces::Maybe) => "  may be replaced",
            _ => "",
        };
        f.write_str(effect)?;
        for Detail { path, before, after } in self.details.iter().take(SHOWN) {
            let path = path.trim_start_matches("Properties/");
            match (before, after) {
                (None, Some(after)) => write!(f, "\n    {path}: {}", short(after))?,
                (Some(before), None) => write!(f, "\n    {path}: no longer {}", short(before))?,
                (before, after) => {
                    let text = |value: &Option<String>| short(value.as_deref().unwrap_or_default());
                    write!(f, "\n    {path}: {} -> {}", text(before), text(after))?;
                }
            }
        }
        match self.details.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n    and {more} more"),
        }
    }
}

const SHOWN: usize = 12;

fn short(value: &str) -> String {
    shortened(value.split_whitespace().collect::<Vec<_>>().join(" "), 100)
}

/// Returns the changes from one template to the other, sorted by resource name.
pub fn changes(old: &Resolved, new: &Resolved) -> Vec<Change> {
    let names: BTreeSet<&String> = old.resources.keys().chain(new.resources.keys()).collect();
    let mut found = BTreeMap::new();
    for name in names {
        let (old, new) = (old.resources.get(name), new.resources.get(name));
        let details = old.zip(new).map(|(old, new)| differences(old, new));
        if details.as_ref().is_none_or(|details| !details.is_empty()) {
            found.insert(name, change(name, old, new, details.unwrap_or_default()));
        }
    }
    // A reference to a replaced resource has a new value, which may in turn replace the resource that refers to it.
    loop {
        let replaced = |name: &String| found.get(name).is_some_and(|change| change.replaces == Replaces::Yes);
        let mut more = Vec::new();
        for (name, body) in new.resources.iter().filter(|(name, _)| old.resources.contains_key(*name)) {
            for (path, reference) in references(&body["Properties"], &["Properties".to_owned()]) {
                let (path, Some(target)) = (path.join("/"), reference.of_a_value()) else { continue };
                let within = |detail: &Detail| format!("{path}/").starts_with(&format!("{}/", detail.path));
                let known = found.get(name).is_some_and(|change| change.details.iter().any(within));
                if target != *name && replaced(&target) && !known {
                    more.push((name, path, target));
                }
            }
        }
        if more.is_empty() {
            return found.into_values().collect();
        }
        for (name, path, target) in more {
            let (old, new) = (&old.resources[name], &new.resources[name]);
            let change = found.entry(name).or_insert_with(|| change(name, Some(old), Some(new), Vec::new()));
            let (before, after) = (Some(target.clone()), Some(format!("<new {target}>")));
            change.details.push(Detail { path, before, after });
            change.replaces = replaces(new, &change.details);
        }
    }
}

fn change(name: &str, old: Option<&Value>, new: Option<&Value>, details: Vec<Detail>) -> Change {
    let (action, policy) = match (old, new) {
        (None, _) => (Action::Add, None),
        (Some(_), None) => (Action::Remove, Some("DeletionPolicy")),
        (Some(_), Some(_)) => (Action::Modify, Some("UpdateReplacePolicy")),
    };
    let body = new.or(old).unwrap_or(&Value::Null);
    let is_new_type = old.zip(new).is_some_and(|(old, new)| kind_of(old) != kind_of(new));
    Change {
        resource: name.to_owned(),
        kind: kind_of(body),
        action,
        replaces: if is_new_type { Replaces::Yes } else { replaces(body, &details) },
        retained: policy.is_some_and(|policy| body[policy].as_str().is_some_and(|policy| policy.starts_with("Retain"))),
        details,
    }
}

/// Returns whether these differences replace the resource; `Maybe` for an unknown type.
fn replaces(body: &Value, details: &[Detail]) -> Replaces {
    let of = |detail: &Detail| match (detail.path.strip_prefix("Properties/"), ResourceType::of(&kind_of(body))) {
        (None, _) => Replaces::No,
        (Some(_), None) => Replaces::Maybe,
        (Some(path), Some(kind)) => kind.replaces(path, &body["Properties"]),
    };
    details.iter().map(of).max().unwrap_or(Replaces::No)
}

fn kind_of(body: &Value) -> String {
    body["Type"].as_str().unwrap_or_default().to_owned()
}

/// Returns every value that differs, sorted by path.
fn differences(old: &Value, new: &Value) -> Vec<Detail> {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    leaves(old, String::new(), &mut before);
    leaves(new, String::new(), &mut after);
    // Changes to these attributes do not change the resource.
    let ignored = |path: &str| ["Condition", "DependsOn"].contains(&path.split('/').next().unwrap_or_default());
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).filter(|path| !ignored(path)).collect();
    let differing = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let value = |values: &BTreeMap<String, String>, path| values.get(path).cloned();
    differing
        .map(|path| Detail { path: path.clone(), before: value(&before, path), after: value(&after, path) })
        .collect()
}

/// Collects the leaves of a value by path. A function call is a leaf.
fn leaves(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}/{step}") };
    let is_function = call(value).is_some_and(|(name, _)| name == "Ref" || name.starts_with("Fn::"));
    match value {
        Value::Object(members) if !is_function && !members.is_empty() => {
            members.iter().for_each(|(name, item)| leaves(item, below(name), found));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, below(&index.to_string()), found));
        }
        Value::String(text) => _ = found.insert(path, text.clone()),
        other => _ = found.insert(path, other.to_string()),
    }
}

/// Returns the names of the resources and parameters that a value refers to.
pub fn referenced(value: &Value) -> Vec<String> {
    references(value, &[]).into_iter().filter_map(|(_, reference)| reference.of_a_value()).collect()
}

/// Returns the changes that cannot succeed: a resource with a fixed name cannot be replaced by one with the same name.
pub fn blocked(old: &Resolved, changes: &[Change]) -> Vec<String> {
    let mut found = Vec::new();
    for change in changes.iter().filter(|change| change.action == Action::Modify && change.replaces == Replaces::Yes) {
        let kind = ResourceType::of(&change.kind);
        let Some((kind, name)) = kind.and_then(|kind| Some((kind, kind.named_by?))) else { continue };
        let path = format!("/Properties/{name}");
        let named = old.resources.get(&change.resource).and_then(|body| body.pointer(&path)).is_some();
        let renamed = change.details.iter().any(|detail| detail.path == path[1..]);
        if named && !renamed {
            let paths = change.details.iter().map(|detail| detail.path.trim_start_matches("Properties/"));
            let forces = |path: &&str| kind.replaces(path, &Value::Null) > Replaces::No;
            let (forcing, other): (Vec<&str>, Vec<&str>) = paths.partition(forces);
            // A new type replaces the resource, regardless of its properties.
            let why = if forcing.is_empty() { other } else { forcing }.join(", ");
            found.push(format!("`{}` ({}) would be replaced because of {why}", change.resource, change.kind));
        }
    }
    found
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeSetEntry {
    pub resource: String,
    /// Resource type, such as `AWS::S3::Bucket`.
    pub kind: String,
    pub action: Action,
    pub replaces: Replaces,
    /// The properties that change, as far as CloudFormation reports them.
    pub properties: Vec<String>,
    /// The referenced resources, if their changes are the only reason for this change.
    pub follows: Vec<String>,
}

/// Returns the replacements and removals in a change set that the plan does not show.
///
/// A replacement that CloudFormation reports as conditional counts unless the plan rules it out: either these
/// properties change in place according to the type table, or the resource changes only because of others that are not
/// replaced. CloudFormation reports a conditional replacement for a resource that uses an attribute of a changed
/// resource (API Reference, ResourceChangeDetail, Evaluation `Dynamic`).
pub fn unplanned(planned: &[Change], change_set: &[ChangeSetEntry]) -> Vec<String> {
    let is_removal = |name: &String| planned.iter().any(|plan| plan.resource == *name && plan.is_removal());
    let mut found = Vec::new();
    for entry in change_set.iter().filter(|entry| !is_removal(&entry.resource)) {
        let kind = ResourceType::of(&entry.kind);
        let in_place =
            |property: &String| kind.is_some_and(|kind| kind.replaces(property, &Value::Null) == Replaces::No);
        let is_planned = planned.iter().any(|plan| plan.resource == entry.resource);
        let follows = !entry.follows.is_empty() && !entry.follows.iter().any(is_removal);
        let all_in_place = !entry.properties.is_empty() && entry.properties.iter().all(in_place);
        let ruled_out = follows || if is_planned { kind.is_some() } else { all_in_place };
        let verb = match (entry.action, entry.replaces) {
            (Action::Remove, _) => "remove",
            (Action::Modify, Replaces::Yes) => "replace",
            (Action::Modify, Replaces::Maybe) if !ruled_out => "possibly replace",
            _ => continue,
        };
        let names = entry.properties.join(", ");
        let because = if names.is_empty() { String::new() } else { format!(" because of {names}") };
        found.push(format!("{verb} `{}` ({}){because}", entry.resource, entry.kind));
    }
    found
}

#[cfg(test)]
#[path = "../../tests/unit/stack/change.rs"]
mod tests;
