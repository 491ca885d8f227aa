//! What a load did to one table: `copy` reports it, and whoever started the run reads it.

use serde::{Deserialize, Serialize};

/// One table's counts: `read = rows + quarantined + dropped` and `rows = inserted + updated + unchanged`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records or list elements in the run's answer.
    pub read: u64,
    /// Those that reached the table.
    pub rows: u64,
    /// Rows with a new key.
    pub inserted: u64,
    /// Rows whose values changed, or that came back.
    pub updated: u64,
    /// Of those, the rows that had been marked deleted and came back.
    pub revived: u64,
    /// Rows that vanished from the source and were marked deleted.
    pub deleted: u64,
    /// Rows that stayed as they were.
    pub unchanged: u64,
    /// Records or list elements set aside.
    pub quarantined: u64,
    /// List elements dropped by the contract's rule.
    pub dropped: u64,
}
