//! The source of every stack parameter, and the stack order that follows from these sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::sources::{IMAGES, OBJECTS, Setting};
use super::template::Template;
use crate::settings::{Problem, Problems};

/// The minimum similarity of a suggested name, from 0 (nothing in common) to 1 (equal).
const ALIKE: f64 = 0.8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Setting(String),
    /// The digest of an image that is pushed first.
    Image(&'static str),
    /// The version of an object that is uploaded first.
    Object(&'static str),
    /// Another stack's output with the same name.
    Output {
        stack: String,
        name: String,
    },
}

/// Formats a source as a plan shows a pending value; a setting is formatted as its value.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(value) => f.write_str(value),
            Self::Image(name) => write!(f, "image:{name}"),
            Self::Object(key) => write!(f, "object:{key}"),
            Self::Output { stack, name } => write!(f, "output:{stack}.{name}"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The source of every parameter, and the stack order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dependencies {
    /// Sources by stack, then by parameter.
    pub stacks: BTreeMap<String, BTreeMap<String, Source>>,
    /// Stacks by level: independent of each other within a level, dependent only on earlier levels.
    pub levels: Vec<Vec<String>>,
}

impl Dependencies {
    pub fn needs(&self, stack: &str) -> BTreeSet<&str> {
        let sources = self.stacks.get(stack).into_iter().flat_map(BTreeMap::values);
        let stacks =
            sources.map(|source| if let Source::Output { stack, .. } = source { Some(stack.as_str()) } else { None });
        stacks.flatten().collect()
    }
}

/// Connects each parameter to a setting, image, object or output. Fails with all problems: an output name that another
/// stack or source also uses, a parameter that has no source, refers to its own stack's output or does not allow its
/// value, a parameter name with two types, and circular dependencies.
pub fn connect(templates: &[Template], settings: &BTreeMap<&'static str, Setting>) -> Result<Dependencies, Problems> {
    let setting = |(name, setting): (&&'static str, &Setting)| {
        let description = format!("a parameter set by {} in the settings", setting.key);
        (*name, (Source::Setting(setting.value.clone()), description))
    };
    let image = |(name, image)| (name, (Source::Image(image), format!("the parameter for the digest of `{image}`")));
    let object = |(name, key)| (name, (Source::Object(key), format!("the parameter for the version of `{key}`")));
    let given = settings.iter().map(setting).chain(IMAGES.map(image)).chain(OBJECTS.map(object)).collect();
    let mut connector = Connector { templates, settings, given, outputs: BTreeMap::new(), problems: Vec::new() };
    connector.collect_outputs();
    connector.check_types();
    let mut dependencies = Dependencies { stacks: BTreeMap::new(), levels: Vec::new() };
    for template in templates {
        let sources = template.parameters.iter();
        let sources = sources.filter_map(|(name, body)| Some((name.clone(), connector.source(template, name, body)?)));
        dependencies.stacks.insert(template.name.clone(), sources.collect());
    }
    dependencies.levels = levels(&dependencies).unwrap_or_else(|circle| {
        let file = templates.iter().find(|template| circle.first() == Some(&template.name));
        let fix = format!("circular dependency: {}", circle.join(" needs "));
        connector.problems.push(Problem::of(file.map_or("", |template| template.file.as_str()), None, fix));
        Vec::new()
    });
    if connector.problems.is_empty() {
        return Ok(dependencies);
    }
    connector.problems.sort();
    Err(Problems { of: "templates".to_owned(), list: connector.problems })
}

struct Connector<'t> {
    templates: &'t [Template],
    settings: &'t BTreeMap<&'static str, Setting>,
    /// The sources that do not come from a stack, each with its description, by parameter.
    given: BTreeMap<&'static str, (Source, String)>,
    outputs: BTreeMap<&'t str, &'t Template>,
    problems: Vec<Problem>,
}

impl<'t> Connector<'t> {
    fn report(&mut self, template: &Template, section: &str, name: &str, fix: String) {
        self.problems.push(template.placed((vec![section.to_owned(), name.to_owned()], fix)));
    }

    fn collect_outputs(&mut self) {
        for template in self.templates {
            for name in template.outputs.keys() {
                let other = self.outputs.get(name.as_str()).map(|other| &other.name);
                let other = other.map(|name| {
                    format!("is also an output of `{name}`; output names must be unique across all stacks")
                });
                let given = self.given.get(name.as_str());
                let given = given.map(|(_, what)| format!("is also the name of {what}; rename the output"));
                match other.or(given) {
                    Some(fix) => self.report(template, "Outputs", name, fix),
                    None => _ = self.outputs.insert(name, template),
                }
            }
        }
    }

    /// Checks that a parameter has the same type in every stack.
    fn check_types(&mut self) {
        let mut first: BTreeMap<&str, (&str, &Value)> = BTreeMap::new();
        for template in self.templates {
            for (name, body) in &template.parameters {
                let (stack, kind) = *first.entry(name).or_insert((&template.name, &body["Type"]));
                if *kind != body["Type"] {
                    let other = &body["Type"];
                    let fix =
                        format!("has type {other} here and {kind} in `{stack}`; use the same type or different names");
                    self.report(template, "Parameters", name, fix);
                }
            }
        }
    }

    fn source(&mut self, template: &'t Template, name: &str, body: &Value) -> Option<Source> {
        let own = template.own.get(name);
        if let Some(setting) = own.or_else(|| self.settings.get(name))
            && let Err(why) = allowed(body, &setting.value)
        {
            let fix = format!("does not allow \"{}\" from {} in the settings: {why}", setting.value, setting.key);
            self.report(template, "Parameters", name, fix);
        }
        if let Some(own) = own {
            return Some(Source::Setting(own.value.clone()));
        }
        if let Some((source, _)) = self.given.get(name) {
            return Some(source.clone());
        }
        match self.outputs.get(name).copied() {
            Some(from) if from.name == template.name => {
                let fix = "is this stack's own output; refer to the resource instead";
                self.report(template, "Parameters", name, fix.to_owned());
                None
            }
            Some(from) => Some(Source::Output { stack: from.name.clone(), name: name.to_owned() }),
            None => {
                let meant = self.suggestion(name).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                let fix =
                    format!("has no source: no setting, image, object or output of another stack has this name{meant}");
                self.report(template, "Parameters", name, fix);
                None
            }
        }
    }

    fn suggestion(&self, name: &str) -> Option<&str> {
        let names = self.given.keys().copied().chain(self.outputs.keys().copied());
        let alike = names.map(|other| (strsim::jaro_winkler(name, other), other));
        alike.filter(|(alike, _)| *alike >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
    }
}

/// Checks a value against a parameter's allowed values and bounds; CloudFormation checks patterns.
fn allowed(parameter: &Value, value: &str) -> Result<(), String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(Value::Array(values)) = parameter.get("AllowedValues")
        && !values.iter().any(|legal| text(legal) == value)
    {
        return Err(format!("allowed: {}", values.iter().map(text).collect::<Vec<_>>().join(", ")));
    }
    let bound = |name: &str| parameter.get(name).and_then(|bound| text(bound).parse::<f64>().ok());
    let number = value.parse::<f64>();
    if parameter["Type"] == "Number" && number.is_err() {
        return Err("must be a number".to_owned());
    }
    let length = value.chars().count() as f64;
    let measures = [("MinValue", "MaxValue", number.unwrap_or_default()), ("MinLength", "MaxLength", length)];
    for (least, most, measured) in measures {
        if let Some(least) = bound(least).filter(|least| measured < *least) {
            return Err(format!("the minimum is {least}"));
        }
        if let Some(most) = bound(most).filter(|most| measured > *most) {
            return Err(format!("the maximum is {most}"));
        }
    }
    Ok(())
}

/// Returns the levels, or a circular dependency that starts and ends with the same stack.
fn levels(dependencies: &Dependencies) -> Result<Vec<Vec<String>>, Vec<String>> {
    let mut levels: Vec<Vec<String>> = Vec::new();
    let mut done: BTreeSet<String> = BTreeSet::new();
    while done.len() < dependencies.stacks.len() {
        let waiting = dependencies.stacks.keys().filter(|stack| !done.contains(*stack));
        let is_ready = |stack: &&String| dependencies.needs(stack).iter().all(|need| done.contains(*need));
        let ready: Vec<String> = waiting.clone().filter(is_ready).cloned().collect();
        if ready.is_empty() {
            return Err(circle(dependencies, waiting.min(), &done));
        }
        done.extend(ready.iter().cloned());
        levels.push(ready);
    }
    Ok(levels)
}

/// Follows dependencies from a stack until one repeats.
fn circle(dependencies: &Dependencies, from: Option<&String>, done: &BTreeSet<String>) -> Vec<String> {
    let mut path: Vec<String> = from.into_iter().cloned().collect();
    let needed = |stack: &String| dependencies.needs(stack).into_iter().find(|need| !done.contains(*need));
    while let Some(next) = path.last().and_then(needed) {
        let seen = path.iter().position(|stack| stack == next);
        path.push(next.to_owned());
        if let Some(start) = seen {
            return path.split_off(start);
        }
    }
    path
}
