//! Values that look like secrets. They do not belong in a committed file or in a message, so this is checked first, and
//! the message names only the key.

use serde_yaml::Value;

use super::document::Problem;
use super::source_secret::SourceSecret;

/// What the key that names the secrets of a source may contain.
const PLACE: &str = "must be where the secrets are, never a secret: the full ARN of a secret in Secrets Manager, with its \
    suffix of six characters, or the name of a parameter in Systems Manager, such as /<project>/<source>";

fn advice(what: &str) -> String {
    format!("looks like {what}; keep secrets in .env or the environment, never in a committed file")
}

/// Finds the keys below `path` with values that look like secrets.
pub(super) fn found(value: &Value, path: &str) -> Vec<Problem> {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match value {
        Value::Mapping(mapping) => {
            mapping.iter().flat_map(|(key, value)| found(value, &below(key.as_str().unwrap_or("?")))).collect()
        }
        Value::Sequence(list) => {
            list.iter().enumerate().flat_map(|(index, value)| found(value, &below(&index.to_string()))).collect()
        }
        Value::Tagged(tagged) => found(&tagged.value, path),
        Value::String(text) => {
            let steps: Vec<&str> = path.split('.').collect();
            let fix = match (kind(text), steps.as_slice()) {
                (None, ["sources", _, "secret"]) => SourceSecret::parse(text).is_none().then(|| PLACE.to_owned()),
                // `settings/sources.rs` has the rule for its form.
                (None, ["sources", _, "secret_key"]) if text.starts_with("arn:") => None,
                (found, _) => found.or_else(|| by_name(steps.last().copied().unwrap_or_default(), text)).map(advice),
            };
            fix.map(|fix| Problem::at(path, None, fix)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the kind of secret, judging by the text itself.
fn kind(text: &str) -> Option<&'static str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    // An access key ID has 20 characters and starts with AKIA or ASIA (IAM User Guide, "IAM identifiers"); a secret access
    // key is 40 characters of base 64.
    if words.clone().any(|word| word.len() == 20 && (word.starts_with("AKIA") || word.starts_with("ASIA"))) {
        return Some("an AWS access key ID");
    }
    if text.contains("-----BEGIN ") {
        return Some("a private key");
    }
    if ["ghp_", "gho_", "ghs_", "github_pat_"].iter().any(|start| text.starts_with(start)) {
        return Some("a GitHub token");
    }
    let base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let mixed = [char::is_uppercase, char::is_lowercase, char::is_numeric].iter().all(|kind| text.contains(*kind));
    if text.len() == 40 && text.chars().all(base64) && mixed {
        return Some("an AWS secret access key");
    }
    let user = text.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':')).then_some("a URL with a password")
}

/// Returns the kind of secret, judging by its key.
fn by_name(key: &str, text: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    let names = ["password", "passwd", "secret", "token", "private_key", "access_key", "credential"];
    (!text.is_empty() && names.iter().any(|name| key.contains(name))).then_some("a secret, judging by its name")
}

#[cfg(test)]
#[path = "../../tests/unit/settings/secrets.rs"]
mod tests;
