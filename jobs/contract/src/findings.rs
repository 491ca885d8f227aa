//! What makes a load implausible, as `copy` reports it and the ledger keeps it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something implausible in a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The check that found it.
    pub check: Check,
    /// The table.
    pub table: String,
    /// What is implausible, with its numbers.
    pub problem: String,
    /// Whether the load is refused unless a person accepts it; otherwise it is a warning.
    pub refused: bool,
}

/// A check of a load against the tables that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A response without valid records, for a table with rows.
    Empty,
    /// A table that loses many of its rows.
    Deleted,
    /// A column that loses almost all of its values.
    Emptied,
    /// A response that itself reports more records than it has.
    Incomplete,
    /// A response with exactly as many records as a page often has.
    PageSize,
    /// Fields in every record that the contract does not define.
    UnknownFields,
    /// A response that was fetched in the future.
    Clock,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Checks the reason for which a person accepts findings: 1 to 500 bytes without control characters, as the ledger keeps it.
pub fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 500 || text.contains(char::is_control) {
        return Err("write the reason in 1 to 500 bytes, without line breaks or other control characters".to_owned());
    }
    Ok(text.to_owned())
}
