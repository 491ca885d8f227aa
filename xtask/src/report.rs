//! The result of a local run, as JSON and as a text summary.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::path::Path;

use contract::Counts;
use serde::{Deserialize, Serialize, Serializer};

use crate::dbt::Results;
use crate::ui::{self, Align};

#[derive(Debug, Serialize)]
pub struct LocalReport {
    #[serde(flatten)]
    pub loaded: Loaded,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt: Option<Results>,
    pub report: String,
    pub lake: String,
    /// The warehouse, without a password.
    pub warehouse: String,
    /// Each step with its duration in seconds, with millisecond precision.
    #[serde(serialize_with = "as_object")]
    pub seconds: Vec<(&'static str, f64)>,
}

impl LocalReport {
    pub fn took(&self) -> String {
        self.seconds.iter().map(|(step, seconds)| format!("{step} {seconds:.1} s")).collect::<Vec<_>>().join(", ")
    }
}

fn as_object<S: Serializer>(steps: &[(&'static str, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(steps.iter().copied())
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
}

/// Formats the summary, with an example query.
pub fn text(done: &LocalReport, dir: Option<&Path>) -> String {
    let Loaded { run_id, outcome, superseded_by, tables } = &done.loaded;
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
    if let Some(dbt) = &done.dbt {
        text += &format!("Marts      {}\n", dbt.line());
        for warning in &dbt.warnings {
            text += &format!("           {}: {}\n", warning.test.as_deref().unwrap_or(&warning.of), warning.message);
        }
    }
    text += &format!("Took       {}\nLake       {}\nReport     {}\n", done.took(), done.lake, done.report);
    text += &format!("Warehouse  {}\n", done.warehouse);
    text += "           (it keeps running; stop it with `cargo xtask local stop`)\n";
    let option = dir.map_or(String::new(), |dir| format!(" --dir {}", dir.display()));
    let source = if tables.contains_key("launches") {
        "SELECT name, date_utc, success FROM spacex.launches LIMIT 5"
    } else {
        "SELECT run_id, loaded_at FROM etl.runs ORDER BY seq DESC LIMIT 5"
    };
    text += &format!("\nTry        cargo xtask local query{option} \\\n             \"{source}\"\n");
    text
}

type CountColumn = (&'static str, fn(&Counts) -> u64);

/// Returns the columns to show: `Rows` always, the others unless all their values are zero.
pub fn count_columns(tables: &BTreeMap<String, Counts>) -> Vec<CountColumn> {
    let all: [CountColumn; 7] = [
        ("Rows", |counts| counts.rows),
        ("Inserted", |counts| counts.inserted),
        ("Updated", |counts| counts.updated),
        ("Deleted", |counts| counts.deleted),
        ("Unchanged", |counts| counts.unchanged),
        ("Quarantined", |counts| counts.quarantined),
        ("Dropped", |counts| counts.dropped),
    ];
    let is_shown = |(name, of): &CountColumn| *name == "Rows" || tables.values().any(|counts| of(counts) > 0);
    all.into_iter().filter(is_shown).collect()
}

pub fn counts(tables: &BTreeMap<String, Counts>) -> String {
    let shown = count_columns(tables);
    let names: Vec<String> = shown.iter().map(|(name, _)| name.to_lowercase()).collect();
    let cell = |value: u64| if value == 0 { "-".to_owned() } else { value.to_string() };
    let mut head = vec![("table", Align::Left)];
    head.extend(names.iter().map(|name| (name.as_str(), Align::Right)));
    let row = |(table, counts): (&String, &Counts)| {
        let cells = shown.iter().map(|(_, of)| cell(of(counts)));
        std::iter::once(table.clone()).chain(cells).collect()
    };
    ui::columns(&head, tables.iter().map(row).collect())
}

#[cfg(test)]
#[path = "../tests/unit/report.rs"]
mod tests;
