//! Parses a template into parameters, conditions, resources and outputs, or reports all of its problems.

use std::collections::{BTreeMap, BTreeSet};

use contract::line_of;
use serde_json::{Map, Value, json};

use super::functions::{Finding, Reference, long_form, references};
use super::sources::Setting;
use crate::settings::{Document, Problem, no_yaml};

/// The maximum size of a template body in a request, in bytes (AWS CloudFormation User Guide, "Quotas").
const LARGEST: usize = 51_200;
/// The allowed sections; CloudFormation also has `Transform` and `Hooks`.
const SECTIONS: &str = "AWSTemplateFormatVersion, Description, Parameters, Mappings, Conditions, Resources, Outputs";
/// The allowed keys of a parameter (AWS CloudFormation User Guide, "Parameters"), without `Default`.
const PARAMETER: &str = "Type, Description, AllowedPattern, AllowedValues, ConstraintDescription, MaxLength, MaxValue, \
     MinLength, MinValue, NoEcho";
/// The allowed attributes of a resource (AWS CloudFormation Template Reference, "Resource attribute reference").
const RESOURCE: &str =
    "Type, Properties, Condition, DependsOn, DeletionPolicy, UpdateReplacePolicy, UpdatePolicy, Metadata";
const OUTPUT: &str = "Value, Description, Condition";

#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Stack name without the prefix: `storage` for `infra/storage.yaml`, or `source-<source>`.
    pub name: String,
    pub file: String,
    pub text: String,
    pub parameters: BTreeMap<String, Value>,
    /// Mappings by name, each with two levels of keys.
    pub mappings: BTreeMap<String, Value>,
    /// Conditions by name, with functions in the long form.
    pub conditions: BTreeMap<String, Value>,
    /// `Type`, `Properties` and attributes by logical ID, with functions in the long form.
    pub resources: BTreeMap<String, Value>,
    /// Outputs by name, with functions in the long form.
    pub outputs: BTreeMap<String, Value>,
    /// The parameters of this stack alone, if the template is that of several stacks.
    pub own: BTreeMap<&'static str, Setting>,
}

