//! The report of a transformation: each collection's status and its tables' counts.

use std::collections::BTreeMap;

use contract::RunId;
use serde::Serialize;

use crate::lineage::Written;
use crate::receipt::TableReceipt;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub run_id: RunId,
    pub collections: BTreeMap<String, Collected>,
}

impl Report {
    /// Returns the rows, bytes and files that the run wrote for each table; none after a 304.
    pub fn written(&self) -> BTreeMap<String, Written> {
        let nothing = Written { rows: 0, bytes: Some(0), files: Some(0) };
        let tables = self.collections.values().flat_map(|collected| {
            let wrote = collected.status != Status::NotModified;
            collected.tables.iter().map(move |table| (table, wrote))
        });
        tables.map(|(table, wrote)| (table.table.clone(), if wrote { table.into() } else { nothing })).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collected {
    pub status: Status,
    pub tables: Vec<TableReceipt>,
}

/// How a collection was transformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// From a new response.
    Fetched,
    /// Not at all: the source returned 304, so the manifest lists the objects of an earlier run.
    NotModified,
    /// Not again: this run already has a manifest.
    Reused,
    /// From the stored response of another run.
    Replayed,
    /// Verified: the stored response produces exactly the files in the manifest.
    Identical,
    /// Verified, although the contract has changed.
    IdenticalUnderAnotherContract,
}

pub(super) fn summary(collected: &Collected) -> String {
    let [own, ..] = collected.tables.as_slice() else { return String::new() };
    let quarantined = if own.quarantined > 0 { format!(", {} quarantined", own.quarantined) } else { String::new() };
    let how = match collected.status {
        Status::Fetched => "",
        Status::NotModified => " (not modified)",
        Status::Reused => " (from an earlier attempt)",
        Status::Replayed => " (replayed)",
        Status::Identical => " (identical)",
        Status::IdenticalUnderAnotherContract => " (identical, with a different contract)",
    };
    format!("{} rows{quarantined}{how}", own.rows)
}
