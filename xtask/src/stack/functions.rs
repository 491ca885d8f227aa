//! CloudFormation's functions: YAML with short tags as JSON in the long form, and the references in a value.

use serde_json::{Map, Value, json};
use serde_yaml::Value as Yaml;

/// A problem at a path of a template.
pub(super) type Finding = (Vec<String>, String);

/// The allowed functions (AWS CloudFormation Template Reference, "Intrinsic function reference"), without those that need a
/// transform or tie stacks together.
const FUNCTIONS: [&str; 15] = [
    "Ref",
    "Condition",
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "Join",
    "Not",
    "Or",
    "Select",
    "Split",
];
const SUB: &str = "Sub";

/// YAML as JSON, `!Ref x` as `{"Ref": "x"}` and `!Sub x` as `{"Fn::Sub": "x"}`.
pub(super) fn long_form(value: Yaml, path: &mut Vec<String>, found: &mut Vec<Finding>) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::String(text) => text.into(),
        Yaml::Number(number) => serde_json::to_value(&number).unwrap_or_else(|_| Value::String(number.to_string())),
        Yaml::Sequence(items) => {
            let item = |(index, item): (usize, Yaml)| below(index.to_string(), item, path, found);
            Value::Array(items.into_iter().enumerate().map(item).collect())
        }
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, item) in members {
                let Yaml::String(key) = key else {
                    found.push((path.clone(), "has a key that is not a string; write it in quotes".to_owned()));
                    continue;
                };
                let item = below(key.clone(), item, path, found);
                object.insert(key, item);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let argument = long_form(tagged.value, path, found);
            function(name, argument, path, found)
        }
    }
}

fn below(step: String, item: Yaml, path: &mut Vec<String>, found: &mut Vec<Finding>) -> Value {
    path.push(step);
    let value = long_form(item, path, found);
    path.pop();
    value
}

fn function(name: &str, argument: Value, path: &[String], found: &mut Vec<Finding>) -> Value {
    match (name, argument) {
        ("Ref" | "Condition", argument) => json!({ name: argument }),
        ("GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => json!({ "Fn::GetAtt": [resource, attribute] }),
            None => {
                found.push((path.to_vec(), format!("`!GetAtt {text}` has no attribute; write Resource.Attribute")));
                Value::Null
            }
        },
        (name, argument) if FUNCTIONS.contains(&name) || name == SUB => json!({ format!("Fn::{name}"): argument }),
        ("ImportValue", _) => {
            let fix = "`!ImportValue` would couple the stacks; use a parameter with the output's name";
            found.push((path.to_vec(), fix.to_owned()));
            Value::Null
        }
        (name, _) => {
            found.push((path.to_vec(), format!("`!{name}` is not a supported function")));
            Value::Null
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference {
    /// A parameter, a resource or a pseudo parameter.
    Name(String),
    Attribute(String),
    Condition(String),
}

impl Reference {
    /// The parameter or resource, unless it is a condition.
    pub(super) fn of_a_value(self) -> Option<String> {
        match self {
            Self::Name(name) | Self::Attribute(name) => Some(name),
            Self::Condition(_) => None,
        }
    }
}

pub(super) fn references(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Reference)>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                references(item, path, found);
                path.pop();
            }
        }
        Value::Object(members) => {
            let only = if members.len() == 1 { members.iter().next() } else { None };
            if let Some((name, argument)) = only {
                let direct = match (name.as_str(), argument) {
                    ("Ref", Value::String(name)) => Some(Reference::Name(name.clone())),
                    ("Condition", Value::String(name)) => Some(Reference::Condition(name.clone())),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        parts.first().and_then(Value::as_str).map(|name| Reference::Attribute(name.to_owned()))
                    }
                    ("Fn::If", Value::Array(parts)) => {
                        parts.first().and_then(Value::as_str).map(|name| Reference::Condition(name.to_owned()))
                    }
                    _ => None,
                };
                found.extend(direct.map(|reference| (path.clone(), reference)));
                if name == "Fn::Sub" {
                    found.extend(inside(argument).into_iter().map(|reference| (path.clone(), reference)));
                }
            }
            for (key, item) in members {
                path.push(key.clone());
                references(item, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The references of an `Fn::Sub` text: `${Name}` and `${Resource.Attribute}`, without `${!Literal}` and the names in its map.
fn inside(argument: &Value) -> Vec<Reference> {
    let (text, own) = match argument {
        Value::String(text) => (text.as_str(), None),
        Value::Array(parts) => (parts.first().and_then(Value::as_str).unwrap_or_default(), parts.get(1)),
        _ => return Vec::new(),
    };
    let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let names = names.filter(|name| !name.starts_with('!') && own.and_then(|own| own.get(name)).is_none());
    let reference = |name: &str| match name.split_once('.') {
        Some((resource, _)) => Reference::Attribute(resource.to_owned()),
        None => Reference::Name(name.to_owned()),
    };
    names.map(reference).collect()
}

#[cfg(test)]
#[path = "../../tests/unit/stack/functions.rs"]
mod tests;
