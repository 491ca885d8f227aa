//! One SQL statement of a load, and the changes that a delta's rows make.

use std::fmt;

use serde::Serialize;

/// One statement and its purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// For errors and logs.
    pub purpose: String,
    /// Whether its failure means that the ledger's head has moved since the deltas were computed.
    pub guards_head: bool,
    /// The text.
    pub sql: String,
}

impl Statement {
    pub(crate) fn new(purpose: impl Into<String>, sql: String) -> Self {
        Self { purpose: purpose.into(), guards_head: false, sql }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-- {}\n{};", self.purpose, self.sql)
    }
}

/// The change that a delta's row makes to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A new key.
    Inserted,
    /// A key with another row hash.
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

    /// The change of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, change)| (known == name).then_some(change))
    }
}
