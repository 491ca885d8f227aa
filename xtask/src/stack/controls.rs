//! The controls that the templates must keep, where cfn-lint and checkov know nothing: rules over the parsed templates.
//!
//! A rule proves itself: each one is held against the real templates, in which it must find nothing, and against copies in
//! which one thing is changed, each of which it must find. A rule over one property of a type is changed by the test itself,
//! in every resource of that type; the others name what breaks them.

mod airflow;
mod boundary;
mod calls;
mod compute;
mod decide;
mod everywhere;
mod github;
mod iam;
mod network;
mod policy;
mod storage;
mod warehouse;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Template;
use crate::settings::Document;

/// The templates by stack, each with the sections `Parameters`, `Conditions`, `Resources` and `Outputs`, functions in the
/// long form.
type Stacks = BTreeMap<&'static str, Value>;

/// A change of one template: stack, JSON pointer, and the JSON that is put there; nothing removes what is there.
type Change = (&'static str, &'static str, &'static str);

/// One control.
struct Rule {
    name: &'static str,
    /// The places where it is broken.
    broken: fn(&Stacks) -> Vec<String>,
    /// Changes that break it.
    by: &'static [Change],
}

/// One property that every resource of a type must have: type, JSON pointer, and the JSON that must be there, or nothing if
/// anything may.
type Property = (&'static str, &'static str, &'static str);

const TEXTS: [(&str, &str); 8] = [
    ("ci", include_str!("../../../infra/github/ci.yaml")),
    ("compute", include_str!("../../../infra/compute.yaml")),
    ("monitoring", include_str!("../../../infra/monitoring.yaml")),
    ("network", include_str!("../../../infra/network.yaml")),
    ("orchestration", include_str!("../../../infra/orchestration.yaml")),
    ("registry", include_str!("../../../infra/registry.yaml")),
    ("storage", include_str!("../../../infra/storage.yaml")),
    ("warehouse", include_str!("../../../infra/warehouse.yaml")),
];

fn templates() -> Vec<Template> {
    let parse = |(name, text)| Template::parse(name, Document { file: name, text }).expect("a sound template");
    TEXTS.map(parse).into()
}

fn stacks() -> Stacks {
    let section = |template: Template| {
        serde_json::json!({
            "Parameters": template.parameters,
            "Conditions": template.conditions,
            "Resources": template.resources,
            "Outputs": template.outputs,
        })
    };
    TEXTS.iter().zip(templates()).map(|((name, _), template)| (*name, section(template))).collect()
}

/// Every resource with `stack.Name`, its type and itself.
fn resources(stacks: &Stacks) -> impl Iterator<Item = (String, &str, &Value)> {
    stacks.iter().flat_map(|(stack, template)| {
        let parts = template["Resources"].as_object().into_iter().flatten();
        parts.map(move |(name, body)| (format!("{stack}.{name}"), body["Type"].as_str().unwrap_or_default(), body))
    })
}

fn of_type<'s>(stacks: &'s Stacks, kind: &'s str) -> impl Iterator<Item = (String, &'s Value)> {
    resources(stacks).filter(move |(_, found, _)| *found == kind).map(|(place, _, body)| (place, body))
}

/// One text, or a list of them; a function as its JSON.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

fn properties() -> impl Iterator<Item = &'static Property> {
    let all = [
        storage::PROPERTIES,
        network::PROPERTIES,
        warehouse::PROPERTIES,
        compute::PROPERTIES,
        airflow::PROPERTIES,
        iam::PROPERTIES,
        github::PROPERTIES,
    ];
    all.into_iter().flatten()
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    let all = [
        everywhere::RULES,
        storage::RULES,
        network::RULES,
        warehouse::RULES,
        compute::RULES,
        airflow::RULES,
        iam::RULES,
        github::RULES,
        boundary::RULES,
    ];
    all.into_iter().flatten()
}

