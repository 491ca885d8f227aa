//! Checks the structure of settings: known keys and correct types. serde detects the errors; this module rewords them.

use contract::without_place;
use serde_yaml::Value;

use super::document::{Problem, at, between, shown};
use super::model::Settings;

/// The minimum similarity of a suggested word: 0 means nothing in common, 1 means the same word.
const SIMILAR: f64 = 0.75;

/// Returns the settings, or else all unknown keys and the first other problem.
pub(super) fn typed(mut value: Value) -> Result<Settings, Vec<Problem>> {
    let mut found = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, Settings>(value.clone()) {
            Ok(settings) if found.is_empty() => return Ok(settings),
            Ok(_) => return Err(found),
            Err(error) => error,
        };
        let mut path: Vec<String> = error.path().iter().filter_map(step).collect();
        let message = without_place(&error.inner().to_string());
        let Some(key) = between(&message, "unknown field `", "`") else {
            found.push(other(path, &value, &message));
            return Err(found);
        };
        path.pop_if(|last| last == key);
        let known = choices(&message);
        let fix = match key {
            "<<" => "merge keys are not supported; write out the values".to_owned(),
            _ => format!("unknown key{}; known keys: {}", did_you_mean(key, &known), known.join(", ")),
        };
        found.push(Problem::at(&[path.as_slice(), &[key.to_owned()]].concat().join("."), None, fix));
        // The rest is checked without the key, or with the key that was probably meant.
        let section = path.iter().try_fold(&mut value, |value, step| value.get_mut(step.as_str()));
        let Some(section) = section.and_then(Value::as_mapping_mut) else { return Err(found) };
        let Some(removed) = section.remove(key) else { return Err(found) };
        if let Some(meant) = similar(key, &known).filter(|meant| !section.contains_key(*meant)) {
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

fn other(mut path: Vec<String>, document: &Value, message: &str) -> Problem {
    if let Some(key) = between(message, "missing field `", "`") {
        path.push(key.to_owned());
        return Problem::at(&path.join("."), None, "is missing; infra/settings/dev.yaml has every key");
    }
    let fix = if let Some(word) = between(message, "unknown variant `", "`") {
        let known = choices(message);
        format!("must be one of {}{}", known.join(", "), did_you_mean(word, &known))
    } else {
        let expected = message.rsplit_once("expected ").map_or(message, |(_, expected)| expected);
        let is_number = message.contains("integer") || message.contains("floating");
        match expected {
            "a string" if is_number => "must be text: put the number in quotes".to_owned(),
            "a string" => "must be text".to_owned(),
            "u32" | "u64" => "must be a whole number, 0 or greater, without quotes".to_owned(),
            "f64" => "must be a number such as 0.5, without quotes".to_owned(),
            "a boolean" => "must be true or false, without quotes".to_owned(),
            "a sequence" => "must be a list: [a, b], or one `- a` per line".to_owned(),
            "field identifier" => "has a key that is not text; infra/settings/dev.yaml shows the keys".to_owned(),
            expected if expected.starts_with("struct ") => {
                "must be a section: write its keys below it, indented".to_owned()
            }
            expected => format!("has the wrong type or value: {expected}"),
        }
    };
    Problem::at(&path.join("."), at(document, &path).map(shown), fix)
}

/// Returns the names in backticks after "expected".
fn choices(message: &str) -> Vec<String> {
    let after = message.split_once(", expected ").map_or("", |(_, after)| after);
    after.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn similar<'k>(word: &str, known: &'k [String]) -> Option<&'k str> {
    let likeness = |other: &&str| strsim::jaro_winkler(word, other);
    let known = known.iter().map(String::as_str);
    known.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|best| likeness(best) >= SIMILAR)
}

fn did_you_mean(word: &str, known: &[String]) -> String {
    similar(word, known).map(|best| format!(" (did you mean `{best}`?)")).unwrap_or_default()
}
