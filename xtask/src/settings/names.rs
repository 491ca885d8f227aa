//! The names of a module's resources, which differ from those of every other module in the same account and region.

use super::model::Settings;

/// The most characters of `project` and `stack_prefix` (see the rules for settings).
const LONGEST: [usize; 2] = [20, 17];

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
    let project = renamed(&settings.project, like, &settings.project, name);
    let camel = |words: &str| -> String {
        let word = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
        words.split('-').map(word).collect::<Vec<String>>().concat()
    };
    let base = settings.stack_prefix.strip_suffix(&camel(like)).unwrap_or(&settings.stack_prefix);
    let mut prefix = base.to_owned() + &camel(name);
    if prefix.len() > LONGEST[1] {
        prefix = base.chars().filter(char::is_ascii_uppercase).collect::<String>() + &camel(name);
    }
    let excess = |text: &str, longest: usize| text.len().saturating_sub(longest);
    let excess = excess(&project, LONGEST[0]).max(excess(&prefix, LONGEST[1]));
    if excess > 0 {
        let most = name.len().saturating_sub(excess);
        return Err(format!("`{name}` is too long: the names of resources start with it; use up to {most} characters"));
    }
    let (mut text, mut section) = (HEADER.replace("{like}", like), Vec::new());
    for (key, value) in names(settings) {
        let value = match key {
            "project" => project.clone(),
            "stack_prefix" => prefix.clone(),
            _ => match value.strip_prefix(&settings.project).filter(|rest| rest.is_empty() || rest.starts_with('-')) {
                Some(rest) => project.clone() + rest,
                None => renamed("", like, &value, name),
            },
        };
        let mut path: Vec<&str> = key.split('.').collect();
        let last = path.pop().unwrap_or_default();
        let kept = path.iter().zip(&section).take_while(|(new, old)| new == old).count();
        for (depth, name) in path.iter().enumerate().skip(kept) {
            let blank = if depth == 0 { "\n" } else { "" };
            text += &format!("{blank}{}{name}:\n", "  ".repeat(depth));
        }
        text += &format!("{}{last}: {value}\n", "  ".repeat(path.len()));
        section = path;
    }
    Ok(text)
}

const HEADER: &str = "\
# yaml-language-server: $schema=overlay.schema.json
#
# The settings of `{like}`, with these exceptions. No name is that of another module, so all of them fit into one account.

extends: {like}

deploy_on: request

";

/// Returns a name in which the new module's name is in place of that of `like`, or else follows `base` or precedes the name.
fn renamed(base: &str, like: &str, value: &str, name: &str) -> String {
    let of_like = |part: &str| if part == like { name.to_owned() } else { part.to_owned() };
    let parts: Vec<String> = value.split('-').map(of_like).collect();
    match parts.join("-") {
        changed if changed != value => changed,
        same if base.is_empty() => format!("{name}-{same}"),
        same => format!("{same}-{name}"),
    }
}

#[cfg(test)]
#[path = "../../tests/unit/settings/names.rs"]
mod tests;
