//! The rules of Redshift that PostgreSQL lacks. Each has an id, the page that documents it, and a test that violates it.

use std::collections::BTreeSet;

use thiserror::Error;

pub mod service;
pub mod sql;

/// A behaviour of Redshift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable name, for example `compute-node-function`.
    pub id: &'static str,
    /// The URL of the page or report that documents it.
    pub page: &'static str,
    /// What Redshift refuses, in one sentence.
    pub summary: &'static str,
}

/// The rules of SQL statements.
pub const RULES: &[Rule] = sql::SQL;

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain(service::SERVICE).chain(crate::wire::rules::RULES)
}

/// The rules that are switched off; empty except in tests and when debugging.
#[derive(Clone, Debug, Default)]
pub struct Disabled(pub BTreeSet<String>);

/// A statement that Redshift would refuse.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message} [rule {rule}]")]
pub struct Refusal {
    /// The id of the rule.
    pub rule: &'static str,
    /// Redshift's message where it is known, else what is not allowed.
    pub message: String,
    /// The SQLSTATE of the error, `XX000` where it is unknown.
    pub sqlstate: &'static str,
}
