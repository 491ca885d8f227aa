//! The names of a module's resources, which differ from those of every other module in the same account and region.

use serde_yaml::{Mapping, Value};

use super::model::Settings;

/// The most characters of `project` (see the rules for settings).
const LONGEST_PROJECT: usize = 20;
/// The most characters of `stack_prefix`.
const LONGEST_PREFIX: usize = 17;

/// Returns the keys with such names, and their values.
pub fn names(settings: &Settings) -> Vec<(&'static str, String)> {
    let Settings { project, stack_prefix, auth, registry, warehouse, batch, airflow, .. } = settings;
    let names = [
        ("project", project),
        ("stack_prefix", stack_prefix),
        ("registry.ingestion", &registry.ingestion),
        ("registry.dbt", &registry.dbt),
        ("warehouse.namespace", &warehouse.namespace),
        ("warehouse.workgroup", &warehouse.workgroup),
        ("batch.compute_environment", &batch.compute_environment),
        ("batch.queue", &batch.queue),
        ("batch.ingestion.name", &batch.ingestion.name),
        ("batch.dbt.name", &batch.dbt.name),
        ("airflow.environment", &airflow.environment),
    ];
    let environment = auth.environment.as_ref().map(|name| ("auth.environment", name));
    names.into_iter().chain(environment).map(|(key, name)| (key, name.clone())).collect()
}

/// Returns a name that two modules in the same account and region share, with its key, if there is one.
pub fn shared(one: &Settings, other: &Settings) -> Option<(&'static str, String)> {
    let is_same_place = one.account == other.account && one.region == other.region;
    let others = names(other);
    names(one).into_iter().find(|name| is_same_place && others.contains(name))
}

/// Returns the text of a settings file that extends the module `like`, with names of its own.
///
/// # Errors
/// If the name is too long for them.
pub fn overlay(name: &str, like: &str, settings: &Settings) -> Result<String, String> {
    // With the new module's name in place of that of `like`, if it has that.
    let replaced = |value: &str| {
        let parts: Vec<&str> = value.split('-').map(|part| if part == like { name } else { part }).collect();
        Some(parts.join("-")).filter(|changed| changed != value)
    };
    let project = replaced(&settings.project).unwrap_or_else(|| format!("{}-{name}", settings.project));
    let camel = |words: &str| -> String {
        let word = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
        words.split('-').map(word).collect::<Vec<String>>().concat()
    };
    let base = settings.stack_prefix.strip_suffix(&camel(like)).unwrap_or(&settings.stack_prefix);
    let mut prefix = base.to_owned() + &camel(name);
    if prefix.len() > LONGEST_PREFIX {
        prefix = base.chars().filter(char::is_ascii_uppercase).collect::<String>() + &camel(name);
    }
    let excess = |text: &str, longest: usize| text.len().saturating_sub(longest);
    let excess = excess(&project, LONGEST_PROJECT).max(excess(&prefix, LONGEST_PREFIX));
    if excess > 0 {
        let most = name.len().saturating_sub(excess);
        return Err(format!("`{name}` is too long: the names of resources start with it; use up to {most} characters"));
    }
    let mut file = Mapping::new();
    for (key, value) in names(settings) {
        let value = match key {
            "project" => project.clone(),
            "stack_prefix" => prefix.clone(),
            _ => match value.strip_prefix(&settings.project).filter(|rest| rest.is_empty() || rest.starts_with('-')) {
                Some(rest) => project.clone() + rest,
                None => replaced(&value).unwrap_or_else(|| format!("{name}-{value}")),
            },
        };
        insert(&mut file, key, value);
    }
    // Texts always serialise.
    Ok(HEADER.replace("{like}", like) + &serde_yaml::to_string(&file).unwrap_or_default())
}

/// Sets a key, whose parts are separated by dots.
fn insert(section: &mut Mapping, key: &str, value: String) {
    let Some((first, rest)) = key.split_once('.') else {
        section.insert(Value::from(key), Value::from(value));
        return;
    };
    let below = section.entry(Value::from(first)).or_insert_with(|| Value::Mapping(Mapping::new()));
    if let Value::Mapping(below) = below {
        insert(below, rest, value);
    }
}

const HEADER: &str = "\
# yaml-language-server: $schema=overlay.schema.json
#
# The settings of `{like}`, with these exceptions. No name is that of another module, so all of them fit into one account.

extends: {like}

deploy_on: request

";

#[cfg(test)]
#[path = "../../tests/unit/settings/names.rs"]
mod tests;
