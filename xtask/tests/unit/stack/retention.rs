//! What stacks of the real templates retain.

use super::*;

fn stack(template: &str, parameters: &[(&str, &str)]) -> Deployed {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Deployed {
        name: "P-storage".to_owned(),
        id: String::new(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
        parameters,
        outputs: BTreeMap::new(),
        tags: BTreeMap::new(),
        protected: false,
        template: template.to_owned(),
        change_sets: Vec::new(),
    }
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
