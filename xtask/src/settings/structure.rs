//! The shape of a settings file: YAML, known keys, right types. serde finds what does not fit; here it gets its words.

use serde_yaml::{Mapping, Value};

use super::Settings;
use super::check::Finding;
use super::problem::Problem;
use super::read::Document;

/// How alike a word has to be to be meant: 0 is nothing in common, 1 the same.
const ALIKE: f64 = 0.75;

/// The file's mapping.
pub(super) fn mapping(file: Document<'_>) -> Result<Mapping, Problem> {
    let value: Value = serde_yaml::from_str(file.text).map_err(|error| no_yaml(file, &error))?;
    let fix = match value {
        Value::Mapping(mapping) => return Ok(mapping),
        Value::Null => "is empty; begin with a copy of infra/settings/dev.yaml",
        _ => "is no mapping of keys to values; infra/settings/dev.yaml shows how one looks",
    };
    Err(Problem::of(file.file, None, fix))
}

/// What keeps a text from being YAML, in words for a person.
pub fn no_yaml(file: Document<'_>, error: &serde_yaml::Error) -> Problem {
    let mut line = error.location().map(|place| place.line());
    let message = bare(&error.to_string());
    let tab = line
        .and_then(|line| file.text.lines().nth(line.saturating_sub(1)))
        .is_some_and(|line| line[..line.len() - line.trim_start().len()].contains('\t'));
    let fix = if tab {
        "has a tab at its beginning; YAML is indented with spaces".to_owned()
    } else if let Some(key) = between(&message, "duplicate entry with key \"", "\"") {
        line = second(file.text, key, line.unwrap_or(1)).or(line);
        format!("`{key}` is there twice; remove one, as only one could count")
    } else if message.contains("unknown anchor") {
        "an alias `*name` without an anchor `&name` before it; write the value itself".to_owned()
    } else if message.contains("more than one document") {
        "is two documents with `---` between; a file is one".to_owned()
    } else if message.contains("as u128") || message.contains("as i128") {
        "has a number that is far too large to mean anything here".to_owned()
    } else {
        format!("is no YAML: {message}")
    };
    Problem::of(file.file, line, fix)
}

/// The line that has a key for the second time, from the line on where its mapping begins, as the reader does not tell.
fn second(text: &str, key: &str, from: usize) -> Option<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let has = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let mut lines = text.lines().enumerate().skip(from.saturating_sub(1)).filter(|(_, line)| has(line));
    let (_, first) = lines.next()?;
    lines.find(|(_, line)| indent(line) == indent(first)).map(|(index, _)| index + 1)
}

/// The reader's message without the place that it names, which stands in front of ours.
fn bare(message: &str) -> String {
    let end = message.find(" at line ").unwrap_or(message.len());
    message[..end].to_owned()
}

/// Settings, or what does not fit: all unknown keys, and the first of anything else.
pub(super) fn typed(mut value: Value) -> Result<Settings, Vec<Finding>> {
    let mut found = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, Settings>(value.clone()) {
            Ok(settings) if found.is_empty() => return Ok(settings),
            Ok(_) => return Err(found),
            Err(error) => error,
        };
        let mut path: Vec<String> = error.path().iter().filter_map(step).collect();
        let message = bare(&error.inner().to_string());
        let Some(key) = between(&message, "unknown field `", "`") else {
            found.push(misfit(path, &value, &message));
            return Err(found);
        };
        path.pop_if(|last| last == key);
        found.push(unknown_key(&path, key, &choices(&message)));
        // Without it, or by the name that was meant, the rest can be looked at.
        let section = path.iter().try_fold(&mut value, |value, step| value.get_mut(step.as_str()));
        let Some(section) = section.and_then(Value::as_mapping_mut) else { return Err(found) };
        let Some(removed) = section.remove(key) else { return Err(found) };
        if let Some(meant) = meant(key, &choices(&message)).filter(|meant| !section.contains_key(*meant)) {
            section.insert(Value::from(meant), removed);
        }
    }
}

