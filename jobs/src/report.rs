//! What is known about a run after its last step: the value that `page` shows.
//!
//! The ledger determines what was loaded, and dbt's results what was built. The program that starts the steps passes their
//! states, times and causes, which neither of them has. What could not be read is missing, with the reason in `unread`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod gaps;
mod history;
mod steps;

use std::collections::BTreeMap;

use contract::{Counts, Finding, dbt};
use serde::{Deserialize, Serialize};

pub use gaps::{Gap, gaps, query as gap_query};
pub use history::{Past, SHOWN, committed, newest_first};
use steps::DBT;
#[cfg(test)]
pub use steps::Step;
pub use steps::{Prices, Steps, cost};

/// How the queries write a time in UTC: Amazon documents no format with other letters.
const TIME: &str = "YYYY-MM-DD HH24:MI:SS";
/// The collection whose records the charts count.
const CHARTED: &str = "launches";

/// A run after its last step.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub source: String,
    pub run_id: String,
    /// RFC 3339 in UTC, without fractions of seconds.
    pub written_at: String,
    /// The lake's URL, and the warehouse without a password.
    pub places: [String; 2],
    pub steps: Steps,
    pub prices: Option<Prices>,
    /// Whether the ledger was read.
    pub has_ledger: bool,
    /// The run's row in the ledger; `None` if it has none.
    pub loaded: Option<Loaded>,
    /// The results of dbt in this run.
    pub dbt: Option<dbt::Results>,
    /// Until when the data goes.
    pub until: Vec<Until>,
    pub gaps: Vec<Gap>,
    /// The last runs, newest first.
    pub history: Vec<Past>,
    /// What could not be read, with the reason.
    pub unread: Vec<String>,
}

/// What a run loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    pub tables: BTreeMap<String, Counts>,
    pub findings: Vec<Finding>,
    /// The reason for which a person accepted the findings.
    pub accepted: Option<String>,
}

/// Until when the data of a collection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    pub collection: String,
    /// What its newest event is, such as a liftoff; empty if its records have no time.
    pub event: String,
    /// The time of that event; empty if there is none.
    pub newest: String,
    /// When its newest response was requested.
    pub fetched: String,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its data is in the tables, and no step failed.
    Loaded,
    /// A newer run has newer data, so nothing was changed.
    Superseded,
    /// No step failed, but the ledger could not be read.
    Unknown,
    /// A step failed; the text is its name and the cause.
    Failed(String),
}

impl Until {
    /// Returns the query for the columns of the mart in the order of the fields; null is an empty text.
    pub fn query() -> String {
        format!(
            "SELECT collection, coalesce(newest_event, '') AS event,\n       \
             coalesce(to_char(newest_event_at_utc, '{TIME}'), '') AS newest,\n       \
             coalesce(to_char(fetched_at_utc, '{TIME}'), '') AS fetched\nFROM analytics.data_until\nORDER BY collection"
        )
    }

    /// Reads a row of the query.
    pub fn read([collection, event, newest, fetched]: [String; 4]) -> Self {
        Self { collection, event, newest: rfc3339(&newest), fetched: rfc3339(&fetched) }
    }
}

impl Report {
    pub fn outcome(&self) -> Outcome {
        if let Some(step) = self.steps.failed() {
            return Outcome::Failed(format!("{}: {}", step.task, step.cause.as_deref().unwrap_or("cause not known")));
        }
        let failures = self.dbt.as_ref().map(|dbt| dbt.failures.as_slice()).unwrap_or_default();
        if let Some(failure) = failures.first() {
            return Outcome::Failed(format!("dbt: {}", failure.line()));
        }
        match (&self.loaded, self.has_ledger) {
            (Some(_), _) => Outcome::Loaded,
            (None, true) => Outcome::Superseded,
            (None, false) => Outcome::Unknown,
        }
    }

    /// Returns whether dbt has finished in this run, if the steps are known. Before it was repeated and did not, it may have
    /// written results.
    pub fn dbt_has_finished(&self) -> bool {
        let dbt = self.steps.steps.iter().find(|step| step.task == DBT);
        dbt.is_none_or(|step| match &step.cause {
            Some(cause) => cause.starts_with("dbt: "),
            None => step.state == "success",
        })
    }

    /// Returns this run as an entry of later reports.
    pub fn past(&self) -> Past {
        let tables = self.loaded.as_ref().map(|loaded| loaded.tables.clone()).unwrap_or_default();
        Past { run_id: self.run_id.clone(), at: self.written_at.clone(), seq: None, outcome: self.outcome(), tables }
    }

    /// Returns until when the data of the charts goes.
    pub fn data_until(&self) -> Option<&Until> {
        self.until.iter().find(|until| until.collection == CHARTED && !until.newest.is_empty())
    }
}

/// Converts a time that a query has returned; an empty text remains empty.
fn rfc3339(time: &str) -> String {
    time.split_once(' ').map_or_else(String::new, |(day, time)| format!("{day}T{time}Z"))
}

#[cfg(test)]
#[path = "../tests/unit/report.rs"]
mod tests;
