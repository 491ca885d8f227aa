//! What differs between two YAML values, as a person reads it.

use serde_yaml::Value;

/// Every place where they differ: what stands there, and what should.
pub fn differences(found: &Value, wanted: &Value) -> Vec<String> {
    let mut list = Vec::new();
    walk("", Some(found), Some(wanted), &mut list);
    list
}

fn walk(path: &str, found: Option<&Value>, wanted: Option<&Value>, list: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (found, wanted) {
        (Some(found), Some(wanted)) if found == wanted => {}
        (Some(Value::Mapping(found)), Some(Value::Mapping(wanted))) => {
            let before = list.len();
            for (key, value) in wanted {
                walk(&below(&name(key, None)), found.get(key), Some(value), list);
            }
            for (key, value) in found.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                walk(&below(&name(key, None)), Some(value), None, list);
            }
            // Mappings are equal whatever their order; nothing is left to tell.
            debug_assert!(list.len() > before, "{path}");
        }
        (Some(Value::Sequence(found)), Some(Value::Sequence(wanted))) => {
            for index in 0..found.len().max(wanted.len()) {
                let value = wanted.get(index).or_else(|| found.get(index));
                let key = name(&Value::from(index), value);
                walk(&below(&key), found.get(index), wanted.get(index), list);
            }
        }
        (found, wanted) => {
            let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), short);
            list.push(format!("{path}: {}, and should be {}", shown(found), shown(wanted)));
        }
    }
}

/// A key; of a list's item its number, and its name if it has one.
fn name(key: &Value, item: Option<&Value>) -> String {
    let number = match key {
        Value::String(text) => text.clone(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim().to_owned(),
    };
    let named = item.and_then(|item| item.get("name")).and_then(Value::as_str);
    named.map_or_else(|| number.clone(), |name| format!("{number} ({name})"))
}

/// On one line.
fn short(value: &Value) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    if text.chars().count() <= 100 { text } else { text.chars().take(99).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn order_and_style_are_no_difference_and_places_have_names() {
        let parse = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text).expect("YAML");
        let wanted = parse("jobs: {a: {minutes: 5, steps: [{name: one, run: x}]}}\non: {push: }\n");
        let same =
            parse("'on':\n  push: null\njobs:\n  a:\n    steps:\n    - run: 'x'\n      name: one\n    minutes: 5\n");
        assert_eq!(differences(&same, &wanted), Vec::<String>::new());
        let other = parse("jobs: {a: {minutes: 6, steps: [{name: one, run: y}, {run: z}], more: 1}}\n");
        assert_eq!(
            differences(&other, &wanted),
            [
                "jobs.a.minutes: 6, and should be 5",
                r#"jobs.a.steps.0 (one).run: "y", and should be "x""#,
                r#"jobs.a.steps.1: {"run":"z"}, and should be nothing"#,
                "jobs.a.more: 1, and should be nothing",
                r#"on: nothing, and should be {"push":null}"#,
            ]
        );
    }
}
