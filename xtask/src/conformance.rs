//! What the platform relies on in Redshift: the rows of `docs/redshift-conformance.md`, and a check for most of them.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

const ROWS: &str = include_str!("../conformance/redshift.yaml");
const RESULTS: &str = include_str!("../conformance/results.yaml");
const PAGE: &str = include_str!("../conformance/page.md");

/// Files that the transformation wrote.
const FILES: [(&str, &[u8]); 3] = [
    ("values", include_bytes!("../conformance/values.parquet")),
    ("documents", include_bytes!("../conformance/documents.parquet")),
    ("long_string", include_bytes!("../conformance/long_string.parquet")),
];

/// A row of the page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub id: String,
    behaviour: String,
    /// The code that relies on it.
    #[serde(default)]
    place: String,
    /// `documented`, `inferred`, `practised` or `unchecked`.
    pub evidence: String,
    #[serde(default)]
    source: String,
    /// The effect of a wrong assumption.
    #[serde(default)]
    otherwise: String,
    #[serde(default)]
    test: String,
    /// The rules of the emulator without which the check differs, for the tests.
    #[serde(default, rename = "rules")]
    _rules: Vec<String>,
    /// Why there is no check.
    #[serde(default)]
    pub manual: String,
    pub check: Option<Check>,
}

/// Statements and their expected result. In every text, `{s}` is a new schema of the caller, `{d}` the database, `{caller}`
/// the caller's user, `{60KB}` a long text, `{manifest}` the URL of the manifest in `copy`, `{role}` the role of COPY, and, in
/// `query`, `{query}` the ID of the query that failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// The administrator runs it, not the caller.
    pub administrator: bool,
    /// The emulator is known to differ.
    pub only_on_aws: bool,
    /// The caller runs these statements before, in one transaction.
    pub setup: Vec<String>,
    pub copy: Option<Copy>,
    /// The statements to check: one transaction, or with `each` one for each of them.
    pub run: Vec<String>,
    pub each: bool,
    /// Sends the only statement in `run` twice with this client token. The responses must have the same ID and its status.
    pub token: Option<String>,
    /// `WaitTimeSeconds` of these requests.
    pub wait: Option<i32>,
    /// Another transaction locks the table `gate` for some seconds. While `run` waits for this lock, these are committed.
    pub meanwhile: Vec<String>,
    /// `run` or `query` fails with one of these texts in the message; if the list is empty, with any message.
    pub error: Option<Vec<String>>,
    /// The number of the statement in `run` that fails.
    pub at: Option<usize>,
    /// A query after `run`, and the rows that it returns, with every value as text and null as empty text.
    pub query: Option<String>,
    pub rows: Vec<Vec<String>>,
}

/// Objects in the bucket, by name, and the file in [`file`] that each one contains.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    pub objects: BTreeMap<String, String>,
    /// By default, the manifest lists all objects. `{prefix}` is the URL of their folder, `{NAME}` the bytes of an object.
    pub manifest: Option<String>,
}

/// Why the database rejected statements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejection {
    /// The number of the statement from 1, or 0 if the request was rejected.
    pub statement: usize,
    pub message: String,
    /// The ID of the query, or 0.
    pub query: i64,
}

/// Expected and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference(pub String, pub String);

impl Check {
    pub fn difference(&self, found: Option<&Rejection>) -> Option<Difference> {
        let shown = found.map_or("success".to_owned(), |found| match found.statement {
            0 => found.message.clone(),
            number => format!("statement {number}: {}", found.message),
        });
        let matches = match (&self.error, found) {
            (None, None) => true,
            (Some(texts), Some(found)) => {
                let message = found.message.to_lowercase();
                let named = texts.is_empty() || texts.iter().any(|text| message.contains(&text.to_lowercase()));
                named && self.at.is_none_or(|at| at == found.statement)
            }
            _ => false,
        };
        let expected = || match &self.error {
            None => "success".to_owned(),
            Some(texts) => {
                let at = self.at.map(|at| format!(" of statement {at}")).unwrap_or_default();
                format!("an error{at}{}", texts.iter().map(|text| format!(" `{text}`")).collect::<String>())
            }
        };
        (!matches).then(|| Difference(expected(), shown))
    }
}

/// Returns one of the Parquet files for COPY.
pub fn file(name: &str) -> &'static [u8] {
    FILES.iter().find(|(file, _)| *file == name).map_or(&[], |(_, bytes)| bytes)
}

/// Reads the rows of every table.
pub fn tables() -> Result<BTreeMap<String, Vec<Line>>> {
    serde_yaml::from_str(ROWS).context("cannot read xtask/conformance/redshift.yaml")
}

/// Reads the recorded results by ID: `verified on DATE`, or what differs.
pub fn results() -> Result<BTreeMap<String, String>> {
    serde_yaml::from_str(RESULTS).context("cannot read xtask/conformance/results.yaml")
}

/// Generates the page.
pub fn page() -> Result<String> {
    let (tables, results) = (tables()?, results()?);
    let mut page = PAGE.replacen("\n\n", "\n\n<!-- Generated by `cargo xtask conform --page`, do not edit. -->\n\n", 1);
    for (name, lines) in &tables {
        let rows: String = lines.iter().map(|line| line.row(results.get(&line.id))).collect();
        let table = format!("| behaviour | where | evidence | our test | check |\n|---|---|---|---|---|\n{rows}");
        page = page.replace(&format!("<!-- {name} -->\n"), &table);
    }
    Ok(page)
}

impl Line {
    fn row(&self, result: Option<&String>) -> String {
        let after = |start: &str, text: &str| if text.is_empty() { String::new() } else { format!("{start}{text}") };
        let evidence =
            format!("{}{}{}", self.evidence, after(": ", &self.source), after(". Otherwise: ", &self.otherwise));
        let check = format!(
            "`{}`{}{}",
            self.id,
            after(", not run: ", &self.manual),
            after(": ", result.map_or("", |text| text))
        );
        let cells = [&self.behaviour, &self.place, &evidence, &self.test, &check];
        let cell = |text: &String| if text.is_empty() { "–".to_owned() } else { text.replace('|', "\\|") };
        format!("| {} |\n", cells.map(cell).join(" | "))
    }
}

#[cfg(test)]
#[path = "../tests/unit/conformance.rs"]
mod tests;
