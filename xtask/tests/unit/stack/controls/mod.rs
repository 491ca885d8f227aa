//! Rules for the templates that cfn-lint and checkov do not check. Each rule is checked against the real templates,
//! where it must find nothing, and against copies with one change each, where it must find that change.
//!
//! `properties.txt` lists properties that every resource of a type must have: a resource type, then lines with a JSON
//! pointer and the required JSON (any value if it is omitted). `breaches.txt` lists, for each rule by name, the changes
//! that break it: stack, JSON pointer, and the new JSON (the value is removed if it is omitted).

mod airflow;
mod boundary;
mod calls;
mod compute;
mod decide;
mod everywhere;
mod github;
mod iam;
mod network;
mod page;
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

/// One rule.
struct Rule {
    name: &'static str,
    /// Returns the places that break it.
    broken: fn(&Stacks) -> Vec<String>,
}

/// A line of one of the two tables, with the heading above it.
struct Row {
    heading: &'static str,
    /// The fields before the JSON.
    fields: Vec<&'static str>,
    json: Option<Value>,
}

/// Reads a table; `fields` come before the JSON of each line.
fn table(text: &'static str, fields: usize) -> Vec<Row> {
    let (mut heading, mut rows) = ("", Vec::new());
    for line in text.lines() {
        let Some(line) = line.strip_prefix("  ") else {
            heading = line;
            continue;
        };
        let mut parts = line.splitn(fields + 1, ' ');
        let found = parts.by_ref().take(fields).collect();
        let json = parts.next().map(|json| serde_json::from_str(json).expect("JSON in a table"));
        rows.push(Row { heading, fields: found, json });
    }
    rows
}

fn properties() -> Vec<Row> {
    table(include_str!("properties.txt"), 1)
}

fn breaches() -> Vec<Row> {
    table(include_str!("breaches.txt"), 2)
}

const TEXTS: [(&str, &str); 9] = [
    ("ci", include_str!("../../../../../infra/github/ci.yaml")),
    ("compute", include_str!("../../../../../infra/compute.yaml")),
    ("monitoring", include_str!("../../../../../infra/monitoring.yaml")),
    ("network", include_str!("../../../../../infra/network.yaml")),
    ("orchestration", include_str!("../../../../../infra/orchestration.yaml")),
    ("registry", include_str!("../../../../../infra/registry.yaml")),
    ("source", include_str!("../../../../../infra/source.yaml")),
    ("storage", include_str!("../../../../../infra/storage.yaml")),
    ("warehouse", include_str!("../../../../../infra/warehouse.yaml")),
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

/// Returns every resource with its `stack.Name` and its type.
fn resources(stacks: &Stacks) -> impl Iterator<Item = (String, &str, &Value)> {
    stacks.iter().flat_map(|(stack, template)| {
        let parts = template["Resources"].as_object().into_iter().flatten();
        parts.map(move |(name, body)| (format!("{stack}.{name}"), body["Type"].as_str().unwrap_or_default(), body))
    })
}

fn of_type<'s>(stacks: &'s Stacks, kind: &'s str) -> impl Iterator<Item = (String, &'s Value)> {
    resources(stacks).filter(move |(_, found, _)| *found == kind).map(|(place, _, body)| (place, body))
}

/// Returns one text, or a list of texts; a function is returned as its JSON.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
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

/// Returns the resources of a type that do not have the required value of a property.
fn lacking(stacks: &Stacks, Row { heading, fields, json }: &Row) -> Vec<String> {
    let keeps = |body: &Value| match (body.pointer(fields[0]), json) {
        (Some(found), Some(expected)) => found == expected,
        (found, None) => found.is_some_and(|found| !found.is_null()),
        (None, Some(_)) => false,
    };
    let lacking = of_type(stacks, heading).filter(|(_, body)| !keeps(body));
    lacking.map(|(place, _)| format!("{place}{}", fields[0])).collect()
}

/// Sets or removes the value at a pointer; returns whether anything changed.
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
fn the_templates_keep_every_rule() {
    let stacks = stacks();
    let mut broken: Vec<String> = Vec::new();
    for property in properties() {
        broken.extend(
            lacking(&stacks, &property).into_iter().map(|place| format!("{place} must be {:?}", property.json)),
        );
        assert!(of_type(&stacks, property.heading).next().is_some(), "no resource is a {}", property.heading);
    }
    for rule in rules() {
        broken.extend((rule.broken)(&stacks).into_iter().map(|place| format!("{place}: {}", rule.name)));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_property_rule_finds_each_resource_that_lacks_it() {
    let stacks = stacks();
    for property in properties() {
        let pointer = property.fields[0];
        let places: Vec<String> = of_type(&stacks, property.heading).map(|(place, _)| place).collect();
        for place in places {
            let (stack, name) = place.split_once('.').expect("stack.Name");
            for to in [None, property.json.as_ref().map(|_| Value::from("another value"))] {
                let mut broken = stacks.clone();
                let template = broken.get_mut(stack).expect("the stack");
                if change(template, &format!("/Resources/{name}{pointer}"), to) {
                    assert_eq!(lacking(&broken, &property), [format!("{place}{pointer}")]);
                } else {
                    assert!(property.json.is_none(), "{place}{pointer} cannot be changed");
                }
            }
        }
    }
}

#[test]
fn every_other_rule_finds_each_change_that_breaks_it() {
    let (stacks, breaches) = (stacks(), breaches());
    for breach in &breaches {
        let (stack, pointer) = (breach.fields[0], breach.fields[1]);
        let rule = rules().find(|rule| rule.name == breach.heading);
        let rule = rule.unwrap_or_else(|| panic!("no rule is named `{}`", breach.heading));
        let mut broken = stacks.clone();
        let template = broken.get_mut(stack).expect("a stack");
        assert!(change(template, pointer, breach.json.clone()), "`{}`: {stack}{pointer} is unchanged", rule.name);
        assert!(!(rule.broken)(&broken).is_empty(), "`{}` does not find {stack}{pointer}", rule.name);
    }
    for rule in rules() {
        assert!(breaches.iter().any(|breach| breach.heading == rule.name), "no change breaks `{}`", rule.name);
    }
}

#[test]
fn the_readme_states_the_number_of_rules() {
    let count = format!("{} rules", properties().len() + rules().count());
    let readme = include_str!("../../../../../infra/README.md");
    assert!(readme.contains(&count), "infra/README.md should say `{count}`");
}
