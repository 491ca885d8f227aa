//! The run ID, which is the same in the lake, in the warehouse and in Airflow.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 1 to 64 characters from `[A-Za-z0-9_-]`, which need no quoting in object keys, SQL literals and variables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RunId(String);

impl RunId {
    /// Returns the ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if text.is_empty() || text.len() > 64 || !text.chars().all(legal) {
            return Err(format!("`{text}` is not a run ID: use 1 to 64 characters of A-Z a-z 0-9 _ -"));
        }
        Ok(Self(text))
    }
}

impl std::str::FromStr for RunId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
