//! The variables that may override settings, and the `.env` format: lines of `NAME=value`, without substitution.
//! `.env.example` documents it.
//!
//! No maintained crate reads the format without substitution: dotenvy replaces `$NAME` and `${NAME}`, which passwords
//! may contain.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::document::{Problem, Problems};

/// The environment variables that override settings, each with its key. Empty variables are ignored.
pub const OVERRIDES: [(&str, &str); 9] = [
    ("AWS_DEFAULT_REGION", "region"),
    ("AWS_ACCOUNT_ID", "account"),
    ("BUCKET_SUFFIX", "bucket_suffix"),
    ("ALARM_EMAIL", "monitoring.email"),
    ("ALARM_WEBHOOK", "monitoring.webhook"),
    ("IMAGE_BASE", "images.dbt.base"),
    ("IMAGE_COMPILE", "images.ingestion.compile"),
    ("IMAGE_PACKAGE_INDEX", "images.package_index"),
    ("IMAGE_CA_BUNDLE", "images.ca_bundle"),
];

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Environment,
    DotEnv { file: String, line: usize },
}

#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// The value, which may be a secret.
    pub value: String,
    pub origin: Origin,
}

/// The variables from the environment and `.env`; the environment takes precedence.
pub type Variables = BTreeMap<String, Variable>;

pub fn given<'v>(variables: &'v Variables, name: &str) -> Option<&'v str> {
    variables.get(name).map(|variable| variable.value.trim()).filter(|value| !value.is_empty())
}

impl fmt::Debug for Variable {
    /// Omits the value, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment"),
            Self::DotEnv { file, line } => write!(f, "{file}:{line}"),
        }
    }
}

/// Parses a `.env` file. Reports all invalid lines and repeated names, but no values, which may be secrets.
pub fn dot_env(file: &str, text: &str) -> Result<Variables, Problems> {
    let (mut variables, mut problems) = (Variables::new(), Vec::new());
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((number, line)) = lines.next() {
        let line = line.trim_matches(BLANKS);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut more = || lines.next().map(|(_, line)| line);
        let fix = match assignment(line, &mut more) {
            Err(fix) => fix.to_owned(),
            Ok((name, value)) => match first.get(name) {
                Some(earlier) => format!("`{name}` is already set on line {earlier}; remove one of the two lines"),
                None if let Some(known) = meant(name) => {
                    format!("`{name}` is not a variable that anything reads; did you mean `{known}`?")
                }
                None => {
                    first.insert(name, number);
                    let origin = Origin::DotEnv { file: file.to_owned(), line: number };
                    variables.insert(name.to_owned(), Variable { value, origin });
                    continue;
                }
            },
        };
        problems.push(Problem::of(file, Some(number), fix));
    }
    if problems.is_empty() { Ok(variables) } else { Err(Problems { of: file.to_owned(), list: problems }) }
}

/// The variables of this project that do not override a setting.
const OWN: [&str; 4] = ["SETTINGS_MODULE", "LOADER_PASSWORD", "TRANSFORMER_PASSWORD", "READER_PASSWORD"];

/// Returns the variable of this project that an unknown one was probably meant to be. Others are those of other tools.
fn meant(name: &str) -> Option<&'static str> {
    let mut known = OVERRIDES.iter().map(|(known, _)| *known).chain(OWN);
    let upper = name.to_uppercase();
    let is_near = |known: &&str| {
        upper.len() > 8 && known.starts_with(&upper) || strsim::normalized_damerau_levenshtein(&upper, known) > 0.85
    };
    if known.clone().any(|known| known == name) { None } else { known.find(is_near) }
}

/// White space; other blanks, such as a no-break space, may be part of a password.
const BLANKS: [char; 3] = [' ', '\t', '\r'];

const FORM: &str = "is not `NAME=value`; start a comment with #";

/// Splits a trimmed line into name and value; `more` returns the next line of a quoted value.
fn assignment<'t>(
    line: &'t str,
    more: &mut impl FnMut() -> Option<&'t str>,
) -> Result<(&'t str, String), &'static str> {
    let (name, value) = line.split_once('=').ok_or(FORM)?;
    let name = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(name).trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if !is_name {
        return Err(FORM);
    }
    if value.starts_with('#') {
        return Err("has a value that starts with #; quote it, or put a space before a comment");
    }
    if value.contains('\0') {
        return Err("has a value with U+0000, which no variable can have");
    }
    let value = value.trim_start_matches(BLANKS);
    let value = match value.chars().next().filter(|first| ['\'', '"'].contains(first)) {
        Some(quote) => quoted(&value[1..], quote, more)?,
        None => unquoted(value)?.to_owned(),
    };
    Ok((name, value))
}

fn quoted<'t>(start: &'t str, quote: char, more: &mut impl FnMut() -> Option<&'t str>) -> Result<String, &'static str> {
    let (mut value, mut line) = (String::new(), start);
    loop {
        if let Some((end, rest)) = line.split_once(quote) {
            value.push_str(end);
            let is_comment = rest.starts_with(BLANKS) && rest.trim_start_matches(BLANKS).starts_with('#');
            let wrong = "has text after the closing quote; enclose a value that contains one kind of quote in the \
                         other kind, and put a space before a comment";
            return if rest.trim_matches(BLANKS).is_empty() || is_comment { Ok(value) } else { Err(wrong) };
        }
        value.push_str(line);
        value.push('\n');
        line = more().ok_or("opens a quote that is never closed; close it, or use the other kind of quote")?;
    }
}

fn unquoted(value: &str) -> Result<&str, &'static str> {
    let (word, rest) = value.split_once(BLANKS).unwrap_or((value, ""));
    let rest = rest.trim_start_matches(BLANKS);
    if word.starts_with('#') {
        return Ok("");
    }
    let wrong = "has a value with spaces; quote it, and start a comment with #";
    if rest.is_empty() || rest.starts_with('#') { Ok(word) } else { Err(wrong) }
}

#[cfg(test)]
#[path = "../../tests/unit/settings/variables.rs"]
mod tests;
