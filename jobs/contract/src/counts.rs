//! The row counts of one table in a load, as `copy` reports them.

use serde::{Deserialize, Serialize};

/// One table's counts: `read = rows + superseded + quarantined + dropped` and `rows = inserted + updated + unchanged`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "is_zero")]
    pub superseded: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