fn step(segment: &serde_path_to_error::Segment) -> Option<String> {
    use serde_path_to_error::Segment::{Map, Seq};
    match segment {
        Map { key } => Some(key.clone()),
        Seq { index } => Some(index.to_string()),
        _ => None,
    }
}

fn unknown_key(section: &[String], key: &str, known: &[String]) -> Finding {
    let path: Vec<&str> = section.iter().map(String::as_str).chain([key]).collect();
    let fix = if key == "<<" {
        "merge keys are not read, as few people know them; write the values themselves".to_owned()
    } else {
        format!("is no key{}; known here: {}", did_you_mean(key, known), known.join(", "))
    };
    Finding { path: path.join("."), value: None, fix }
}

/// Anything but an unknown key: a missing one, a word that is none of the choices, a value of the wrong type.
fn misfit(mut path: Vec<String>, document: &Value, message: &str) -> Finding {
    if let Some(key) = between(message, "missing field `", "`") {
        path.push(key.to_owned());
        let fix = "is missing; every key is written out, infra/settings/dev.yaml shows it".to_owned();
        return Finding { path: path.join("."), value: None, fix };
    }
    let value = path.iter().try_fold(document, |value, step| match value {
        Value::Sequence(list) => list.get(step.parse::<usize>().ok()?),
        value => value.get(step.as_str()),
    });
    let value = value.map(shown);
    let fix = if let Some(word) = between(message, "unknown variant `", "`") {
        let known = choices(message);
        format!("is none of {}{}", known.join(", "), did_you_mean(word, &known))
    } else {
        let wanted = message.rsplit_once("expected ").map_or(message, |(_, wanted)| wanted);
        wants(wanted, message)
    };
    Finding { path: path.join("."), value, fix }
}

/// serde's "expected …" in the words of the file.
fn wants(wanted: &str, message: &str) -> String {
    match wanted {
        "a string" if message.contains("integer") || message.contains("floating") => {
            "is a number where a text is wanted; write it in quotes".to_owned()
        }
        "a string" => "is no text; write one".to_owned(),
        "u32" | "u64" => "is no whole number from 0 on; write one such as 7".to_owned(),
        "f64" => "is no number; write one such as 0.5".to_owned(),
        "a boolean" => "is neither true nor false; write one of them without quotes".to_owned(),
        "a sequence" => "is no list; write [a, b] or one `- a` a line".to_owned(),
        "field identifier" => {
            "has a key that is no text; keys are the words that infra/settings/dev.yaml shows".to_owned()
        }
        wanted if wanted.starts_with("struct ") => "is no section; write its keys below it, indented".to_owned(),
        wanted => format!("is not what belongs here: {wanted}"),
    }
}

/// The names in backticks after "expected".
fn choices(message: &str) -> Vec<String> {
    let after = message.split_once(", expected ").map_or("", |(_, after)| after);
    after.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The known word that is most like another one, if it is like it at all.
fn meant<'k>(word: &str, known: &'k [String]) -> Option<&'k str> {
    let alike = |other: &&str| strsim::jaro_winkler(word, other);
    let known = known.iter().map(String::as_str);
    known.max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|best| alike(best) >= ALIKE)
}

fn did_you_mean(word: &str, known: &[String]) -> String {
    meant(word, known).map(|best| format!(" (did you mean `{best}`?)")).unwrap_or_default()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let start = text.find(before)? + before.len();
    Some(&text[start..start + text[start..].find(after)?])
}

/// Whether every step of a path is written in a text.
pub(super) fn has(text: &str, path: &[&str]) -> bool {
    let Ok(document) = serde_yaml::from_str::<Value>(text) else { return false };
    let found = path.iter().try_fold(&document, |value, step| match value {
        Value::Sequence(list) => list.get(step.parse::<usize>().ok()?),
        value => value.get(*step),
    });
    found.is_some()
}

/// A value as it would stand in the file, on one line and not too long.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("{text:?}"),
        Value::Mapping(_) => return "{…}".to_owned(),
        Value::Sequence(_) => return "[…]".to_owned(),
        Value::Null => return String::new(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim_end().replace('\n', " "),
    };
    if text.chars().count() <= 60 { text } else { text.chars().take(59).chain(['…']).collect() }
}
