//! The ID of a run: the same in the lake, in the warehouse and in Airflow.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 1 to 64 characters of `[A-Za-z0-9_-]`: needs no quoting in an object key, an SQL literal or an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// A text that is not a run ID.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RunIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a run ID: write 1 to {} characters of A-Z a-z 0-9 _ -", self.0, RunId::MAX)
    }
}

impl std::error::Error for RunIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_needs_no_quoting() {
        for good in ["a", "2026-11-22T093000Z", "scheduled__2026-11-22", &"x".repeat(64)] {
            assert_eq!(good.parse::<RunId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "a b", "a/b", "a'b", "2026-11-22T09:30:00+00:00", "é", &"x".repeat(65)] {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }
}
