//! Tests which resources of the real templates are retained, and which of them new stacks import.

use super::*;
use crate::stack::{ParameterValue, changes, resolve};

fn made(text: &str) -> (Resolved, Vec<Change>) {
    let template = Template::read_any("storage", text).expect("a template");
    let name = |parameter: &String| (parameter.clone(), ParameterValue::Known(format!("our-{parameter}")));
    let new = resolve(&template, &template.parameters.keys().map(name).collect());
    let changes = changes(&Resolved::default(), &new);
    (new, changes)
}

#[test]
fn buckets_are_imported_with_their_keys_only() {
    let (new, changes) = made(include_str!("../../../../infra/storage.yaml"));
    assert_eq!(adopted(&new, &changes, &Existing::new()), BTreeMap::new());
    let key = "arn:aws:kms:eu-west-1:000000000000:key/aaaa-1".to_owned();
    let existing = Existing::from([
        ("our-LakeBucketName".to_owned(), Some(key)),
        ("our-AccessLogBucketName".to_owned(), None),
        ("another".to_owned(), None),
    ]);
    let found = adopted(&new, &changes, &existing);
    let found_names: Vec<(&str, &str, &str)> =
        found.iter().map(|(resource, one)| (resource.as_str(), one.property, one.name.as_str())).collect();
    let expected = [
        ("AccessLogBucket", "BucketName", "our-AccessLogBucketName"),
        ("LakeBucket", "BucketName", "our-LakeBucketName"),
        ("LakeKey", "KeyId", "aaaa-1"),
    ];
    assert_eq!(found_names, expected);
    // A resource that is already part of the stack is changed, not imported.
    assert_eq!(adopted(&new, &[], &existing), BTreeMap::new());
}

#[test]
fn a_namespace_is_imported_with_its_key() {
    let (new, changes) = made(include_str!("../../../../infra/warehouse.yaml"));
    let existing = Existing::from([("our-NamespaceName".to_owned(), Some("arn:aws:kms:::key/b".to_owned()))]);
    let found = adopted(&new, &changes, &existing);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Namespace", "WarehouseKey"]);
    assert_eq!(found["WarehouseKey"].name, "b");
}

#[test]
fn the_import_template_names_and_retains_them() {
    let (new, changes) = made(include_str!("../../../../infra/warehouse.yaml"));
    let existing = Existing::from([("our-NamespaceName".to_owned(), Some("arn:aws:kms:::key/b".to_owned()))]);
    let template: Value = serde_json::from_str(&import(&adopted(&new, &changes, &existing))).expect("JSON");
    let keeps = |kind: &str, properties: Value| json!({"Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties});
    let expected = json!({
        "Namespace": keeps("AWS::RedshiftServerless::Namespace", json!({"NamespaceName": "our-NamespaceName"})),
        "WarehouseKey": keeps("AWS::KMS::Key", json!({})),
    });
    assert_eq!(template["Resources"], expected);
}

fn stack(template: &str, parameters: &[(&str, &str)]) -> Deployed {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Deployed { parameters, template: template.to_owned(), ..Deployed::default() }
}

#[test]
fn retained_resources_are_listed_and_can_be_released() {
    for (text, count) in [
        (include_str!("../../../../infra/storage.yaml"), 6),
        (include_str!("../../../../infra/warehouse.yaml"), 2),
        (include_str!("../../../../infra/network.yaml"), 0),
    ] {
        let kept = retained(text);
        assert_eq!(kept.len(), count, "{kept:?}");
        match without_retention(&stack(text, &[])) {
            Some((template, _)) => {
                assert!(Template::read_any("", &template).is_some(), "it is still a template");
                assert_eq!(retained(&template), Vec::<String>::new());
            }
            None => assert_eq!(count, 0),
        }
    }
}

#[test]
fn a_stack_with_images_gets_the_parameter_to_remove_them() {
    let registry = include_str!("../../../../infra/registry.yaml");
    let (template, parameters) = without_retention(&stack(registry, &[("RemoveData", "false")])).expect("a change");
    assert_eq!((template.trim_end(), parameters["RemoveData"].as_str()), (registry.trim_end(), "true"));
    assert_eq!(without_retention(&stack(registry, &[("RemoveData", "true")])), None);
}
