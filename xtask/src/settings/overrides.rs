//! The few keys that `.env` and the environment may set: what differs from one person to the next, and nothing that a
//! reviewer should see in a file.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Every variable that sets a key, and the key. An empty variable sets nothing. SETTINGS_MODULE chooses the file.
pub const OVERRIDES: [(&str, &str); 7] = [
    ("AWS_DEFAULT_REGION", "region"),
    ("AWS_ACCOUNT_ID", "account"),
    ("BUCKET_SUFFIX", "bucket_suffix"),
    ("ALARM_EMAIL", "monitoring.email"),
    ("IMAGE_BASE", "images.dbt.base"),
    ("IMAGE_PACKAGE_INDEX", "images.package_index"),
    ("IMAGE_CA_BUNDLE", "images.ca_bundle"),
];

/// Where a value comes from that is not the file's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The process's environment.
    Environment,
    /// `.env`, or the file that stands in for it.
    DotEnv {
        /// The file as messages call it.
        file: String,
        /// The line.
        line: usize,
    },
}

/// A variable and where it is from.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value; it may be a secret.
    pub value: String,
    /// Where it is from.
    pub origin: Origin,
}

/// The environment over `.env`.
pub type Variables = BTreeMap<String, Variable>;

/// A variable's value, if it is there and not empty.
pub fn given<'v>(variables: &'v Variables, name: &str) -> Option<&'v str> {
    variables.get(name).map(|variable| variable.value.trim()).filter(|value| !value.is_empty())
}

impl fmt::Debug for Variable {
    /// Without the value, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment"),
            Self::DotEnv { file, line } => write!(f, "{file}:{line}"),
        }
    }
}
