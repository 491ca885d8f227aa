//! What the rules find, and the small questions that several of them ask.

use std::fmt::Display;

/// What the rules find in well-formed settings, in no order.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Values that break a rule.
    pub problems: Vec<Finding>,
    /// Values that are accepted, but may be refused by AWS.
    pub warnings: Vec<Finding>,
}

/// One key that cannot stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Keys and list positions from the top, with dots between.
    pub path: String,
    /// The value, as far as it helps.
    pub value: Option<String>,
    /// What holds, and what to write.
    pub fix: String,
}

impl Findings {
    /// A value that breaks a rule.
    pub(super) fn add(&mut self, path: &str, value: impl Display, fix: impl Into<String>) {
        self.problems.push(Finding { path: path.to_owned(), value: Some(value.to_string()), fix: fix.into() });
    }

    /// A value that is accepted, with what to know about it.
    pub(super) fn warn(&mut self, path: &str, value: impl Display, words: impl Into<String>) {
        self.warnings.push(Finding { path: path.to_owned(), value: Some(value.to_string()), fix: words.into() });
    }

    /// A value that breaks a rule unless `holds`.
    pub(super) fn must(&mut self, holds: bool, path: &str, value: impl Display, fix: impl Into<String>) {
        if !holds {
            self.add(path, value, fix);
        }
    }

    /// A key that is missing.
    pub(super) fn missing(&mut self, path: &str, fix: impl Into<String>) {
        self.problems.push(Finding { path: path.to_owned(), value: None, fix: fix.into() });
    }
}

/// A text as it would stand in the file.
pub(super) fn quoted(text: impl Display) -> String {
    format!("\"{text}\"")
}

/// Whether `text` is 1 to `most` of the characters that `legal` takes.
pub(super) fn made_of(text: &str, most: usize, legal: impl Fn(char) -> bool) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(legal)
}

/// Letters, digits, hyphens and underscores, a letter or digit first: what Batch takes for the names of its resources,
/// at most 128 (AWS Batch API Reference, CreateComputeEnvironment, CreateJobQueue, RegisterJobDefinition).
pub(super) fn batch_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && made_of(text, 128, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// An address of the web without a user in it; a trailing path is welcome.
pub(super) fn web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split('/').next().unwrap_or_default();
        !host.is_empty() && !text.contains(char::is_whitespace)
    })
}
