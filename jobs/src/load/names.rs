//! The names of a load's own tables: two loads never share one, and those of a failed load can be found.

use contract::RunId;

/// The names of one attempt's own tables in the staging schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageNames {
    pub schema: String,
    /// Twelve hexadecimal digits from run and attempt.
    pub token: String,
}

impl StageNames {
    pub fn new(source: &str, run: &RunId, attempt: &str) -> Self {
        let token = twox_hash::XxHash3_64::oneshot(format!("{run}/{attempt}").as_bytes());
        Self { schema: format!("staging_{source}"), token: format!("{token:016x}")[..12].to_owned() }
    }

    /// The table that holds the run's rows, without its schema.
    pub fn stage(&self, table: &str) -> String {
        format!("{table}__s_{}", self.token)
    }

    /// The table that holds what the run changes, without its schema.
    pub fn delta(&self, table: &str) -> String {
        format!("{table}__d_{}", self.token)
    }

    /// The token in the name of some attempt's table.
    pub fn token_of(table: &str) -> Option<&str> {
        let (_, end) = table.rsplit_once("__")?;
        let token = end.strip_prefix("s_").or_else(|| end.strip_prefix("d_"))?;
        (token.len() == 12 && token.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(token)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/load/names.rs"]
mod tests;