impl Template {
    /// Parses a template. Fails with all problems and their line numbers.
    pub fn parse(name: &str, file: Document<'_>) -> Result<Self, Vec<Problem>> {
        let value: serde_yaml::Value = serde_yaml::from_str(file.text).map_err(|error| vec![no_yaml(file, &error)])?;
        let mut found = Vec::new();
        if file.text.len() > LARGEST {
            let bytes = file.text.len();
            let fix =
                format!("has {bytes} bytes, more than the {LARGEST} that CloudFormation accepts; split the stack");
            found.push((Vec::new(), fix));
        }
        let value = long_form(value, &[], &mut found);
        let mut problems = aliases(file);
        let Value::Object(sections) = value else {
            problems.push(Problem::of(file.file, None, "is not a template; see infra/registry.yaml for an example"));
            return Err(problems);
        };
        let template = Self::read(name, file, sections, &mut found);
        template.check_references(&mut found);
        problems.extend(found.into_iter().map(|finding| template.placed(finding)));
        problems.sort();
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// Returns the names of the parameters whose values CloudFormation does not return. For each, the parameter `<name>Digest`
    /// has the checksum of its value.
    pub fn hidden(&self) -> impl Iterator<Item = &String> {
        let hidden = |body: &Value| body["NoEcho"] == true || body["NoEcho"] == "true";
        self.parameters.iter().filter(move |(_, body)| hidden(body)).map(|(name, _)| name)
    }

    /// Reads a deployed template even if it breaks our rules; `None` if it is not a template.
    pub fn read_any(name: &str, text: &str) -> Option<Self> {
        let value: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
        let mut found = Vec::new();
        let Value::Object(sections) = long_form(value, &[], &mut found) else { return None };
        Some(Self::read(name, Document { file: name, text }, sections, &mut found))
    }

    /// Converts a finding to a problem with its line in this template.
    pub(super) fn placed(&self, (path, fix): Finding) -> Problem {
        // A function is a path step only in the long form; in the text it is a tag.
        let steps: Vec<&str> = path.iter().map(String::as_str).take_while(|step| !step.starts_with("Fn::")).collect();
        let line = if steps.is_empty() { None } else { line_of(&self.text, &steps) };
        Problem { key: path.join("."), ..Problem::of(&self.file, line, fix) }
    }

    fn read(name: &str, file: Document<'_>, mut sections: Map<String, Value>, found: &mut Vec<Finding>) -> Self {
        for section in sections.keys().filter(|section| !listed(SECTIONS, section)) {
            let fix = if section == "Transform" {
                "transforms are not supported; use plain CloudFormation".to_owned()
            } else {
                format!("unknown section; allowed: {SECTIONS}")
            };
            found.push((vec![section.clone()], fix));
        }
        if sections.get("Description").and_then(Value::as_str).is_none_or(str::is_empty) {
            found.push((vec!["Description".to_owned()], "is missing; describe the stack".to_owned()));
        }
        let mut section = |name: &str| named(name, sections.remove(name), found);
        let template = Self {
            name: name.to_owned(),
            file: file.file.to_owned(),
            text: file.text.to_owned(),
            parameters: section("Parameters"),
            mappings: section("Mappings"),
            conditions: section("Conditions"),
            resources: section("Resources"),
            outputs: section("Outputs"),
            own: BTreeMap::new(),
        };
        template.check_parts(found);
        template
    }

    fn check_parts(&self, found: &mut Vec<Finding>) {
        let at = |section: &str, name: &str| vec![section.to_owned(), name.to_owned()];
        for (name, body) in &self.parameters {
            if body.get("Default").is_some() {
                let fix = "unsupported key `Default` in a parameter: its value comes from settings, images, objects or outputs";
                found.push((at("Parameters", name), fix.to_owned()));
            } else {
                members("a parameter", at("Parameters", name), body, "Type", PARAMETER, found);
            }
            if self.resources.contains_key(name) {
                found.push((at("Parameters", name), "a resource has the same name".to_owned()));
            }
        }
        for (name, body) in &self.resources {
            members("a resource", at("Resources", name), body, "Type", RESOURCE, found);
            if body["Type"] == "AWS::CloudFormation::Stack" {
                let fix = "nested stacks are not supported; use one stack per file";
                found.push((at("Resources", name), fix.to_owned()));
            }
            let needs = &body["DependsOn"];
            let needs = needs.as_array().map_or(std::slice::from_ref(needs), Vec::as_slice);
            for needed in needs.iter().filter_map(Value::as_str) {
                let fix = match needed {
                    _ if needed == name => "depends on itself".to_owned(),
                    _ if self.resources.contains_key(needed) => continue,
                    _ => format!("depends on `{needed}`, which is not a resource in this template"),
                };
                found.push((at("Resources", name), fix));
            }
        }
        for (name, body) in &self.outputs {
            members("an output", at("Outputs", name), body, "Value", OUTPUT, found);
        }
        if self.resources.is_empty() {
            found.push((vec!["Resources".to_owned()], "a template needs at least one resource".to_owned()));
        }
    }

    /// Checks that every `Ref`, `GetAtt`, `Sub` and condition refers to something that exists.
    fn check_references(&self, found: &mut Vec<Finding>) {
        let mut used = Vec::new();
        let sections = [("Conditions", &self.conditions), ("Resources", &self.resources), ("Outputs", &self.outputs)];
        for (section, parts) in sections {
            for (name, body) in parts {
                let path = vec![section.to_owned(), name.clone()];
                used.extend(references(body, &path));
                if let Some(condition) = body["Condition"].as_str().filter(|_| section != "Conditions") {
                    used.push((path, Reference::Condition(condition.to_owned())));
                }
            }
        }
        let problem = |reference: &Reference| {
            let (name, exists, kind) = match reference {
                Reference::Name(name) => {
                    let exists = name.starts_with("AWS::") || self.parameters.contains_key(name);
                    (name, exists || self.resources.contains_key(name), "neither a parameter nor a resource")
                }
                Reference::Attribute(name) => (name, self.resources.contains_key(name), "not a resource"),
                Reference::Condition(name) => (name, self.conditions.contains_key(name), "not a condition"),
            };
            (!exists).then(|| format!("`{name}` is {kind} in this template"))
        };
        let missing = used.into_iter().filter_map(|(path, reference)| Some((path, problem(&reference)?)));
        found.extend(missing.collect::<BTreeSet<_>>());
    }
}

/// Returns a section's entries by name: letters and digits (CloudFormation User Guide, "Template anatomy").
fn named(section: &str, value: Option<Value>, found: &mut Vec<Finding>) -> BTreeMap<String, Value> {
    let Value::Object(parts) = value.unwrap_or_else(|| json!({})) else {
        found.push((vec![section.to_owned()], "must be a mapping".to_owned()));
        return BTreeMap::new();
    };
    for name in parts.keys().filter(|name| name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        found.push((vec![section.to_owned(), name.clone()], "a name may contain only letters and digits".to_owned()));
    }
    parts.into_iter().collect()
}

/// Checks the keys of a section entry.
fn members(what: &str, path: Vec<String>, body: &Value, required: &str, allowed: &str, found: &mut Vec<Finding>) {
    let Value::Object(body) = body else {
        found.push((path, format!("{what} must be a mapping")));
        return;
    };
    if !body.contains_key(required) {
        found.push((path.clone(), format!("{what} needs `{required}`")));
    }
    for key in body.keys().filter(|key| !listed(allowed, key)) {
        found.push((path.clone(), format!("unsupported key `{key}` in {what}; allowed: {allowed}")));
    }
}

/// Whether a comma-separated list contains this item.
fn listed(list: &str, item: &str) -> bool {
    list.split(", ").any(|listed| listed == item)
}

/// Reports lines with a YAML anchor or alias: our parser resolves them, but CloudFormation rejects them (AWS
/// CloudFormation User Guide, "Template formats").
fn aliases(file: Document<'_>) -> Vec<Problem> {
    let is_alias = |text: &str| {
        text.strip_prefix(['&', '*']).and_then(|rest| rest.chars().next()).is_some_and(|c| c.is_ascii_alphanumeric())
    };
    let has = |line: &str| {
        let value = line.split_once(": ").map_or(line, |(_, value)| value);
        !line.trim_start().starts_with('#') && is_alias(value.trim_start().trim_start_matches("- ").trim_start())
    };
    let lines = file.text.lines().enumerate().filter(|(_, line)| has(line));
    let fix = "CloudFormation does not support YAML anchors and aliases; repeat the value";
    lines.map(|(index, _)| Problem::of(file.file, Some(index + 1), fix)).collect()
}
