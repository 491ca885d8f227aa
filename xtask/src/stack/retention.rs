//! What a stack leaves behind when it is deleted, and the same stack so that it leaves nothing.

use std::collections::BTreeMap;

use super::deployed::Deployed;
use super::template::Template;

/// The policies that keep a resource (AWS CloudFormation Template Reference, "DeletionPolicy attribute").
const KEEPS: [&str; 2] = ["RetainExceptOnCreate", "Retain"];

/// The parameter by which a stack deletes what its resources hold together with them.
const REMOVES: &str = "RemoveData";

/// The resources that stay, as `LakeBucket (AWS::S3::Bucket)`.
pub fn retained(template: &str) -> Vec<String> {
    let Some(template) = Template::read_any("", template) else { return Vec::new() };
    let keeps =
        |body: &serde_json::Value| body["DeletionPolicy"].as_str().is_some_and(|policy| KEEPS.contains(&policy));
    let kept = template.resources.iter().filter(|(_, body)| keeps(body));
    kept.map(|(name, body)| format!("{name} ({})", body["Type"].as_str().unwrap_or_default())).collect()
}

/// A stack's template and parameters so that nothing of it stays; none where nothing would. Only the words of the policies
/// are others. CloudFormation once took a new policy alone for no change (cloudformation-coverage-roadmap#1543), so that each
/// comes with metadata.
pub fn without_retention(stack: &Deployed) -> Option<(String, BTreeMap<String, String>)> {
    let mut parameters = stack.parameters.clone();
    let removes = parameters.get_mut(REMOVES).is_some_and(|value| {
        let keeps = value != "true";
        "true".clone_into(value);
        keeps
    });
    let policy = |line: &str| {
        let (space, rest) = line.split_at(line.len() - line.trim_start().len());
        let value = rest.strip_prefix("DeletionPolicy: ").map(str::trim);
        if value.is_some_and(|value| KEEPS.contains(&value)) {
            format!("{space}DeletionPolicy: Delete\n{space}Metadata: {{Ends: with its stack}}\n")
        } else {
            format!("{line}\n")
        }
    };
    let template: String = stack.template.lines().map(policy).collect();
    let changed = !retained(&stack.template).is_empty();
    (changed || removes).then_some((template, parameters))
}

#[cfg(test)]
mod tests {
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
    fn what_our_templates_keep_is_told_and_can_be_let_go() {
        for (text, count) in [
            (include_str!("../../../infra/storage.yaml"), 6),
            (include_str!("../../../infra/warehouse.yaml"), 2),
            (include_str!("../../../infra/network.yaml"), 0),
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
    fn a_stack_that_keeps_images_is_told_to_remove_them() {
        let registry = include_str!("../../../infra/registry.yaml");
        let (template, parameters) = without_retention(&stack(registry, &[("RemoveData", "false")])).expect("a change");
        assert_eq!((template.trim_end(), parameters["RemoveData"].as_str()), (registry.trim_end(), "true"));
        assert_eq!(without_retention(&stack(registry, &[("RemoveData", "true")])), None);
    }
}
