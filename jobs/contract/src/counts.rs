//! The row counts of one table in a load, as `copy` reports them, and how counts are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One table's counts: `read = rows + superseded + quarantined + dropped` and `rows = inserted + updated + unchanged`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Records or list elements in the run's response.
    pub read: u64,
    /// Rows that reached the table.
    pub rows: u64,
    /// Rows with a new key.
    pub inserted: u64,
    /// Rows that changed or were restored.
    pub updated: u64,
    /// Of those, the rows that had been marked as deleted.
    pub revived: u64,
    /// Rows that the source no longer has, marked as deleted.
    pub deleted: u64,
    /// Unchanged rows.
    pub unchanged: u64,
    /// Quarantined records or list elements.
    pub quarantined: u64,
    /// List elements dropped by a rule in the contract.
    pub dropped: u64,
    /// Rows that were not loaded, because a newer version of their record is in the run or already in the table.
    #[serde(skip_serializing_if = "is_zero")]
    pub superseded: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Formats a number as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Formats a number with its noun: `1 row`, `2 rows`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Returns the head and the rows of a table of counts: `Rows` always, the other columns unless all their values are zero.
/// `cell` formats a count.
pub fn count_rows(
    tables: &BTreeMap<String, Counts>,
    cell: impl Fn(u64) -> String,
) -> (Vec<&'static str>, Vec<Vec<String>>) {
    type Column = (&'static str, fn(&Counts) -> u64);
    let mut columns: Vec<Column> = vec![
        ("Rows", |counts| counts.rows),
        ("Inserted", |counts| counts.inserted),
        ("Updated", |counts| counts.updated),
        ("Deleted", |counts| counts.deleted),
        ("Unchanged", |counts| counts.unchanged),
        ("Quarantined", |counts| counts.quarantined),
        ("Dropped", |counts| counts.dropped),
        ("Superseded", |counts| counts.superseded),
    ];
    columns.retain(|(name, of)| *name == "Rows" || tables.values().any(|counts| of(counts) > 0));
    let row = |(table, counts): (&String, &Counts)| {
        std::iter::once(table.clone()).chain(columns.iter().map(|(_, of)| cell(of(counts)))).collect()
    };
    let head = std::iter::once("Table").chain(columns.iter().map(|(name, _)| *name)).collect();
    (head, tables.iter().map(row).collect())
}
