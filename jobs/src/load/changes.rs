//! The changes that a load makes to each table.

use std::collections::BTreeMap;

use crate::receipt::TableReceipt;

pub type Changes = BTreeMap<String, BTreeMap<Change, u64>>;

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
    /// A key with several rows in the delta: not a change, but a reason to refuse the load.
    Repeated,
    /// A row of a reduced staging table: not a change either.
    Staged,
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
        let mut all = Self::ALL.into_iter().chain([("repeated", Self::Repeated), ("staged", Self::Staged)]);
        all.find_map(|(known, change)| (known == name).then_some(change))
    }

    pub fn count(self, changes: &Changes, table: &str) -> u64 {
        changes.get(table).and_then(|counts| counts.get(&self)).copied().unwrap_or(0)
    }
}

/// Returns the rows of the run that a load compares with the table: those of its files, unless they were reduced.
pub fn compared(changes: &Changes, table: &TableReceipt) -> u64 {
    changes.get(&table.table).and_then(|counts| counts.get(&Change::Staged)).copied().unwrap_or(table.rows)
}
