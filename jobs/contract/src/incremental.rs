//! Which records of a collection are requested, and what a response without some of them means.

use serde::{Deserialize, Serialize};

use crate::model::Collection;

/// How only new and changed records are requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incremental {
    /// The column that grows with every change of a record: a timestamp, date or integer.
    pub cursor: String,
    /// The parameter with the smallest value to return.
    pub start_param: String,
    /// The parameter with the value to stop at, for a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_param: Option<String>,
    /// How the parameters are written; default: RFC 3339 for a timestamp, `YYYY-MM-DD` for a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<CursorFormat>,
    /// How far before the cursor a request starts: seconds, days for a date, or numbers for an integer. It should be as
    /// long as the source may take to show a change.
    #[serde(default)]
    pub lookback: u32,
    /// Every N-th run requests all records, and finds those that were deleted; 0: only the first run.
    #[serde(default)]
    pub snapshot_every: u32,
}

/// How a cursor is written in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorFormat {
    /// `2026-01-31T12:00:00Z`.
    Iso8601,
    /// `2026-01-31`.
    Date,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMilliseconds,
}

/// What a response without some records means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It has all records, or all changes: a changed record is updated.
    #[default]
    Update,
    /// Records are only added: one that was loaded never changes, and none is deleted.
    Append,
}

impl Collection {
    /// Returns how a range of its records is requested, with the parameter of the range's end; otherwise, why it cannot.
    pub fn range(&self) -> Result<(&Incremental, &str), &'static str> {
        let incremental = self.incremental.as_ref().ok_or("the contract has no `incremental` for it")?;
        let end = incremental.end_param.as_deref().ok_or("the contract has no `incremental.end_param` for it")?;
        Ok((incremental, end))
    }
}
