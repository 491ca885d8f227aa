//! A settings file as YAML, and the problem of a file that is not YAML.

use serde_yaml::{Mapping, Value};

use super::problem::{Problem, Problems};

#[derive(Clone, Copy, Debug)]
pub struct Document<'d> {
    pub file: &'d str,
    pub text: &'d str,
}

/// The bytes as text, without a byte order mark.
pub fn text_of(file: &str, bytes: Vec<u8>) -> Result<String, Problems> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        let problem = Problem::of(file, Some(line), "is not UTF-8 from this line on; save the file as UTF-8");
        Problems { of: file.to_owned(), list: vec![problem] }
    })?;
    Ok(contract::without_bom(&text).to_owned())
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
    if text.chars().count() <= 60 { text } else { text.chars().take(59).chain(['…']).collect() }
}

#[cfg(test)]
#[path = "../../tests/unit/settings/document.rs"]
mod tests;
