//! CloudFormation's intrinsic functions: converts YAML's short tags to the long form, and finds a value's references.

use serde_json::{Map, Value, json};
use serde_yaml::Value as Yaml;

/// A path in a template, and the problem at that path.
pub(super) type Finding = (Vec<String>, String);

/// The allowed functions besides `Ref` and `Condition` (AWS CloudFormation Template Reference, "Intrinsic function
/// reference"), without those that need a transform or couple stacks.
const FUNCTIONS: &str = "And Base64 Cidr Equals FindInMap GetAtt GetAZs If Join Not Or Select Split Sub";

/// Converts YAML to JSON, `!Ref x` to `{"Ref": "x"}` and `!Sub x` to `{"Fn::Sub": "x"}`.
pub(super) fn long_form(value: Yaml, path: &[String], found: &mut Vec<Finding>) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::String(text) => text.into(),
        Yaml::Number(number) => serde_json::to_value(&number).unwrap_or_else(|_| Value::String(number.to_string())),
        Yaml::Sequence(items) => {
            let item = |(index, item): (usize, Yaml)| long_form(item, &below(path, &index.to_string()), found);
            items.into_iter().enumerate().map(item).collect()
        }
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, item) in members {
                if let Yaml::String(key) = key {
                    let item = long_form(item, &below(path, &key), found);
                    object.insert(key, item);
                } else {
                    found.push((path.to_vec(), "has a key that is not a string; quote the key".to_owned()));
                }
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let argument = long_form(tagged.value, path, found);
            function(tagged.tag.to_string().trim_start_matches('!'), argument).unwrap_or_else(|fix| {
                found.push((path.to_vec(), fix));
                Value::Null
            })
        }
    }
}

fn below(path: &[String], step: &str) -> Vec<String> {
    path.iter().cloned().chain([step.to_owned()]).collect()
}

/// Returns a function call in the long form, or the reason why it is not allowed.
fn function(name: &str, argument: Value) -> Result<Value, String> {
    match (name, argument) {
        ("Ref" | "Condition", argument) => Ok(json!({ name: argument })),
        ("GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => Ok(json!({ "Fn::GetAtt": [resource, attribute] })),
            None => Err(format!("`!GetAtt {text}` has no attribute; use Resource.Attribute")),
        },
        (name, argument) if FUNCTIONS.split(' ').any(|allowed| allowed == name) => {
            Ok(json!({ format!("Fn::{name}"): argument }))
        }
        ("ImportValue", _) => {
            Err("`!ImportValue` would couple the stacks; use a parameter with the output's name".to_owned())
        }
        (name, _) => Err(format!("`!{name}` is not a supported function")),
    }
}

/// Splits a function call into name and argument.
pub(super) fn call(value: &Value) -> Option<(&str, &Value)> {
    let (name, argument) = value.as_object().filter(|members| members.len() == 1)?.iter().next()?;
    Some((name, argument))
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference {
    /// A parameter, a resource or a pseudo parameter.
    Name(String),
    Attribute(String),
    Condition(String),
}

impl Reference {
    /// Returns the name of the parameter or resource; `None` for a condition.
    pub(super) fn of_a_value(self) -> Option<String> {
        match self {
            Self::Name(name) | Self::Attribute(name) => Some(name),
            Self::Condition(_) => None,
        }
    }
}

/// Returns every reference in a value with its path, which starts with `path`.
pub(super) fn references(value: &Value, path: &[String]) -> Vec<(Vec<String>, Reference)> {
    match value {
        Value::Array(items) => {
            let item = |(index, item): (usize, &Value)| references(item, &below(path, &index.to_string()));
            items.iter().enumerate().flat_map(item).collect()
        }
        Value::Object(members) => {
            let direct = call(value).map(|(name, argument)| direct_references(name, argument)).unwrap_or_default();
            let direct = direct.into_iter().map(|reference| (path.to_vec(), reference));
            direct.chain(members.iter().flat_map(|(key, item)| references(item, &below(path, key)))).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the references of a function call, without those of nested calls. In the text of `Fn::Sub`, these are
/// `${Name}` and `${Resource.Attribute}`, but not `${!Literal}` and the names in its variable map.
fn direct_references(function: &str, argument: &Value) -> Vec<Reference> {
    let Some(first) = argument.as_str().or_else(|| argument[0].as_str()) else { return Vec::new() };
    match (function, argument) {
        ("Ref", Value::String(name)) => vec![Reference::Name(name.clone())],
        ("Condition", Value::String(_)) | ("Fn::If", Value::Array(_)) => vec![Reference::Condition(first.to_owned())],
        ("Fn::GetAtt", Value::Array(_)) => vec![Reference::Attribute(first.to_owned())],
        ("Fn::Sub", _) => {
            let names = first.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
            let names = names.filter(|name| !name.starts_with('!') && argument[1].get(name).is_none());
            let reference = |name: &str| match name.split_once('.') {
                Some((resource, _)) => Reference::Attribute(resource.to_owned()),
                None => Reference::Name(name.to_owned()),
            };
            names.map(reference).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "../../tests/unit/stack/functions.rs"]
mod tests;
