//! Errors of statements, with Redshift's messages where they are known.

use std::fmt;

use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::errors::{Reported, in_redshift};
use crate::rules::Refusal;
use crate::rules::service::UPDATE_CONFLICT;

/// A statement that failed. It is displayed as the Data API returns it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("ERROR: {message}{}", Suffix(rule.as_deref()))]
pub struct Failed {
    /// The error without `ERROR: `.
    pub message: String,
    /// The SQLSTATE.
    pub sqlstate: String,
    /// The rule that is the reason, if it is a rule of the emulator.
    pub rule: Option<String>,
}

struct Suffix<'a>(Option<&'a str>);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |rule| write!(f, " [rule {rule}]"))
    }
}

/// How a conflict of two transactions is reported. The documentation shows an error number; users of databases with SNAPSHOT
/// isolation report a sentence without a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictMessage {
    /// `1023 DETAIL: Serializable isolation violation on table …`
    Number,
    /// `could not complete because of conflict with concurrent transaction`
    Sentence,
    /// One after the other.
    #[default]
    Alternating,
}

impl ConflictMessage {
    /// The failure of a statement.
    pub(crate) fn failure(self) -> Failed {
        self.failed(0)
    }

    /// The failure for the conflict with this index.
    pub(super) fn failed(self, index: usize) -> Failed {
        let message = match self {
            Self::Sentence => "could not complete because of conflict with concurrent transaction",
            Self::Alternating if index % 2 == 1 => return Self::Sentence.failed(index),
            Self::Number | Self::Alternating => {
                "1023 DETAIL: Serializable isolation violation on table - 100, transactions forming the cycle are: 1, 2 \
                 (pid:3)"
            }
        };
        Failed { message: message.to_owned(), sqlstate: "XX000".to_owned(), rule: Some(UPDATE_CONFLICT.id.to_owned()) }
    }
}

impl Failed {
    /// A failure without a rule.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), sqlstate: "XX000".to_owned(), rule: None }
    }

    /// The error of PostgreSQL.
    pub(super) fn of(error: tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else { return Self::new(format!("Query cancelled: {error}")) };
        let sqlstate = database.code().code();
        let detail = database.detail().map(|detail| format!("\n  Detail: {detail}")).unwrap_or_default();
        if database.code() == &SqlState::T_R_SERIALIZATION_FAILURE {
            return Self { message: database.message().to_owned(), sqlstate: sqlstate.to_owned(), rule: None };
        }
        let Reported { message, sqlstate, rule } = in_redshift(database.message(), sqlstate, database.constraint());
        let suffix = rule.as_ref().map(|rule| format!(" [rule {rule}]")).unwrap_or_default();
        let message = message.strip_suffix(&suffix).unwrap_or(&message);
        Self { message: format!("{message}{detail}"), sqlstate, rule }
    }

    /// Whether PostgreSQL refused a change because of a concurrent transaction.
    pub(super) fn is_conflict(&self) -> bool {
        self.sqlstate == SqlState::T_R_SERIALIZATION_FAILURE.code()
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self { message: refusal.message, sqlstate: refusal.sqlstate.to_owned(), rule: Some(refusal.rule.to_owned()) }
    }
}
