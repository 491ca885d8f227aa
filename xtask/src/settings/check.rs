//! What the rules find, and predicates that several rules share.

use serde::Serialize;

/// What the rules find in well-formed settings, in no order.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Values that break a rule.
    pub problems: Vec<Finding>,
    /// Values that AWS may refuse.
    pub warnings: Vec<Finding>,
}

/// One key with a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Keys and list positions from the top, separated by dots.
    pub path: String,
    /// The value, if it helps.
    pub value: Option<String>,
    /// The rule, and what to write.
    pub fix: String,
}

impl Finding {
    /// The value is shown as the file has it; `()` shows none.
    fn new(path: &str, value: impl Serialize, fix: impl Into<String>) -> Self {
        let value = serde_json::to_value(value).ok().filter(|value| !value.is_null()).map(|value| value.to_string());
        Self { path: path.to_owned(), value, fix: fix.into() }
    }
}

impl Findings {
    /// A value that breaks a rule, or with `()` a missing key.
    pub(super) fn add(&mut self, path: &str, value: impl Serialize, fix: impl Into<String>) {
        self.problems.push(Finding::new(path, value, fix));
    }

    /// A value that AWS may refuse.
    pub(super) fn warn(&mut self, path: &str, value: impl Serialize, words: impl Into<String>) {
        self.warnings.push(Finding::new(path, value, words));
    }

    /// A value that breaks a rule unless `holds`.
    pub(super) fn must(&mut self, holds: bool, path: &str, value: impl Serialize, fix: impl Into<String>) {
        if !holds {
            self.add(path, value, fix);
        }
    }

    /// A list with an element that repeats an earlier one.
    pub(super) fn no_duplicates<T: Serialize + PartialEq>(&mut self, path: &str, list: &[T]) {
        for (index, element) in list.iter().enumerate().filter(|(index, element)| list[..*index].contains(element)) {
            self.add(&format!("{path}.{index}"), element, "is listed twice; remove one");
        }
    }
}

/// Whether `text` has 1 to `max` characters, all of them `legal` and the first one `first`.
pub(super) fn is_name(text: &str, max: usize, first: impl Fn(char) -> bool, legal: impl Fn(char) -> bool) -> bool {
    (1..=max).contains(&text.len()) && text.starts_with(first) && text.chars().all(legal)
}

/// a-z.
pub(super) fn lower(c: char) -> bool {
    c.is_ascii_lowercase()
}

/// A-Z and a-z.
pub(super) fn letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

/// Letters, digits, `-` and `_`.
pub(super) fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// A URL with a host; a path may follow. URLs with a password are refused earlier, as secrets.
pub(super) fn web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace))
}