/// Where a property is not what it must be.
fn lacking(stacks: &Stacks, (kind, pointer, wanted): &Property) -> Vec<String> {
    let wanted: Option<Value> = (!wanted.is_empty()).then(|| serde_json::from_str(wanted).expect("JSON in a rule"));
    let keeps = |body: &Value| match (body.pointer(pointer), &wanted) {
        (Some(found), Some(wanted)) => found == wanted,
        (found, None) => found.is_some_and(|found| !found.is_null()),
        (None, Some(_)) => false,
    };
    of_type(stacks, kind).filter(|(_, body)| !keeps(body)).map(|(place, _)| format!("{place}{pointer}")).collect()
}

/// Puts a value where a pointer leads, or takes away what is there; whether anything changed.
fn change(value: &mut Value, pointer: &str, to: Option<Value>) -> bool {
    let Some((above, last)) = pointer.rsplit_once('/') else { return false };
    let last = last.replace("~1", "/").replace("~0", "~");
    match (value.pointer_mut(above), to) {
        (Some(Value::Object(members)), Some(to)) => members.insert(last, to.clone()) != Some(to),
        (Some(Value::Object(members)), None) => members.remove(&last).is_some(),
        (Some(Value::Array(items)), to) => match (last.parse::<usize>(), to) {
            (Ok(index), Some(to)) if index < items.len() => std::mem::replace(&mut items[index], to.clone()) != to,
            (Ok(index), None) if index < items.len() => !items.remove(index).is_null(),
            (Ok(index), Some(to)) if index == items.len() => {
                items.push(to);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

#[test]
fn the_templates_keep_every_control() {
    let stacks = stacks();
    let mut broken: Vec<String> = Vec::new();
    for property in properties() {
        broken.extend(lacking(&stacks, property).into_iter().map(|place| format!("{place} must be {}", property.2)));
        assert!(of_type(&stacks, property.0).next().is_some(), "no resource is a {}", property.0);
    }
    for rule in rules() {
        broken.extend((rule.broken)(&stacks).into_iter().map(|place| format!("{place}: {}", rule.name)));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_control_of_a_property_finds_each_resource_that_lacks_it() {
    let stacks = stacks();
    for property @ (kind, pointer, wanted) in properties() {
        let places: Vec<String> = of_type(&stacks, kind).map(|(place, _)| place).collect();
        for place in places {
            let (stack, name) = place.split_once('.').expect("stack.Name");
            let whole = format!("/Resources/{name}{pointer}");
            let others = if wanted.is_empty() { vec![None] } else { vec![None, Some(Value::from("another value"))] };
            for to in others {
                let mut spoilt = stacks.clone();
                let template = spoilt.get_mut(stack).expect("the stack");
                assert!(change(template, &whole, to), "{place}{pointer} cannot be changed");
                let found = lacking(&spoilt, property);
                assert_eq!(found, [format!("{place}{pointer}")], "{place}{pointer} was changed");
            }
        }
    }
}

#[test]
fn every_other_control_finds_what_breaks_it() {
    let stacks = stacks();
    let mut names = std::collections::BTreeSet::new();
    for rule in rules() {
        assert!(names.insert(rule.name), "two rules are `{}`", rule.name);
        assert!(!rule.by.is_empty(), "nothing breaks `{}`", rule.name);
        for (stack, pointer, to) in rule.by {
            let mut spoilt = stacks.clone();
            let to = (!to.is_empty()).then(|| serde_json::from_str(to).expect("JSON in a rule"));
            let template = spoilt.get_mut(stack).expect("a stack");
            assert!(change(template, pointer, to), "`{}`: {stack}{pointer} is as it was", rule.name);
            assert!(!(rule.broken)(&spoilt).is_empty(), "`{}` does not see {stack}{pointer}", rule.name);
        }
    }
}

#[test]
fn there_are_as_many_controls_as_the_readme_says() {
    let count = format!("{} rules", properties().count() + rules().count());
    let readme = include_str!("../../../infra/README.md");
    assert!(readme.contains(&count), "infra/README.md should say `{count}`");
}
