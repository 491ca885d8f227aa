//! Why the warehouse rejected a statement, decided from its message: the Data API has no error codes.

use std::error::Error;
use std::fmt;

use crate::failure::{Failure, chain};

/// The message of a statement that was stopped or did not start.
pub(super) const ABORTED: &str = "aborted";

/// A statement that the warehouse rejected; its transaction was rolled back.
#[derive(Debug)]
pub struct Problem {
    /// The index of the statement in its batch.
    pub statement: usize,
    /// The warehouse's message.
    pub message: String,
    /// The warehouse's query ID, or 0 if there is none.
    pub query: i64,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.trim())
    }
}

impl Error for Problem {}

impl Problem {
    pub(super) fn of(failure: &Failure) -> Self {
        Self { statement: 0, message: chain(failure), query: 0 }
    }

    /// Returns whether the statement divided by zero, as the load's assertions do.
    pub fn asserted(&self) -> bool {
        let message = self.message.to_lowercase();
        message.contains("divide by zero") || message.contains("division by zero")
    }

    /// Returns whether the statement conflicted with another transaction, so that the load may be retried. The errors
    /// are 1023 (serializable isolation violation) and 1018 (a table that a snapshot does not see); the Amazon Redshift
    /// Database Developer Guide writes both with and without a space. Users also report them without a number: `could
    /// not complete because of conflict with concurrent transaction`, `table 123 dropped by concurrent transaction`,
    /// `could not open relation with OID 123` (dbt-labs/dbt-adapters#1873 and #617),
    /// `Relation with OID 123 does not exist` (lumoslabs/aleph#64).
    pub fn conflict(&self) -> bool {
        let message = self.message.to_lowercase().replace("error: ", "error:");
        [
            "error:1023",
            "error:1018",
            "serializable isolation",
            "could not serialize",
            "deadlock detected",
            "concurrent transaction",
            "relation with oid",
        ]
        .iter()
        .any(|text| message.contains(text))
    }

    /// Returns whether the statement may succeed later: after a conflict, or if S3 throttled COPY or was not available.
    /// COPY reports an error of S3 as `S3ServiceException:<message>,Status <code>,Error <code>`
    /// (databricks/spark-redshift#136). It reads Parquet with Spectrum, whose errors are `S3Query Exception Connection
    /// failed, retries exceeded` and `… Resource temporarily unavailable` (harrystech/arthur-redshift-etl#134).
    pub fn temporary(&self) -> bool {
        const OF_S3: [&str; 4] = ["s3serviceexception", "s3query", "s3 query", "spectrum"];
        const PASSING: [&str; 6] = [
            "status 500",
            "status 503",
            "slowdown",
            "reduce your request rate",
            "retries exceeded",
            "resource temporarily unavailable",
        ];
        let message = self.message.to_lowercase();
        let has = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
        // While a cluster is resized, it executes no query.
        self.conflict() || has(&["in resize mode"]) || has(&OF_S3) && has(&PASSING)
    }

    /// Returns whether the statement was stopped or did not start.
    pub fn aborted(&self) -> bool {
        self.message == ABORTED
    }

    /// Returns whether another load has already created the column or table.
    pub fn already_exists(&self) -> bool {
        self.message.contains("already exists")
    }
}

#[cfg(test)]
#[path = "../../tests/unit/data_api/problem.rs"]
mod tests;
