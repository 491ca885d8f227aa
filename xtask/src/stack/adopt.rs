//! Resources that are there already, outside of any stack, and become part of one: what an earlier deployment left when it
//! ended without its data.
//!
//! They are imported by what they are called, in a template of their own with no more than that; the stack's template then
//! changes them like any other resource. CloudFormation's own way in one step takes no name that a parameter gives, and no
//! key (AWS CloudFormation User Guide, "Import AWS resources into a CloudFormation stack automatically"), and it leaves what
//! differs as it is. An import makes nothing besides and has no outputs (the same, "… manually").

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::change::{Action, Change, referenced};
use super::resolve::Resolved;

/// Names that are taken by resources of this account, each with the ARN of the key by which it is encrypted, where that is a
/// key of the account's own.
pub type Existing = BTreeMap<String, Option<String>>;

/// A key's type, and the property that identifies it, which only AWS sets.
const KEY: (&str, &str) = ("AWS::KMS::Key", "KeyId");

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// Its type.
    pub kind: String,
    /// The property that identifies it.
    pub property: String,
    /// What it is called.
    pub name: String,
}

/// Which of the resources that would be made are there, by their fixed names; and the keys by which those are encrypted,
/// without which nobody could read what they hold.
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
        // Nobody can give a key its id.
        let properties = if one.kind == KEY.0 { json!({}) } else { json!({ &one.property: one.name }) };
        let keeps = "Retain";
        json!({"Type": one.kind, "DeletionPolicy": keeps, "UpdateReplacePolicy": keeps, "Properties": properties})
    };
    let resources: Map<String, Value> = adopted.iter().map(|(name, one)| (name.clone(), body(one))).collect();
    json!({"Description": "What is there already becomes part of the stack.", "Resources": resources}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{ParameterValue, Template, changes, resolve};

    fn made(text: &str) -> (Resolved, Vec<Change>) {
        let template = Template::read_any("storage", text).expect("a template");
        let name = |parameter: &String| (parameter.clone(), ParameterValue::Known(format!("our-{parameter}")));
        let new = resolve(&template, &template.parameters.keys().map(name).collect());
        let changes = changes(&Resolved::default(), &new);
        (new, changes)
    }

    #[test]
    fn buckets_bring_the_keys_that_encrypt_them_and_nothing_else() {
        let (new, changes) = made(include_str!("../../../infra/storage.yaml"));
        assert_eq!(adopted(&new, &changes, &Existing::new()), BTreeMap::new());
        let key = "arn:aws:kms:eu-west-1:000000000000:key/aaaa-1".to_owned();
        let existing = Existing::from([
            ("our-LakeBucketName".to_owned(), Some(key)),
            ("our-AccessLogBucketName".to_owned(), None),
            ("another".to_owned(), None),
        ]);
        let found = adopted(&new, &changes, &existing);
        let told: Vec<(&str, &str, &str)> =
            found.iter().map(|(resource, one)| (resource.as_str(), one.property.as_str(), one.name.as_str())).collect();
        let wanted = [
            ("AccessLogBucket", "BucketName", "our-AccessLogBucketName"),
            ("LakeBucket", "BucketName", "our-LakeBucketName"),
            ("LakeKey", "KeyId", "aaaa-1"),
        ];
        assert_eq!(told, wanted);
        // What is part of the stack already is changed, not imported.
        assert_eq!(adopted(&new, &[], &existing), BTreeMap::new());
    }

    #[test]
    fn a_namespace_brings_its_key_too() {
        let (new, changes) = made(include_str!("../../../infra/warehouse.yaml"));
        let existing = Existing::from([("our-NamespaceName".to_owned(), Some("arn:aws:kms:::key/b".to_owned()))]);
        let found = adopted(&new, &changes, &existing);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["Namespace", "WarehouseKey"]);
        assert_eq!(found["WarehouseKey"].name, "b");
    }

    #[test]
    fn the_template_says_what_they_are_called_and_that_they_stay() {
        let (new, changes) = made(include_str!("../../../infra/warehouse.yaml"));
        let existing = Existing::from([("our-NamespaceName".to_owned(), Some("arn:aws:kms:::key/b".to_owned()))]);
        let template: Value = serde_json::from_str(&import(&adopted(&new, &changes, &existing))).expect("JSON");
        let keeps = |kind: &str, properties: Value| json!({"Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties});
        let wanted = json!({
            "Namespace": keeps("AWS::RedshiftServerless::Namespace", json!({"NamespaceName": "our-NamespaceName"})),
            "WarehouseKey": keeps("AWS::KMS::Key", json!({})),
        });
        assert_eq!(template["Resources"], wanted);
    }
}
