//! Reads settings from files and variables, or reports all their problems.

use std::collections::BTreeMap;

use contract::line_of;
use serde::Serialize;
use serde_yaml::{Mapping, Value};

use super::check::Findings;
use super::document::{Document, Problem, Problems, at, mapping, shown};
use super::model::Settings;
use super::variables::{OVERRIDES, Origin, Variables, given};
use super::{rules, secrets, structure};

#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub settings: Settings,
    pub overridden: BTreeMap<String, Override>,
    pub warnings: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    pub variable: &'static str,
    pub origin: Origin,
}

const EXTENDS: &str = "extends";

/// Returns the module that a file extends, if the file can be parsed; [`resolve`] reports invalid files.
pub fn extends(text: &str) -> Option<String> {
    Some(serde_yaml::from_str::<Value>(text).ok()?.get(EXTENDS)?.as_str()?.to_owned())
}

/// Resolves the settings from a module's file, the file that it extends, and the variables.
///
/// Reports every problem of the first kind found: invalid YAML; secrets; unknown keys and wrong types; broken rules.
pub fn resolve(
    of: &str,
    own: Document<'_>,
    base: Option<Document<'_>>,
    variables: &Variables,
) -> Result<Resolved, Problems> {
    let files: Vec<Document<'_>> = std::iter::once(own).chain(base).collect();
    Reader::open(&files).and_then(|reader| reader.resolve(variables)).map_err(|mut list| {
        list.sort();
        Problems { of: of.to_owned(), list }
    })
}

/// Returns problems that were found outside the settings files, each a key and a fix, with the location of each key.
pub fn located(of: &str, own: Document<'_>, base: Option<Document<'_>>, found: Vec<(String, String)>) -> Problems {
    let files: Vec<Document<'_>> = std::iter::once(own).chain(base).collect();
    let problems: Vec<Problem> = found.into_iter().map(|(key, fix)| Problem::at(&key, None, fix)).collect();
    let list = Reader::open(&files).map(|reader| reader.placed(problems)).unwrap_or_else(|problems| problems);
    Problems { of: of.to_owned(), list }
}

struct Reader<'d> {
    /// The module's own file first.
    files: Vec<(Document<'d>, Value)>,
    overridden: BTreeMap<String, Override>,
}

impl<'d> Reader<'d> {
    fn open(files: &[Document<'d>]) -> Result<Self, Vec<Problem>> {
        let (mut good, mut problems) = (Vec::new(), Vec::new());
        for (index, file) in files.iter().enumerate() {
            let mut document = mapping(*file).unwrap_or_else(|problem| {
                problems.push(problem);
                Mapping::new()
            });
            let fix = match index {
                0 => "must be the name of one module",
                _ => "an extended file cannot extend another file",
            };
            if let Some(extends) = document.remove(EXTENDS).filter(|extends| index > 0 || !extends.is_string()) {
                let problem = Problem::of(file.file, line_of(file.text, &[EXTENDS]), fix);
                problems.push(Problem { key: EXTENDS.to_owned(), value: Some(shown(&extends)), ..problem });
            }
            good.push((*file, Value::Mapping(document)));
        }
        if problems.is_empty() { Ok(Self { files: good, overridden: BTreeMap::new() }) } else { Err(problems) }
    }

    fn resolve(mut self, variables: &Variables) -> Result<Resolved, Vec<Problem>> {
        let mut mapping = Mapping::new();
        for (_, document) in self.files.iter().rev() {
            merge(&mut mapping, document.as_mapping().cloned().unwrap_or_default());
        }
        let own_account = mapping.get("account").and_then(Value::as_str).map(str::to_owned);
        let mut value = Value::Mapping(mapping);
        self.override_with(variables, &mut value);
        self.refuse(secrets::found(&value, ""))?;
        let settings = structure::typed(value.clone()).map_err(|found| self.placed(found))?;
        let mut findings = Findings::of(&value);
        rules::check(&settings, own_account.as_deref(), &mut findings);
        self.refuse(findings.problems)?;
        let warnings = self.placed(findings.warnings);
        Ok(Resolved { settings, overridden: self.overridden, warnings })
    }

    fn override_with(&mut self, variables: &Variables, value: &mut Value) {
        for (variable, key) in OVERRIDES {
            let Some(text) = given(variables, variable) else { continue };
            let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
            let mut steps = section.split('.').filter(|step| !step.is_empty());
            let target = steps.try_fold(&mut *value, |value, step| value.get_mut(step));
            // A missing section is reported later.
            let Some(mapping) = target.and_then(Value::as_mapping_mut) else { continue };
            mapping.insert(Value::from(name), Value::from(text));
            let origin = variables[variable].origin.clone();
            self.overridden.insert(key.to_owned(), Override { variable, origin });
        }
    }

    fn refuse(&self, found: Vec<Problem>) -> Result<(), Vec<Problem>> {
        if found.is_empty() { Ok(()) } else { Err(self.placed(found)) }
    }

    /// Adds the location of its key to each problem: a variable, the module's own file, or the extended one.
    fn placed(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        for Problem { file, line, key, .. } in &mut problems {
            if let Some(Override { variable, origin }) = self.overridden.get(key.as_str()) {
                *key = format!("{variable} sets {key}");
                (*file, *line) = match origin {
                    Origin::Environment => ("environment".to_owned(), None),
                    Origin::DotEnv { file, line } => (file.clone(), Some(*line)),
                };
                continue;
            }
            let steps: Vec<&str> = key.split('.').filter(|step| !step.is_empty()).collect();
            // The file that contains the longest prefix of the path, or the module's own if both are equally long.
            let with = |depth: usize| self.files.iter().find(|(_, document)| at(document, &steps[..depth]).is_some());
            if let Some((found, _)) = (0..=steps.len()).rev().find_map(with) {
                (*file, *line) = (found.file.to_owned(), line_of(found.text, &steps));
            }
        }
        problems
    }
}

/// Merges sections key by key; any other value replaces the one below it.
fn merge(below: &mut Mapping, above: Mapping) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Mapping(below)), Value::Mapping(above)) => merge(below, above),
            // A section without keys changes nothing.
            (Some(Value::Mapping(_)), Value::Null) => {}
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/settings/read.rs"]
mod tests;
