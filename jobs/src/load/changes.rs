//! The changes that a load makes to each table, and the limit on rows that one load may mark as deleted.

use std::collections::BTreeMap;

use crate::receipt::TableReceipt;

pub type Changes = BTreeMap<String, BTreeMap<Change, u64>>;

/// A load may always delete this many rows: in a table of one or two rows, any loss is a large share.
const ALWAYS: u64 = 2;

/// The change that a delta row makes to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Inserted,
    /// An existing key with a different row hash.
    Updated,
    /// A key that was marked as deleted and has returned.
    Revived,
    /// A key that is no longer in the run.
    Deleted,
}

impl Change {
    /// The values of a delta's `_change` column.
    pub const ALL: [(&'static str, Self); 4] = [
        ("inserted", Self::Inserted),
        ("updated", Self::Updated),
        ("revived", Self::Revived),
        ("deleted", Self::Deleted),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, change)| (known == name).then_some(change))
    }

    pub fn count(self, changes: &Changes, table: &str) -> u64 {
        changes.get(table).and_then(|counts| counts.get(&self)).copied().unwrap_or(0)
    }
}

/// Returns the problem if a table would lose more than `limit`, a share of its current rows.
pub fn loss(table: &TableReceipt, changes: &Changes, limit: f64) -> Option<String> {
    let count = |change: Change| change.count(changes, &table.table);
    let deleted = count(Change::Deleted);
    // Every other row of the run was in the table before.
    let live = table.rows.saturating_sub(count(Change::Inserted) + count(Change::Revived)) + deleted;
    let share = deleted as f64 / live.max(1) as f64;
    let (name, percent, most) = (&table.table, share * 100.0, limit * 100.0);
    (deleted > ALWAYS && share > limit).then(|| {
        format!("table `{name}` would lose {deleted} of its {live} rows ({percent:.1} %; the limit is {most:.1} %)")
    })
}

#[cfg(test)]
#[path = "../../tests/unit/load/changes.rs"]
mod tests;
