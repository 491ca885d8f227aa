//! The result of a local run, as JSON and as a text summary.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::path::Path;

use contract::{Counts, Finding, count_rows};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::ui::{self, Align};
use contract::dbt::Results;

#[derive(Debug, Serialize)]
pub struct LocalReport {
    pub source: String,
    #[serde(flatten)]
    pub loaded: Loaded,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt: Option<Results>,
    pub report: String,
    pub lake: String,
    /// The warehouse, without a password.
    pub warehouse: String,
    /// Each step with its duration in seconds, with millisecond precision.
    pub seconds: IndexMap<&'static str, f64>,
}

impl LocalReport {
    pub fn took(&self) -> String {
        self.seconds.iter().map(|(step, seconds)| format!("{step} {seconds:.1} s")).collect::<Vec<_>>().join(", ")
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Loaded {
    pub run_id: String,
    /// `committed`, `already_committed` or `superseded`.
    pub outcome: String,
    /// The newer run whose data is in the tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    pub tables: BTreeMap<String, Counts>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The reason for accepting them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl Loaded {
    /// Returns the findings, then the reason for accepting them, each with a name.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let name = |is_refused| if is_refused { "Accepted" } else { "Warning" };
        let line = |one: &Finding| (name(one.refused), one.problem.clone());
        self.findings.iter().map(line).chain(self.accepted.iter().map(|reason| ("Reason", reason.clone()))).collect()
    }
}

/// Formats the summary, with an example query.
pub fn text(done: &LocalReport, dir: Option<&Path>) -> String {
    let Loaded { run_id, outcome, superseded_by, tables, .. } = &done.loaded;
    let mut text = String::new();
    if outcome == "superseded" {
        let by = superseded_by.as_deref().unwrap_or("a newer run");
        text += &format!("\nRun {run_id} is superseded: {by} has newer data. Nothing changed.\n");
    } else {
        text += &format!("\n{}", counts(tables));
        if outcome == "already_committed" {
            text += &format!("Run {run_id} was already loaded.\n");
        }
    }
    text += &format!("\nRun        {run_id}\n");
    text.extend(done.loaded.lines().iter().map(|(name, line)| format!("{name:<10} {line}\n")));
    if let Some(dbt) = &done.dbt {
        text += &format!("Marts      {}\n", dbt.line());
        for warning in &dbt.warnings {
            text += &format!("           {}: {}\n", warning.test.as_deref().unwrap_or(&warning.of), warning.message);
        }
    }
    text += &format!("Took       {}\nLake       {}\nReport     {}\n", done.took(), done.lake, done.report);
    text += &format!("Warehouse  {}\n", done.warehouse);
    let option = dir.map_or(String::new(), |dir| format!(" --dir {}", dir.display()));
    text += &format!("           (it keeps running; stop it with `cargo xtask local stop{option}`)\n");
    let query = match tables.first_key_value() {
        Some(_) if done.source == "spacex" && tables.contains_key("launches") => {
            "SELECT name, date_utc, success FROM spacex.launches LIMIT 5".to_owned()
        }
        Some((table, _)) => format!("SELECT * FROM {}.{table} LIMIT 5", done.source),
        None => "SELECT run_id, loaded_at FROM etl.runs ORDER BY seq DESC LIMIT 5".to_owned(),
    };
    text += &format!("\nTry        cargo xtask local query{option} \\\n             \"{query}\"\n");
    text
}

pub fn counts(tables: &BTreeMap<String, Counts>) -> String {
    let (head, rows) = count_rows(tables, |value| if value == 0 { "-".to_owned() } else { value.to_string() });
    let names: Vec<String> = head.into_iter().map(str::to_lowercase).collect();
    let align = |index| if index == 0 { Align::Left } else { Align::Right };
    let head: Vec<_> = names.iter().enumerate().map(|(index, name)| (name.as_str(), align(index))).collect();
    ui::columns(&head, rows)
}

#[cfg(test)]
#[path = "../tests/unit/report.rs"]
mod tests;
