//! The predicted changes of a stack: each resource with the values that differ, and whether it is replaced.
//!
//! Computed by comparing two resolved templates. CloudFormation decides: a change set that replaces or removes more than
//! predicted is executed only after approval.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::functions::{call, references};
use super::resolve::Resolved;
use super::types::{Replaces, ResourceType};

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
    /// Its path in the resource: `Properties/Tags/0/Value`.
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub resource: String,
    /// `AWS::S3::Bucket`.
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

    /// Whether it removes or replaces a resource: such changes are listed first.
    pub fn is_removal(&self) -> bool {
        self.action == Action::Remove || self.replaces > Replaces::No
    }

    /// Whether it changes permissions or network access.
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
            (Action::Modify, Replaces::Yes) if self.loses_data() => "  is replaced; the data of the old one is lost",
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
    const LONGEST: usize = 100;
    let line: String = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST - 1).chain(['…']).collect() }
}

/// The changes from one template to the other, sorted by name.
pub fn changes(old: &Resolved, new: &Resolved) -> Vec<Change> {
    let names: BTreeSet<&String> = old.resources.keys().chain(new.resources.keys()).collect();
    let mut found: BTreeMap<&String, Change> = names
        .into_iter()
        .filter_map(|name| Some((name, change(name, old.resources.get(name), new.resources.get(name))?)))
        .collect();
    // A reference to a replaced resource has a new value, which may replace the referring resource in turn.
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
            let (was, is) = (&old.resources[name], &new.resources[name]);
            let change = found.entry(name).or_insert_with(|| modified(name, was, is, Vec::new()));
            let (before, after) = (Some(target.clone()), Some(format!("<new {target}>")));
            change.details.push(Detail { path, before, after });
            change.replaces = replaces(is, &change.details);
        }
    }
}

fn change(name: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Change> {
    let single = |body: &Value, action| Change {
        resource: name.to_owned(),
        kind: kind_of(body),
        action,
        replaces: Replaces::No,
        retained: action == Action::Remove && retains(body, "DeletionPolicy"),
        details: Vec::new(),
    };
    match (old, new) {
        (None, Some(new)) => Some(single(new, Action::Add)),
        (Some(old), None) => Some(single(old, Action::Remove)),
        (Some(old), Some(new)) => {
            let details: Vec<Detail> = differences(old, new);
            (!details.is_empty()).then(|| modified(name, old, new, details))
        }
        (None, None) => None,
    }
}

fn modified(name: &str, old: &Value, new: &Value, details: Vec<Detail>) -> Change {
    Change {
        resource: name.to_owned(),
        kind: kind_of(new),
        action: Action::Modify,
        replaces: if kind_of(old) == kind_of(new) { replaces(new, &details) } else { Replaces::Yes },
        retained: retains(new, "UpdateReplacePolicy"),
        details,
    }
}

/// Whether these differences replace the resource. For an unknown type they may.
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

fn retains(body: &Value, policy: &str) -> bool {
    body[policy].as_str().is_some_and(|policy| policy.starts_with("Retain"))
}

/// Attributes that change no resource.
const IGNORED: [&str; 2] = ["Condition", "DependsOn"];

/// Every value that differs, by path.
fn differences(old: &Value, new: &Value) -> Vec<Detail> {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    leaves(old, String::new(), &mut before);
    leaves(new, String::new(), &mut after);
    let ignored = |path: &str| IGNORED.iter().any(|name| path.split('/').next() == Some(name));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let detail = |path: &String| Detail {
        path: path.clone(),
        before: before.get(path).cloned(),
        after: after.get(path).cloned(),
    };
    paths.into_iter().filter(|path| !ignored(path)).map(detail).filter(|detail| detail.before != detail.after).collect()
}

/// The leaves of a value by path. A function is a leaf.
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

/// The resources that a value refers to.
pub fn referenced(value: &Value) -> Vec<String> {
    references(value, &[]).into_iter().filter_map(|(_, reference)| reference.of_a_value()).collect()
}

/// Changes that cannot succeed: a resource with a fixed name cannot be replaced while the old one has the same name.
pub fn blocked(old: &Resolved, changes: &[Change]) -> Vec<String> {
    let mut found = Vec::new();
    for change in changes.iter().filter(|change| change.action == Action::Modify && change.replaces == Replaces::Yes) {
        let Some(kind) = ResourceType::of(&change.kind) else { continue };
        let Some(name) = kind.named_by else { continue };
        let path = format!("/Properties/{name}");
        let named = old.resources.get(&change.resource).and_then(|body| body.pointer(&path)).is_some();
        let renamed = change.details.iter().any(|detail| detail.path == path[1..]);
        if named && !renamed {
            let paths = change.details.iter().map(|detail| detail.path.trim_start_matches("Properties/"));
            let forces = |path: &&str| kind.replaces(path, &Value::Null) > Replaces::No;
            let (forcing, other): (Vec<&str>, Vec<&str>) = paths.partition(forces);
            // A new type replaces the resource, regardless of its properties.
            let why = if forcing.is_empty() { other } else { forcing };
            let why = why.join(", ");
            found.push(format!("`{}` ({}) would be replaced because of {why}", change.resource, change.kind));
        }
    }
    found
}

#[cfg(test)]
#[path = "../../tests/unit/stack/change.rs"]
mod tests;
