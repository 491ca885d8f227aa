//! The ID of a run: the same in the lake, in the warehouse and in Airflow.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// 1 to 64 characters of `[A-Za-z0-9_-]`: needs no quoting in an object key, an SQL literal or an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RunId(String);

/// A text that is not a run ID.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a run ID: write 1 to {max} characters of A-Z a-z 0-9 _ -", max = RunId::MAX)]
pub struct RunIdError(String);

impl RunId {
    /// The maximum length, in characters.
    pub const MAX: usize = 64;

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunId {
    type Error = RunIdError;

    fn try_from(text: String) -> Result<Self, RunIdError> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(legal) {
            return Err(RunIdError(text));
        }
        Ok(Self(text))
    }
}

impl std::str::FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[path = "../tests/unit/run_id.rs"]
mod tests;
