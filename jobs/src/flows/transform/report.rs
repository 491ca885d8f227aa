//! What a transformation reports: how each collection's receipt came about, and its tables' counts.

use std::collections::BTreeMap;

use contract::RunId;
use serde::Serialize;

use crate::lineage::Written;
use crate::receipt::TableReceipt;

/// What became of a run's collections.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The run.
    pub run_id: RunId,
    /// Each collection.
    pub collections: BTreeMap<String, Collected>,
}

impl Report {
    /// What the run wrote of each table; after a 304 it wrote nothing.
    pub fn written(&self) -> BTreeMap<String, Written> {
        let nothing = Written { rows: 0, bytes: Some(0), files: Some(0) };
        let tables = self.collections.values().flat_map(|collected| {
            let wrote = collected.status != Status::NotModified;
            collected.tables.iter().map(move |table| (table, wrote))
        });
        tables.map(|(table, wrote)| (table.table.clone(), if wrote { table.into() } else { nothing })).collect()
    }
}

/// What became of one collection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collected {
    /// How its receipt came about.
    pub status: Status,
    /// Its tables' counts.
    pub tables: Vec<TableReceipt>,
}

/// How a receipt came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The source was asked and its answer transformed.
    Fetched,
    /// The source said that nothing changed since the committed run whose objects the receipt names.
    NotModified,
    /// This run had a receipt already.
    Reused,
    /// The bytes that another run kept were transformed again.
    Replayed,
    /// They were, and gave exactly the files that the run vouches for; nothing was written.
    Identical,
    /// The same, although the contract is another one by now.
    IdenticalUnderAnotherContract,
}

/// The same for a person, in a line.
pub(super) fn said(collected: &Collected) -> String {
    let [own, ..] = collected.tables.as_slice() else { return String::new() };
    let aside = if own.quarantined > 0 { format!(", {} quarantined", own.quarantined) } else { String::new() };
    let how = match collected.status {
        Status::Fetched => "",
        Status::NotModified => " (not modified)",
        Status::Reused => " (this run had them already)",
        Status::Replayed => " (replayed)",
        Status::Identical => " (byte for byte the same)",
        Status::IdenticalUnderAnotherContract => " (byte for byte the same, under another contract)",
    };
    format!("{} rows{aside}{how}", own.rows)
}
