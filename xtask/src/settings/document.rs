//! A settings file as YAML, and the problems found in settings with their messages.

use std::fmt;

use serde_yaml::{Mapping, Value};

#[derive(Clone, Copy, Debug)]
pub struct Document<'d> {
    pub file: &'d str,
    pub text: &'d str,
}

/// Decodes the bytes as text, without a byte order mark.
pub fn text_of(file: &str, bytes: &[u8]) -> Result<String, Problems> {
    contract::text(bytes).map_err(|line| {
        let problem = Problem::of(file, Some(line.0), "is not UTF-8 from this line on; save the file as UTF-8");
        Problems { of: file.to_owned(), list: vec![problem] }
    })
}

pub(super) fn mapping(file: Document<'_>) -> Result<Mapping, Problem> {
    let value: Value = serde_yaml::from_str(file.text).map_err(|error| no_yaml(file, &error))?;
    let fix = match value {
        Value::Mapping(mapping) => return Ok(mapping),
        Value::Null => "is empty; start with a copy of infra/settings/dev.yaml",
        _ => "must be a mapping of keys to values; see infra/settings/dev.yaml",
    };
    Err(Problem::of(file.file, None, fix))
}

pub fn no_yaml(file: Document<'_>, error: &serde_yaml::Error) -> Problem {
    let (line, fix) = contract::explain(file.text, error);
    Problem::of(file.file, line, fix)
}

pub(super) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

pub(super) fn at<'v>(value: &'v Value, path: &[impl AsRef<str>]) -> Option<&'v Value> {
    path.iter().map(AsRef::as_ref).try_fold(value, |value, step| match value {
        Value::Sequence(list) => list.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    })
}

pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::Mapping(_) => return "{…}".to_owned(),
        Value::Null => return String::new(),
        Value::String(_) | Value::Sequence(_) => serde_json::to_string(value).unwrap_or_default(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim_end().replace('\n', " "),
    };
    shortened(text, 60)
}

/// Shortens a text to at most `longest` characters.
pub fn shortened(text: String, longest: usize) -> String {
    if text.chars().count() <= longest { text } else { text.chars().take(longest - 1).chain(['…']).collect() }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub file: String,
    /// The line, from 1, if known.
    pub line: Option<usize>,
    /// The key, with its parts separated by dots; empty for a problem with the whole file.
    pub key: String,
    /// The invalid value, if showing it is useful and it is not a secret.
    pub value: Option<String>,
    pub fix: String,
}

impl Problem {
    pub fn of(file: &str, line: Option<usize>, fix: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, key: String::new(), value: None, fix: fix.into() }
    }

    /// A problem with a key, whose file and line are not known yet. List positions are parts of the key.
    pub(super) fn at(key: &str, value: Option<String>, fix: impl Into<String>) -> Self {
        Self { key: key.to_owned(), value, ..Self::of("", None, fix) }
    }
}

/// The reasons why settings were rejected: all problems, ordered by file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    pub of: String,
    pub list: Vec<Problem>,
}

/// Formats `file:line: key = value`, and the fix on the next lines, wrapped at 80 columns.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match (self.key.as_str(), &self.value) {
            ("", _) => {}
            (key, Some(value)) if !value.is_empty() => write!(f, ": {key} = {value}")?,
            (key, _) => write!(f, ": {key}")?,
        }
        let mut lines: Vec<String> = Vec::new();
        for word in self.fix.split(' ') {
            match lines.last_mut() {
                Some(line) if line.chars().count() + word.chars().count() < 76 => *line += &format!(" {word}"),
                _ => lines.push(word.to_owned()),
            }
        }
        lines.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.list.len();
        write!(f, "{}: {count} problem{}", self.of, if count == 1 { "" } else { "s" })?;
        self.list.iter().try_for_each(|problem| write!(f, "\n\n{problem}"))
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
#[path = "../../tests/unit/settings/document.rs"]
mod tests;
