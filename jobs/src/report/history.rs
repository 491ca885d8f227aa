//! The runs before a run. Those that were loaded are in the ledger; the others only in their own reports.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Counts, RunId};
use serde::{Deserialize, Serialize};

use super::{Outcome, TIME, rfc3339};
use crate::load::Dialect;

/// The number of runs that a report shows.
pub const SHOWN: usize = 30;

/// An earlier run, or the run itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pub run_id: String,
    /// When it was committed, or else when its report was written: RFC 3339 in UTC, without fractions of seconds.
    pub at: String,
    /// Its number in the ledger.
    #[serde(skip)]
    pub seq: Option<i32>,
    pub outcome: Outcome,
    /// The counts of the tables that it loaded.
    #[serde(skip)]
    pub tables: BTreeMap<String, Counts>,
}

impl Past {
    /// Returns the sum of a count over all tables.
    pub fn sum(&self, of: fn(&Counts) -> u64) -> u64 {
        self.tables.values().map(of).sum()
    }

    /// Returns the query for this run and the last ones in the ledger.
    pub fn query(dialect: Dialect, source: &str, run: &RunId) -> String {
        format!(
            "SELECT seq, run_id, to_char(committed_at, '{TIME}') AS committed_at, {} AS tables\n\
             FROM etl.runs WHERE source = '{source}'\n\
             ORDER BY CASE WHEN run_id = '{run}' THEN 0 ELSE 1 END, seq DESC LIMIT {SHOWN}",
            dialect.json_text("tables")
        )
    }
}

/// Reads a row of the query.
pub fn committed([seq, run_id, at, tables]: [String; 4]) -> Result<Past, String> {
    let wrong = |problem: String| format!("ledger row {seq}: {problem}");
    let tables = serde_json::from_str(&tables).map_err(|error| wrong(error.to_string()))?;
    let at = rfc3339(&at);
    let number = seq.parse().map_err(|_| wrong("its number is too large".to_owned()))?;
    Ok(Past { run_id, at, seq: Some(number), outcome: Outcome::Loaded, tables })
}

/// Returns the runs of the ledger and those that only have a report, newest first. A run that was loaded, but of which a
/// later step failed, has the counts of the ledger and the outcome of its report.
pub fn newest_first(mut committed: Vec<Past>, reported: Vec<Past>) -> Vec<Past> {
    let mut known = BTreeSet::new();
    for run in &mut committed {
        known.insert(run.run_id.clone());
        if let Some(Outcome::Failed(cause)) =
            reported.iter().find(|one| one.run_id == run.run_id).map(|one| &one.outcome)
        {
            run.outcome = Outcome::Failed(cause.clone());
        }
    }
    committed.extend(reported.into_iter().filter(|run| known.insert(run.run_id.clone())));
    committed.sort_by(|a, b| b.at.cmp(&a.at));
    committed.truncate(SHOWN);
    committed
}
