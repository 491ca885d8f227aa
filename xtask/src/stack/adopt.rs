//! Existing resources that belong to no stack and that a new stack imports: those that an earlier `destroy` retained.
//!
//! A first template imports them by name only; the stack's own template then updates them. CloudFormation's automatic import
//! supports neither names from parameters nor KMS keys (AWS CloudFormation User Guide, "Import AWS resources into a
//! CloudFormation stack automatically") and ignores differences. An import creates nothing else and has no outputs (same
//! guide, "… manually").

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::change::{Action, Change, referenced};
use super::resolve::Resolved;

/// Names of existing resources of this account, each with the ARN of the customer managed key that encrypts it, if any.
pub type Existing = BTreeMap<String, Option<String>>;

/// A key's type and its identifying property, which only AWS sets.
const KEY: (&str, &str) = ("AWS::KMS::Key", "KeyId");

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adopted {
    pub kind: String,
    /// The property that identifies it.
    pub property: String,
    pub name: String,
}

/// The resources to create that already exist under their fixed names, and the keys that encrypt their data.
pub fn adopted(new: &Resolved, changes: &[Change], existing: &Existing) -> BTreeMap<String, Adopted> {
    let added = |name: &str| changes.iter().any(|change| change.resource == name && change.action == Action::Add);
    let mut found = BTreeMap::new();
    for change in changes.iter().filter(|change| change.action == Action::Add) {
        let (Some(property), Some(body)) = (change.named_by(), new.resources.get(&change.resource)) else { continue };
        let name = body.pointer(&format!("/Properties/{property}")).and_then(Value::as_str);
        let Some((name, key)) = name.and_then(|name| existing.get_key_value(name)) else { continue };
        let of = |kind: &str, property: &str, name: &str| Adopted {
            kind: kind.to_owned(),
            property: property.to_owned(),
            name: name.to_owned(),
        };
        found.insert(change.resource.clone(), of(&change.kind, property, name));
        let Some(id) = key.as_deref().and_then(|arn| arn.rsplit('/').next()) else { continue };
        let is_key = |name: &String| new.resources.get(name).is_some_and(|body| body["Type"] == KEY.0) && added(name);
        let keys = referenced(&body["Properties"]).into_iter().filter(is_key);
        found.extend(keys.map(|resource| (resource, of(KEY.0, KEY.1, id))));
    }
    found
}

/// The template that imports them.
pub fn import(adopted: &BTreeMap<String, Adopted>) -> String {
    let body = |one: &Adopted| {
        // A template cannot set a key's id.
        let properties = if one.kind == KEY.0 { json!({}) } else { json!({ &one.property: one.name }) };
        let retain = "Retain";
        json!({"Type": one.kind, "DeletionPolicy": retain, "UpdateReplacePolicy": retain, "Properties": properties})
    };
    let resources: Map<String, Value> = adopted.iter().map(|(name, one)| (name.clone(), body(one))).collect();
    json!({"Description": "Imports existing resources.", "Resources": resources}).to_string()
}

#[cfg(test)]
#[path = "../../tests/unit/stack/adopt.rs"]
mod tests;
