//! The keys that `.env` and the environment may set: what differs from person to person.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Every variable that sets a key, and the key. An empty variable is ignored. SETTINGS_MODULE selects the file.
pub const OVERRIDES: [(&str, &str); 7] = [
    ("AWS_DEFAULT_REGION", "region"),
    ("AWS_ACCOUNT_ID", "account"),
    ("BUCKET_SUFFIX", "bucket_suffix"),
    ("ALARM_EMAIL", "monitoring.email"),
    ("IMAGE_BASE", "images.dbt.base"),
    ("IMAGE_PACKAGE_INDEX", "images.package_index"),
    ("IMAGE_CA_BUNDLE", "images.ca_bundle"),
];

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Environment,
    DotEnv { file: String, line: usize },
}

#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value; it may be a secret.
    pub value: String,
    pub origin: Origin,
}

/// The variables of the environment and `.env`; the environment has precedence.
pub type Variables = BTreeMap<String, Variable>;

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
