//! A template with its parameters resolved: conditions evaluated and parameters replaced by their values. References to
//! resources and unknown pseudo parameters remain. Comparing two resolved templates predicts the changes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::functions::call;
use super::template::Template;
use super::types::{Replaces, ResourceType};

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterValue {
    /// The value as CloudFormation accepts it; a list is comma-separated.
    Known(String),
    /// The source of a value that another task makes known: `image:<name>`, `object:<key>`, `output:<stack>.<name>`.
    Pending(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolved {
    /// Type, properties and attributes by logical ID. Resources whose condition is false are omitted.
    pub resources: BTreeMap<String, Value>,
    pub outputs: BTreeMap<String, Value>,
}

/// Resolves a template. A parameter without a value remains a reference; pseudo parameters, such as `AWS::Region`, are
/// passed like other parameters.
pub fn resolve(template: &Template, given: &BTreeMap<String, ParameterValue>) -> Resolved {
    let resolver = Resolver { template, given };
    let exists = |body: &Value| match &body["Condition"] {
        Value::String(condition) => resolver.holds(&json!({ "Condition": condition }), 0),
        _ => true,
    };
    let filled = |parts: &BTreeMap<String, Value>, value: fn(&Value) -> &Value| {
        let parts = parts.iter().filter(|(_, body)| exists(body));
        parts.map(|(name, body)| (name.clone(), resolver.fill(value(body)).unwrap_or_default())).collect()
    };
    Resolved {
        resources: filled(&template.resources, |body| body),
        outputs: filled(&template.outputs, |body| &body["Value"]),
    }
}

impl Resolved {
    /// Whether every resource can be tagged in place.
    pub fn accepts_tags(&self) -> bool {
        self.resources.values().all(|body| {
            let kind = ResourceType::of(body["Type"].as_str().unwrap_or_default());
            kind.is_some_and(|kind| kind.replaces("Tags", &body["Properties"]) == Replaces::No)
        })
    }
}

struct Resolver<'t> {
    template: &'t Template,
    given: &'t BTreeMap<String, ParameterValue>,
}

/// The maximum nesting depth of conditions; deeper ones are considered circular and evaluate to false.
const DEEPEST: usize = 32;

impl Resolver<'_> {
    /// Returns a parameter's value: a string, or an array for list types. A pending value is in angle brackets.
    fn parameter(&self, name: &str) -> Option<Value> {
        let value = match self.given.get(name)? {
            ParameterValue::Known(value) => value.clone(),
            ParameterValue::Pending(source) => format!("<{source}>"),
        };
        let declared = self.template.parameters.get(name);
        let kind = declared.and_then(|declared| declared.get("Type")).and_then(Value::as_str).unwrap_or_default();
        let list = kind == "CommaDelimitedList" || kind.starts_with("List<");
        Some(if list && !value.starts_with('<') {
            value.split(',').map(|item| Value::String(item.trim().to_owned())).collect()
        } else {
            Value::String(value)
        })
    }

    fn holds(&self, condition: &Value, depth: usize) -> bool {
        let (Some((function, argument)), true) = (call(condition), depth < DEEPEST) else { return false };
        let parts = argument.as_array().map_or(&[][..], Vec::as_slice);
        match function {
            "Condition" => {
                let named = argument.as_str().and_then(|name| self.template.conditions.get(name));
                named.is_some_and(|condition| self.holds(condition, depth + 1))
            }
            "Fn::Equals" => parts.len() == 2 && plain(self.fill(&parts[0])) == plain(self.fill(&parts[1])),
            "Fn::Not" => parts.first().is_some_and(|part| !self.holds(part, depth + 1)),
            "Fn::And" => parts.iter().all(|part| self.holds(part, depth + 1)),
            "Fn::Or" => parts.iter().any(|part| self.holds(part, depth + 1)),
            _ => false,
        }
    }

    /// Evaluates a value; `None` for `AWS::NoValue`.
    fn fill(&self, value: &Value) -> Option<Value> {
        match (call(value), value) {
            (Some(("Ref", Value::String(name))), _) if name == "AWS::NoValue" => None,
            (Some(("Ref", Value::String(name))), _) => Some(self.parameter(name).unwrap_or_else(|| value.clone())),
            (Some(("Fn::If", Value::Array(parts))), _) if parts.len() == 3 => {
                let holds = self.holds(&json!({ "Condition": parts[0] }), 0);
                self.fill(&parts[if holds { 1 } else { 2 }])
            }
            (Some(("Fn::Sub", argument)), _) => Some(self.substitute(argument)),
            (Some(("Fn::FindInMap", argument)), _) => Some(self.find_in_map(argument)),
            (Some((function @ ("Fn::Select" | "Fn::Join" | "Fn::Split"), argument)), _) => {
                let filled = self.fill(argument).unwrap_or_default();
                Some(evaluated(function, &filled).unwrap_or_else(|| json!({ function: filled })))
            }
            (_, Value::Array(items)) => Some(items.iter().filter_map(|item| self.fill(item)).collect()),
            (_, Value::Object(members)) => {
                let filled = members.iter().filter_map(|(name, item)| Some((name.clone(), self.fill(item)?)));
                Some(Value::Object(filled.collect()))
            }
            (_, other) => Some(plain(Some(other.clone()))),
        }
    }

    /// Looks up a value in a mapping; returns the function call if a key is not known.
    fn find_in_map(&self, argument: &Value) -> Value {
        let filled = self.fill(argument).unwrap_or_default();
        let key = |index: usize| filled.get(index).and_then(Value::as_str);
        let found = || self.template.mappings.get(key(0)?)?.get(key(1)?)?.get(key(2)?);
        found().map_or_else(|| json!({ "Fn::FindInMap": filled.clone() }), |value| plain(Some(value.clone())))
    }

    /// Replaces `${Parameter}` with its value; other references remain.
    fn substitute(&self, argument: &Value) -> Value {
        let (text, own) = match argument {
            Value::Array(parts) => (parts.first().and_then(Value::as_str).unwrap_or_default(), parts.get(1)),
            other => (other.as_str().unwrap_or_default(), None),
        };
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            filled += before;
            let is_own = own.is_some_and(|own| own.get(name).is_some());
            match self.parameter(name).filter(|_| !is_own) {
                Some(Value::String(value)) => filled += &value,
                _ => filled += &format!("${{{name}}}"),
            }
            rest = behind;
        }
        filled += rest;
        let own = own.and_then(|own| self.fill(own));
        match own {
            Some(own) => json!({ "Fn::Sub": [filled, own] }),
            None if filled.contains("${") => json!({ "Fn::Sub": filled }),
            None => Value::String(filled),
        }
    }
}

/// Evaluates a list function of known arguments: a changed item affects only resources that select it.
fn evaluated(function: &str, filled: &Value) -> Option<Value> {
    let (first, second) = (filled.get(0)?.as_str()?, filled.get(1)?);
    match function {
        "Fn::Select" => second.as_array()?.get(first.parse::<usize>().ok()?).cloned(),
        "Fn::Join" => {
            let texts: Option<Vec<&str>> = second.as_array()?.iter().map(Value::as_str).collect();
            Some(Value::String(texts?.join(first)))
        }
        // A pending list is a single string.
        _ => second.as_str().filter(|text| !text.starts_with('<')).map(|text| text.split(first).collect()),
    }
}

/// Converts a number or boolean to a string, which is how parameters hold them.
fn plain(value: Option<Value>) -> Value {
    match value {
        Some(Value::Number(number)) => Value::String(number.to_string()),
        Some(Value::Bool(value)) => Value::String(value.to_string()),
        Some(other) => other,
        None => Value::Null,
    }
}
