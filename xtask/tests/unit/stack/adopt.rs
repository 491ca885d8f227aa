//! Existing resources that new stacks import.

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
    let (new, changes) = made(include_str!("../../../../infra/storage.yaml"));
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
    let (new, changes) = made(include_str!("../../../../infra/warehouse.yaml"));
    let existing = Existing::from([("our-NamespaceName".to_owned(), Some("arn:aws:kms:::key/b".to_owned()))]);
    let found = adopted(&new, &changes, &existing);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Namespace", "WarehouseKey"]);
    assert_eq!(found["WarehouseKey"].name, "b");
}

#[test]
fn the_template_says_what_they_are_called_and_that_they_stay() {
    let (new, changes) = made(include_str!("../../../../infra/warehouse.yaml"));
    let existing = Existing::from([("our-NamespaceName".to_owned(), Some("arn:aws:kms:::key/b".to_owned()))]);
    let template: Value = serde_json::from_str(&import(&adopted(&new, &changes, &existing))).expect("JSON");
    let keeps = |kind: &str, properties: Value| json!({"Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties});
    let wanted = json!({
        "Namespace": keeps("AWS::RedshiftServerless::Namespace", json!({"NamespaceName": "our-NamespaceName"})),
        "WarehouseKey": keeps("AWS::KMS::Key", json!({})),
    });
    assert_eq!(template["Resources"], wanted);
}
