//! The limit on rows that one load may mark as deleted.

use std::collections::BTreeMap;
use std::fmt;

use super::statement::Change;
use crate::receipt::TableReceipt;

/// A load may always delete this many rows: of one row or two, any loss is a large share.
const ALWAYS: u64 = 2;

/// A table that would lose too many of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    table: String,
    deleted: u64,
    live: u64,
    limit: f64,
}

impl Loss {
    /// The loss of a table, if it is more than the share `limit` of its current rows.
    pub fn of(table: &TableReceipt, changes: Option<&BTreeMap<Change, u64>>, limit: f64) -> Option<Self> {
        let count = |change| changes.and_then(|changes| changes.get(&change)).copied().unwrap_or(0);
        let deleted = count(Change::Deleted);
        // Every other row of the run was in the table before.
        let kept = table.rows.saturating_sub(count(Change::Inserted) + count(Change::Revived));
        let live = kept + deleted;
        let loss = Self { table: table.table.clone(), deleted, live, limit };
        (deleted > ALWAYS && loss.share() > limit).then_some(loss)
    }

    fn share(&self) -> f64 {
        self.deleted as f64 / self.live.max(1) as f64
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, deleted, live, limit } = self;
        let (share, limit) = (self.share() * 100.0, limit * 100.0);
        write!(f, "table `{table}` would lose {deleted} of its {live} rows ({share:.1} %; the limit is {limit:.1} %)")
    }
}

#[cfg(test)]
#[path = "../../tests/unit/load/deletions.rs"]
mod tests;
