//! PostgreSQL errors in Redshift's form: its messages, where they are known, and the id of the rule that was violated.

use crate::catalog::SUPERUSER_VIEWS;
use crate::rules::service::VARCHAR_BYTES;

/// An error as Redshift reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// With the rule's id in brackets, if a rule was violated.
    pub message: String,
    /// Its SQLSTATE.
    pub sqlstate: String,
    /// The id of the rule, if it is one of the emulator's.
    pub rule: Option<String>,
}

/// Translates an error of PostgreSQL: its message, its SQLSTATE, and the constraint that it names. A conflict of transactions
/// is translated by the engine.
pub fn in_redshift(message: &str, sqlstate: &str, constraint: Option<&str>) -> Reported {
    let reported = |message: String, rule: Option<&str>| Reported {
        message,
        sqlstate: sqlstate.to_owned(),
        rule: rule.map(str::to_owned),
    };
    if let Some(rule) = message.strip_suffix(']').and_then(|text| text.rsplit_once("[rule ")) {
        return reported(message.to_owned(), Some(rule.1));
    }
    // "permission denied for table x", "… for view x", "… for materialized view x"
    if sqlstate == "42501"
        && let Some(rest) = message.strip_prefix("permission denied for ")
        && let Some(name) = ["table ", "view ", "materialized view "].iter().find_map(|kind| rest.strip_prefix(kind))
    {
        let message = format!("permission denied for relation {name}");
        let system = ["svv_", "sys_", "stl_", "stv_", "svl_", "svcs_", "pg_"];
        if system.iter().any(|prefix| name.starts_with(prefix)) {
            return reported(format!("{message} [rule {SUPERUSER_VIEWS}]"), Some(SUPERUSER_VIEWS));
        }
        return reported(message, None);
    }
    if let Some(bytes) = constraint.and_then(|name| name.strip_prefix("varchar_bytes_")?.split_once('_')) {
        let rule = VARCHAR_BYTES.id;
        return Reported {
            message: format!("value too long for type character varying({}) [rule {rule}]", bytes.1),
            sqlstate: "22001".to_owned(),
            rule: Some(rule.to_owned()),
        };
    }
    reported(message.to_owned(), None)
}
