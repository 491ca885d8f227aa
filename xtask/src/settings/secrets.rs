//! Secrets do not belong into a file that is committed, nor into a message that quotes it. So they are looked for before
//! anything else is said, and what is said about them is the key alone.

use serde_yaml::Value;

/// The keys whose values look like secrets, with what they look like.
pub(super) fn found(document: &Value) -> Vec<(Vec<String>, &'static str)> {
    let mut found = Vec::new();
    walk(document, &mut Vec::new(), &mut found);
    found
}

fn walk(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, &'static str)>) {
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                path.push(super::read::key_text(key));
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Sequence(list) => {
            for (index, value) in list.iter().enumerate() {
                path.push(index.to_string());
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Tagged(tagged) => walk(&tagged.value, path, found),
        Value::String(text) => {
            let key = path.last().map_or("", String::as_str).to_lowercase();
            if let Some(what) = look(text).or_else(|| named_so(&key, text)) {
                found.push((path.clone(), what));
            }
        }
        _ => {}
    }
}

/// What a text looks like by itself.
fn look(text: &str) -> Option<&'static str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    // An access key id is 20 characters and begins with AKIA or ASIA (IAM User Guide, "IAM identifiers"); a secret access
    // key is 40 of base 64.
    if words.clone().any(|word| word.len() == 20 && (word.starts_with("AKIA") || word.starts_with("ASIA"))) {
        return Some("an AWS access key id");
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
    user.is_some_and(|(user, _)| user.contains(':')).then_some("an address with a password in it")
}

fn named_so(key: &str, text: &str) -> Option<&'static str> {
    let names = ["password", "passwd", "secret", "token", "private_key", "access_key", "credential"];
    (!text.is_empty() && names.iter().any(|name| key.contains(name))).then_some("a secret, by its name")
}

#[cfg(test)]
mod tests {
    use super::look;

    #[test]
    fn secrets_have_looks_and_settings_do_not() {
        for (text, what) in [
            (concat!("AKIA", "IOSFODNN7EXAMPLE"), "an AWS access key id"),
            (concat!("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"), "an AWS secret access key"),
            (concat!("-----BEGIN ", "PRIVATE KEY-----"), "a private key"),
            ("ghp_x", "a GitHub token"),
            ("https://me:word@host/simple", "an address with a password in it"),
        ] {
            assert_eq!(look(text), Some(what));
        }
        for text in ["dpstack", "https://pypi.org/simple", "python@sha256:0123456789abcdef", "me@host.tld", ""] {
            assert_eq!(look(text), None, "{text}");
        }
    }
}
