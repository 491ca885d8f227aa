//! The ledger's rows, which determine whether a run may be loaded.

use std::collections::BTreeMap;

use contract::RunId;
use serde::{Deserialize, Serialize};

use super::sql::Dialect;
use crate::receipt::Receipt;

/// The number of runs that are read, so that reading a long ledger takes no longer than reading a short one. Any
/// earlier run is older than the head, and that is all a load needs to know.
const RECENT: usize = 400;

/// The number of runs that a load reads, with the row counts that it compares.
const NEWEST: usize = 10;

/// The last committed runs of one source, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger(pub Vec<Committed>);

#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The position in commit order, starting from 1, without gaps.
    pub seq: i64,
    pub run_id: RunId,
    /// When the run's oldest response was requested: RFC 3339 in UTC with microseconds.
    pub fetched_at: String,
    /// The collections that the run loaded.
    pub collections: BTreeMap<String, Loaded>,
    /// The rows of each table that it loaded; empty if they were not requested.
    pub rows: BTreeMap<String, u64>,
}

/// What the tables of a collection contain after a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Loaded {
    /// All records of one response, under the contract with this fingerprint.
    Records(String),
    /// A snapshot and the changes since then.
    Changes {
        /// The contract's fingerprint.
        fingerprint: String,
        /// The cursor up to which all changes were loaded since the snapshot; none without a snapshot under this contract.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<i64>,
        /// The number of parts since the snapshot.
        parts: u64,
    },
}

impl Loaded {
    fn fingerprint(&self) -> &str {
        match self {
            Self::Records(fingerprint) | Self::Changes { fingerprint, .. } => fingerprint,
        }
    }
}

/// Whether a run may be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The run may be loaded on top of the head with this `seq` (0 if there is no head yet).
    Load { head: i64 },
    /// The run is the head; loading it again would change nothing.
    AlreadyCommitted,
    /// The head is a run with newer responses, and loading this run would overwrite them.
    Superseded { by: RunId, fetched_at: String },
}

impl Ledger {
    /// Returns the query for the last runs, without row counts; or with `run` for what its load needs: the newest runs
    /// with their row counts, those with cursors, and the run itself if loaded.
    pub fn query(dialect: Dialect, source: &str, run: Option<&RunId>) -> String {
        let collections = dialect.json_text("collections");
        let after =
            |many| format!("seq > (SELECT coalesce(max(seq), 0) FROM etl.runs WHERE source = '{source}') - {many}");
        let (tables, rows) = match run {
            None => ("'{}'".to_owned(), format!(" ORDER BY seq DESC LIMIT {RECENT}")),
            Some(run) => (
                format!("CASE WHEN {} THEN {} ELSE '{{}}' END", after(NEWEST), dialect.json_text("tables")),
                format!(
                    " AND (run_id = '{run}' OR {} OR {} AND {collections} LIKE '%\"parts\":%')\nORDER BY seq DESC",
                    after(NEWEST),
                    after(RECENT)
                ),
            ),
        };
        format!(
            "SELECT seq, run_id, to_char(fetched_at, 'YYYY-MM-DD HH24:MI:SS.US') AS fetched_at, \
             {collections} AS collections, {tables} AS tables\nFROM etl.runs WHERE source = '{source}'{rows}"
        )
    }

    /// Reads the rows of the query: `seq`, `run_id`, `fetched_at`, and `collections` and `tables` as text.
    pub fn read(rows: impl IntoIterator<Item = (i64, String, String, String, String)>) -> Result<Self, String> {
        let committed = rows.into_iter().map(|(seq, run, fetched_at, collections, tables)| {
            let wrong = |problem: String| format!("ledger row {seq}: {problem}");
            // Runs are ordered by this text, so it must have exactly this format.
            let fetched_at = match fetched_at.split_once(' ') {
                Some((day, time)) if (day.len(), time.len()) == (10, 15) => format!("{day}T{time}Z"),
                _ => return Err(wrong(format!("`{fetched_at}` is not a timestamp with microseconds"))),
            };
            let tables: BTreeMap<String, BTreeMap<String, u64>> =
                serde_json::from_str(&tables).map_err(|error| wrong(error.to_string()))?;
            let rows = tables.into_iter().filter_map(|(table, counts)| Some((table, *counts.get("rows")?)));
            Ok(Committed {
                seq,
                run_id: run.parse().map_err(wrong)?,
                fetched_at,
                collections: serde_json::from_str(&collections).map_err(|error| wrong(error.to_string()))?,
                rows: rows.collect(),
            })
        });
        committed.collect::<Result<_, String>>().map(Self)
    }

    /// Returns whether a run whose oldest response was requested at `fetched_at` may be loaded.
    pub fn standing(&self, run: &RunId, fetched_at: &str) -> Standing {
        let Some(head) = self.0.first() else { return Standing::Load { head: 0 } };
        if head.run_id == *run {
            Standing::AlreadyCommitted
        } else if self.0.iter().any(|committed| committed.run_id == *run) || fetched_at < head.fetched_at.as_str() {
            Standing::Superseded { by: head.run_id.clone(), fetched_at: head.fetched_at.clone() }
        } else {
            Standing::Load { head: head.seq }
        }
    }

    /// Returns the rows of a table after the newest run that loaded it.
    pub fn rows(&self, table: &str) -> Option<u64> {
        self.0.iter().find_map(|committed| committed.rows.get(table).copied())
    }

    /// Returns the run that a collection's tables currently contain, if it was loaded with this fingerprint.
    pub fn current(&self, collection: &str, fingerprint: &str) -> Option<&RunId> {
        let (run, loaded) = self.newest(collection)?;
        (loaded.fingerprint() == fingerprint).then_some(run)
    }

    fn newest(&self, collection: &str) -> Option<(&RunId, &Loaded)> {
        self.0.iter().find_map(|committed| Some((&committed.run_id, committed.collections.get(collection)?)))
    }

    /// Returns the cursor up to which all changes of a collection were loaded with this fingerprint, and the number of parts
    /// since its last snapshot.
    pub fn cursor(&self, collection: &str, fingerprint: &str) -> Option<(i64, u64)> {
        match self.newest(collection)?.1 {
            Loaded::Changes { fingerprint: found, cursor, parts } if found == fingerprint => Some(((*cursor)?, *parts)),
            _ => None,
        }
    }

    /// Returns what a collection's tables contain after this run. Only a snapshot starts a cursor, and no part moves it back.
    pub(super) fn after(&self, receipt: &Receipt, is_incremental: bool) -> Loaded {
        let fingerprint = receipt.fingerprint.clone();
        if !is_incremental {
            return Loaded::Records(fingerprint);
        }
        let (cursor, parts) = match self.cursor(&receipt.collection, &fingerprint) {
            _ if !receipt.part => (receipt.cursor, 0),
            Some((before, parts)) => (receipt.cursor.max(Some(before)), parts + 1),
            None => (None, 0),
        };
        Loaded::Changes { fingerprint, cursor, parts }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/load/ledger.rs"]
mod tests;
