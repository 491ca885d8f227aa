//! From the bytes of the files and the variables to settings, or to everything that is wrong with them.

use std::collections::BTreeMap;

use contract::line_of;
use serde::Serialize;
use serde_yaml::{Mapping, Value};

use super::check::{Finding, Findings};
use super::overrides::{OVERRIDES, Origin, Variables, given};
use super::problem::{Problem, Problems};
use super::{Settings, secrets, structure};

/// A file: what it is called in messages, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Document<'d> {
    /// `infra/settings/dev.yaml`.
    pub file: &'d str,
    /// Its text.
    pub text: &'d str,
}

/// Settings that passed, and which of them are not the file's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Every value.
    pub settings: Settings,
    /// What `.env` and the environment set, by key.
    pub overridden: BTreeMap<String, Override>,
    /// Values that are accepted, but may be refused by AWS.
    pub warnings: Vec<Problem>,
}

/// A key that a variable set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    /// The variable.
    pub variable: &'static str,
    /// Where it is from.
    pub origin: Origin,
}

/// The bytes as text.
///
/// # Errors
/// With the line of the first byte that is not UTF-8.
pub fn text_of(file: &str, bytes: Vec<u8>) -> Result<String, Problem> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        Problem::of(file, Some(line), "is not UTF-8 from here on; save the file as UTF-8")
    })?;
    Ok(contract::without_bom(&text).to_owned())
}

/// The module that a file says it extends, if it can be read at all; what cannot is told by [`resolve`].
pub fn extends(text: &str) -> Option<String> {
    Some(serde_yaml::from_str::<Value>(text).ok()?.get(EXTENDS)?.as_str()?.to_owned())
}

const EXTENDS: &str = "extends";

/// Settings from a module's file, the file that it extends, and the variables.
///
/// # Errors
/// Every problem of the first kind that there is, as later ones would only be guesses: what is no YAML; secrets, about
/// which nothing more is said; unknown keys and wrong types; then all that breaks a rule.
pub fn resolve(
    of: &str,
    own: Document<'_>,
    base: Option<Document<'_>>,
    variables: &Variables,
) -> Result<Resolved, Problems> {
    let refused = |list: Vec<Problem>| Problems { of: of.to_owned(), list };
    let reader = Reader { files: std::iter::once(own).chain(base).collect(), overridden: BTreeMap::new() };
    reader.resolve(variables).map_err(refused)
}

struct Reader<'d> {
    /// The module's own file first.
    files: Vec<Document<'d>>,
    overridden: BTreeMap<String, Override>,
}

