//! The ledger's rows, and what they mean for a run.

use std::collections::BTreeMap;

use contract::RunId;
use serde::{Deserialize, Serialize};

use super::sql::Dialect;

/// How many runs are looked at, so that a ledger of years is read as fast as a new one. A run further back is older
/// than the head, which says enough about it.
const RECENT: usize = 400;

/// The last committed runs of one source, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger(pub Vec<Committed>);

/// One committed run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Committed {
    /// Its place in the order of commits, from 1, without gaps.
    pub seq: i64,
    /// The run.
    pub run_id: RunId,
    /// When its oldest answer was asked for: RFC 3339 in UTC with microseconds.
    pub fetched_at: String,
    /// The collections that it loaded, each with the fingerprint of its part of the contract.
    pub collections: BTreeMap<String, String>,
}

/// What the ledger means for a run that wants to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may load, on top of this head (0: none yet).
    Load {
        /// The head's `seq`.
        head: i64,
    },
    /// It is the head already; loading again would change nothing.
    AlreadyCommitted,
    /// A run with newer answers was committed; this one would take the tables back in time.
    Superseded {
        /// The head's run.
        by: RunId,
        /// When that run's oldest answer was asked for.
        fetched_at: String,
    },
}

impl Ledger {
    /// The query whose rows are `seq`, `run_id`, `fetched_at` and `collections` as text.
    pub fn query(dialect: Dialect, source: &str) -> String {
        format!(
            "SELECT seq, run_id, to_char(fetched_at, 'YYYY-MM-DD HH24:MI:SS.US') AS fetched_at, {} AS collections\n\
             FROM etl.runs WHERE source = '{source}' ORDER BY seq DESC LIMIT {RECENT}",
            dialect.json_text("collections")
        )
    }

    /// Reads the rows of [`Ledger::query`].
    ///
    /// # Errors
    /// When a row is not what a load writes.
    pub fn read(rows: impl IntoIterator<Item = (i64, String, String, String)>) -> Result<Self, String> {
        let committed = rows.into_iter().map(|(seq, run, fetched_at, collections)| {
            let wrong = |problem: String| format!("row {seq} of the ledger: {problem}");
            // Runs are put in order by this text, so it must have the one shape.
            let fetched_at = match fetched_at.split_once(' ') {
                Some((day, time)) if (day.len(), time.len()) == (10, 15) => format!("{day}T{time}Z"),
                _ => return Err(wrong(format!("`{fetched_at}` is no instant with microseconds"))),
            };
            Ok(Committed {
                seq,
                run_id: run.parse().map_err(|error| wrong(format!("{error}")))?,
                fetched_at,
                collections: serde_json::from_str(&collections).map_err(|error| wrong(error.to_string()))?,
            })
        });
        committed.collect::<Result<_, String>>().map(Self)
    }

    /// What the ledger means for a run whose oldest answer was asked for at `fetched_at`.
    pub fn standing(&self, run: &RunId, fetched_at: &str) -> Standing {
        let Some(head) = self.0.first() else { return Standing::Load { head: 0 } };
        let superseded = || Standing::Superseded { by: head.run_id.clone(), fetched_at: head.fetched_at.clone() };
        if head.run_id == *run {
            Standing::AlreadyCommitted
        } else if self.0.iter().any(|committed| committed.run_id == *run) || fetched_at < head.fetched_at.as_str() {
            superseded()
        } else {
            Standing::Load { head: head.seq }
        }
    }

    /// The run whose rows a collection's tables hold now, if it was loaded under this fingerprint.
    pub fn current(&self, collection: &str, fingerprint: &str) -> Option<&RunId> {
        let (run, found) =
            self.0.iter().find_map(|committed| Some((&committed.run_id, committed.collections.get(collection)?)))?;
        (found == fingerprint).then_some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(seq: i64, run: &str, fetched_at: &str, collections: &[(&str, &str)]) -> Committed {
        Committed {
            seq,
            run_id: run.parse().expect("run id"),
            fetched_at: fetched_at.to_owned(),
            collections: collections.iter().map(|(name, print)| ((*name).to_owned(), (*print).to_owned())).collect(),
        }
    }

    fn ledger() -> Ledger {
        Ledger(vec![
            committed(2, "tuesday", "2026-01-06T00:00:00.000000Z", &[("a", "p2")]),
            committed(1, "monday", "2026-01-05T00:00:00.000000Z", &[("a", "p1"), ("b", "p1")]),
        ])
    }

    #[test]
    fn a_run_loads_on_the_head_or_is_committed_or_superseded() {
        let id = |text: &str| text.parse::<RunId>().expect("run id");
        let fetched_at = "2026-01-06T00:00:00.000000Z".to_owned();
        let by = Standing::Superseded { by: id("tuesday"), fetched_at };
        for (run, fetched_at, expected) in [
            ("wednesday", "2026-01-07T00:00:00.000000Z", Standing::Load { head: 2 }),
            ("twin", "2026-01-06T00:00:00.000000Z", Standing::Load { head: 2 }),
            ("tuesday", "2026-01-06T00:00:00.000000Z", Standing::AlreadyCommitted),
            ("monday", "2026-01-05T00:00:00.000000Z", by.clone()),
            ("late", "2026-01-05T23:59:59.999999Z", by),
        ] {
            assert_eq!(ledger().standing(&id(run), fetched_at), expected, "{run}");
        }
        assert_eq!(Ledger::default().standing(&id("first"), ""), Standing::Load { head: 0 });
    }

    #[test]
    fn the_current_run_of_a_collection_is_the_newest_that_loaded_it_and_only_under_the_same_fingerprint() {
        let ledger = ledger();
        let current = |name, print| ledger.current(name, print).map(RunId::as_str);
        assert_eq!(current("a", "p2"), Some("tuesday"));
        assert_eq!(current("a", "p1"), None, "an older run's rows are gone from the table");
        assert_eq!(current("b", "p1"), Some("monday"));
        assert_eq!(current("c", "p1"), None);
    }
}
