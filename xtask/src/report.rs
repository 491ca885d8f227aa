//! What a local run tells at its end: one JSON object for programs, a short table for people.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::path::Path;

use contract::Counts;
use serde::{Deserialize, Serialize};

use crate::dbt::Results;
use crate::ui::{self, Align};

/// A finished run.
#[derive(Debug, Serialize)]
pub struct Done {
    /// What `copy` reported.
    #[serde(flatten)]
    pub loaded: Loaded,
    /// What dbt made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt: Option<Results>,
    /// The page for a browser.
    pub report: String,
    /// The lake's folder.
    pub lake: String,
    /// The warehouse, without a password.
    pub warehouse: String,
    /// How long each step took.
    pub seconds: Seconds,
}

/// How long each step took, in seconds to the millisecond.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seconds {
    /// Compiling the jobs.
    pub build: f64,
    /// Starting the database, and preparing it once.
    pub warehouse: f64,
    /// `transformation`.
    pub transformation: f64,
    /// `copy`.
    pub copy: f64,
    /// dbt.
    pub dbt: f64,
}

/// What `copy` prints on standard output.
#[derive(Debug, Serialize, Deserialize)]
pub struct Loaded {
    /// The run.
    pub run_id: String,
    /// `committed`, `already_committed` or `superseded`.
    pub outcome: String,
    /// The run that stands in the tables instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// Each table's counts.
    pub tables: BTreeMap<String, Counts>,
}

/// The table and the next command to try.
pub fn text(done: &Done, dir: Option<&Path>) -> String {
    let Loaded { run_id, outcome, superseded_by, tables } = &done.loaded;
    let mut text = String::new();
    if outcome == "superseded" {
        let by = superseded_by.as_deref().unwrap_or("a newer run");
        text += &format!("\nRun {run_id} is superseded: {by} holds newer answers. Nothing was changed.\n");
    } else {
        text += &format!("\n{}", counts(tables));
        if outcome == "already_committed" {
            text += &format!("Run {run_id} was loaded before; nothing was left to do.\n");
        }
    }
    let Seconds { build, warehouse, transformation, copy, dbt } = done.seconds;
    text += &format!("\nRun        {run_id}\n");
    if let Some(dbt) = &done.dbt {
        text += &format!("Marts      {}\n", dbt.line());
        for warning in &dbt.warnings {
            text += &format!("           {}: {}\n", warning.test.as_deref().unwrap_or(&warning.of), warning.message);
        }
    }
    text += &format!(
        "Took       build {build:.1} s, warehouse {warehouse:.1} s, transformation {transformation:.1} s, copy {copy:.1} s, dbt {dbt:.1} s\n"
    );
    text += &format!("Lake       {}\n", done.lake);
    text += &format!("Report     {}\n", done.report);
    text += &format!("Warehouse  {}\n           (it stays up; `cargo xtask local stop` ends it)\n", done.warehouse);
    let place = dir.map_or(String::new(), |dir| format!(" --dir {}", dir.display()));
    let first = tables.keys().find(|table| *table == "launches").or(tables.keys().next());
    let source = if first.is_some_and(|table| table == "launches") {
        "SELECT name, date_utc, success FROM spacex.launches LIMIT 5".to_owned()
    } else {
        "SELECT run_id, loaded_at FROM etl.runs ORDER BY seq DESC LIMIT 5".to_owned()
    };
    text += &format!("\nTry        cargo xtask local query{place} \\\n             \"{source}\"\n");
    text
}

type Count = fn(&Counts) -> u64;

/// Only the columns that say something: a column of zeros is left out, `rows` never is.
/// The tables and their counts.
pub fn counts(tables: &BTreeMap<String, Counts>) -> String {
    let columns: [(&str, Count); 7] = [
        ("rows", |counts| counts.rows),
        ("inserted", |counts| counts.inserted),
        ("updated", |counts| counts.updated),
        ("deleted", |counts| counts.deleted),
        ("unchanged", |counts| counts.unchanged),
        ("quarantined", |counts| counts.quarantined),
        ("dropped", |counts| counts.dropped),
    ];
    let shown: Vec<_> = columns
        .into_iter()
        .filter(|(name, of)| *name == "rows" || tables.values().any(|counts| of(counts) > 0))
        .collect();
    let cell = |value: u64| if value == 0 { "-".to_owned() } else { value.to_string() };
    let mut head = vec![("table", Align::Left)];
    head.extend(shown.iter().map(|(name, _)| (*name, Align::Right)));
    let row = |(table, counts): (&String, &Counts)| {
        let cells = shown.iter().map(|(_, of)| cell(of(counts)));
        std::iter::once(table.clone()).chain(cells).collect()
    };
    ui::columns(&head, tables.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_zeros_are_left_out() {
        let tables = BTreeMap::from([
            ("a".to_owned(), Counts { rows: 3, inserted: 3, ..Counts::default() }),
            ("b".to_owned(), Counts { deleted: 1, ..Counts::default() }),
        ]);
        let text = counts(&tables);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["table", "rows", "inserted", "deleted"]);
        assert!(lines.contains(&vec!["a", "3", "3", "-"]) && lines.contains(&vec!["b", "-", "-", "1"]), "{text}");
    }
}