impl Reader<'_> {
    fn resolve(mut self, variables: &Variables) -> Result<Resolved, Vec<Problem>> {
        let mut value = self.merged()?;
        let own = value.get("account").and_then(Value::as_str).map(str::to_owned);
        self.override_with(variables, &mut value);
        let secret = |(path, what): (Vec<String>, &str)| {
            let fix =
                format!("looks like {what}; secrets belong into .env or the environment, never into a file of git");
            self.placed(&path.join("."), None, fix)
        };
        let secrets: Vec<Problem> = secrets::found(&value).into_iter().map(secret).collect();
        if !secrets.is_empty() {
            return Err(sorted(secrets));
        }
        let settings = structure::typed(value).map_err(|problems| {
            sorted(problems.into_iter().map(|found| self.placed(&found.path, found.value, found.fix)).collect())
        })?;
        let mut findings = Findings::default();
        settings.check(&mut findings);
        settings.check_account(own.as_deref(), &mut findings);
        let placed = |found: Vec<Finding>| {
            sorted(found.into_iter().map(|found| self.placed(&found.path, found.value, found.fix)).collect())
        };
        if !findings.problems.is_empty() {
            return Err(placed(findings.problems));
        }
        let warnings = placed(findings.warnings);
        Ok(Resolved { settings, overridden: self.overridden, warnings })
    }

    /// One document of all: the own file's values over those of the file it extends.
    fn merged(&self) -> Result<Value, Vec<Problem>> {
        let mut documents = Vec::new();
        let mut problems = Vec::new();
        for (index, file) in self.files.iter().enumerate() {
            match structure::mapping(*file) {
                Ok(mut mapping) => {
                    let extends = mapping.remove(EXTENDS);
                    if let Some(extends) = extends.filter(|extends| index > 0 || !extends.is_string()) {
                        let fix = if index > 0 {
                            "is extended itself and cannot extend another; one level is enough to follow"
                        } else {
                            "names one other module"
                        };
                        problems.push(Problem {
                            key: EXTENDS.to_owned(),
                            value: Some(structure::shown(&extends)),
                            ..Problem::of(file.file, line_of(file.text, &[EXTENDS]), fix)
                        });
                    }
                    documents.push(mapping);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(sorted(problems));
        }
        let merged = documents.into_iter().rev().reduce(|mut below, above| {
            lay_over(&mut below, above);
            below
        });
        Ok(Value::Mapping(merged.unwrap_or_default()))
    }

    fn override_with(&mut self, variables: &Variables, value: &mut Value) {
        for (variable, key) in OVERRIDES {
            let Some(text) = given(variables, variable) else { continue };
            let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
            let mut steps = section.split('.').filter(|step| !step.is_empty());
            let target = steps.try_fold(&mut *value, |value, step| value.get_mut(step));
            // A section that is missing or is no section is told as such.
            let Some(mapping) = target.and_then(Value::as_mapping_mut) else { continue };
            mapping.insert(Value::from(name), Value::from(text));
            let origin = variables[variable].origin.clone();
            self.overridden.insert(key.to_owned(), Override { variable, origin });
        }
    }

    /// A problem with the place that its key is written at: a variable, the own file, or the extended one.
    fn placed(&self, path: &str, value: Option<String>, fix: String) -> Problem {
        if let Some(Override { variable, origin }) = self.overridden.get(path) {
            let (file, line) = match origin {
                Origin::Environment => ("environment".to_owned(), None),
                Origin::DotEnv { file, line } => (file.clone(), Some(*line)),
            };
            return Problem { file, line, key: format!("{variable} sets {path}"), value, fix };
        }
        let steps: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('.').collect() };
        // Where as much of the path is written as anywhere; the own file first.
        let part = |depth: usize| self.files.iter().find(|file| structure::has(file.text, &steps[..depth]));
        let written = (0..=steps.len()).rev().find_map(part);
        let (file, text) = written.map_or(("", ""), |file| (file.file, file.text));
        Problem { key: path.to_owned(), value, ..Problem::of(file, line_of(text, &steps), fix) }
    }
}

/// Files keep their order of mention in nothing; so the order is theirs by name, then by line, then by key.
fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems
}

/// Sections are laid over each other key by key; everything else is replaced whole.
fn lay_over(below: &mut Mapping, above: Mapping) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Mapping(below)), Value::Mapping(above)) => lay_over(below, above),
            // A section whose keys are all commented out says nothing.
            (Some(Value::Mapping(_)), Value::Null) => {}
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

/// A key as it would stand in a path.
pub(super) fn key_text(key: &Value) -> String {
    key.as_str().map_or_else(|| structure::shown(key), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text_without_a_mark_or_are_told_by_line() {
        assert_eq!(text_of("x", b"\xef\xbb\xbfa: 1\n".to_vec()), Ok("a: 1\n".to_owned()));
        assert_eq!(text_of("x", b"a: 1\nb: \xff\n".to_vec()).map_err(|problem| problem.line), Err(Some(2)));
    }

    #[test]
    fn sections_are_laid_over_key_by_key_and_lists_replaced_whole() {
        let value = |text: &str| serde_yaml::from_str::<Mapping>(text).expect("YAML");
        let mut below = value("a: {b: 1, c: [1, 2]}\nd: 1\ne: {f: 1}");
        lay_over(&mut below, value("a: {c: [3]}\nd: 2\ne:"));
        assert_eq!(below, value("a: {b: 1, c: [3]}\nd: 2\ne: {f: 1}"));
    }
}
