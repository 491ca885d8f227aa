//! The changes that a load makes to each table.

use std::collections::BTreeMap;

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
        let mut all = Self::ALL.into_iter().chain([("repeated", Self::Repeated)]);
        all.find_map(|(known, change)| (known == name).then_some(change))
    }

    pub fn count(self, changes: &Changes, table: &str) -> u64 {
        changes.get(table).and_then(|counts| counts.get(&self)).copied().unwrap_or(0)
    }
}
