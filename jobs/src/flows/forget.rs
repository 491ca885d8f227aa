//! `forget`: removes records from responses, files, manifests and the warehouse, and searches what is left.
//!
//! ```text
//! for each run: copy each listed object without the records → replace the manifest → …
//! warehouse: delete the rows → search every object and table → remove what no manifest lists, and correct texts
//! ```
//!
//! A listed object never changes: the copy has a new key, and the manifest either lists the original or the copy. So if the
//! program is killed, running it again continues. The warehouse is last, because its rows have the texts to search for.

mod objects;
mod responses;
mod search;
mod tables;
mod texts;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use contract::{Collection, Contract, Layout, Personal, Table};
use serde::Serialize;

pub use self::texts::SHORTEST_KEY;
use self::texts::{Texts, key_path};
use crate::clean::Cell;
use crate::edge::lake::Lake;
use crate::edge::warehouse::Warehouse;
use crate::failure::Failure;
use crate::receipt::Receipt;
use crate::table::{HashKey, RecordReader, Redactor, Response};

/// What to forget.
#[derive(Clone, Debug)]
pub struct Job {
    /// The source's contract.
    pub contract: Contract,
    /// The collections to search for the records.
    pub collections: Vec<String>,
    /// The keys of the records.
    pub keys: BTreeSet<String>,
    /// The key of the contract's hashes.
    pub hash_key: Option<HashKey>,
    /// The request, for the manifests.
    pub request: String,
    /// The time of the request: RFC 3339.
    pub at: String,
    /// The name of this attempt.
    pub attempt: String,
    /// Whether to remove the records, or only to count them.
    pub applies: bool,
}

/// What was found, and what was removed.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whether records were removed.
    pub applied: bool,
    /// What was found before.
    pub collections: BTreeMap<String, Found>,
    /// Objects that no manifest lists, which were removed.
    pub removed: Vec<String>,
    /// Objects whose text was corrected: the evidence of responses, and lineage.
    pub corrected: Vec<String>,
    /// What was searched afterwards.
    pub searched: Searched,
    /// Where something is left: objects and tables.
    pub left: BTreeSet<String>,
}

/// What was found of one collection's records.
#[derive(Debug, Default, Serialize)]
pub struct Found {
    /// Manifests that list such objects.
    pub manifests: u64,
    /// Records in responses.
    pub records: u64,
    /// Rows in files, and quarantined records.
    pub rows: u64,
    /// Rows in the warehouse.
    pub loaded: BTreeMap<String, u64>,
}

/// What was searched.
#[derive(Debug, Default, Serialize)]
pub struct Searched {
    /// The distinctive texts of the records.
    pub texts: u64,
    /// The objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The tables.
    pub tables: u64,
}

/// The records to forget in one collection.
struct Subject<'j> {
    name: &'j str,
    collection: &'j Collection,
    tables: Vec<Table<'j>>,
    reader: RecordReader,
    redactor: Option<Redactor>,
    /// The keys in files and in the warehouse.
    written: BTreeSet<String>,
}

struct Work<'j> {
    job: &'j Job,
    lake: &'j Lake,
    subjects: Vec<Subject<'j>>,
    texts: Texts,
    report: Report,
}

/// Finds the records, and removes them if the job applies.
pub async fn forget<W: Warehouse>(job: &Job, lake: &Lake, warehouse: &mut W) -> Result<Report> {
    let subjects = job.collections.iter().map(|name| Subject::new(job, name)).collect::<Result<Vec<_>>>()?;
    let mut work = Work { job, lake, subjects, texts: Texts::new(&job.contract), report: Report::default() };
    work.report.applied = job.applies;
    for at in 0..work.subjects.len() {
        let Subject { name, collection, written, .. } = &work.subjects[at];
        let place = format!("{name}.{}", key_path(collection));
        job.keys.iter().chain(written).for_each(|key| work.texts.add_key(&place, key));
        work.report.collections.insert((*name).to_owned(), Found::default());
        work.manifests(at).await?;
        work.loaded(at, warehouse).await?;
    }
    if job.applies {
        let found = |found: &Found| found.records + found.rows + found.loaded.values().sum::<u64>() > 0;
        let places: Vec<&str> =
            work.report.collections.iter().filter(|(_, of)| found(of)).map(|(name, _)| name.as_str()).collect();
        ensure!(places.len() <= 1, {
            let failure = Failure::refused(format!("there are such records in {}", places.join(" and ")));
            failure.hint("choose one of the collections with --collection")
        });
        for at in 0..work.subjects.len() {
            work.redact(at).await?;
            work.delete(at, warehouse).await?;
        }
        work.search(warehouse).await?;
    }
    Ok(work.report)
}

impl<'j> Subject<'j> {
    fn new(job: &'j Job, name: &'j str) -> Result<Self> {
        let collection = job.contract.collections.get(name).context("a selected collection is not in the contract")?;
        let reader = RecordReader::new(&job.contract, name, collection);
        let is_hashed = collection.columns.get(&collection.key).is_some_and(|key| key.personal == Some(Personal::Hash));
        let redactor = Redactor::new(&job.contract, collection, job.hash_key.as_ref());
        let written = |key: &String| match &redactor {
            Some(redactor) if is_hashed => redactor.instead(Personal::Hash, key),
            _ => key.clone(),
        };
        let (tables, written) = (job.contract.tables_of(name, collection), job.keys.iter().map(written).collect());
        Ok(Self { name, collection, tables, reader, redactor, written })
    }

    /// Returns whether a record of a response is to be forgotten.
    fn has(&self, json: &str) -> bool {
        let json = self.redactor.as_ref().map_or(Cow::Borrowed(json), |redactor| redactor.redact(json).into());
        self.reader.key_of(&self.reader.read(&json)).is_some_and(|key| self.written.contains(key.as_ref()))
    }

    fn response(&self, contract: &Contract) -> Response {
        Response::new(self.collection.answer, &contract.request_of(self.collection))
    }

    /// Returns whether this is the key of such a record in a file.
    fn is_written(&self, cell: &Cell<'_>) -> bool {
        match cell {
            Cell::Text(text) => self.written.contains(text.as_ref()),
            Cell::Integer(value) => self.written.contains(&value.to_string()),
            _ => false,
        }
    }

    /// Returns the table of a Parquet file, or `None` for its quarantined records; the outer option is empty for others.
    fn table_at(&self, source: &str, key: &str) -> Option<Option<&Table<'_>>> {
        let layout = Layout { source };
        if key.starts_with(&format!("quarantine/{source}/{}/", self.name)) {
            return Some(None);
        }
        let own = |table: &&Table<'_>| key.starts_with(&format!("{}/", layout.processed_folder(table.name)));
        self.tables.iter().find(own).map(Some)
    }
}

impl Work<'_> {
    /// Returns the keys of a collection's manifests, and the manifests.
    async fn receipts(&self, collection: &str) -> Result<Vec<(String, Receipt)>> {
        let (source, mut receipts) = (&self.job.contract.source, Vec::new());
        let end = format!("/receipts/{collection}.json");
        for (key, _) in
            self.lake.list(&format!("stage/{source}")).await?.into_iter().filter(|(key, _)| key.ends_with(&end))
        {
            let Some(bytes) = self.lake.get(&key).await? else { continue };
            let receipt: Receipt = serde_json::from_slice(&bytes).map_err(|error| {
                Failure::refused(format!("`{}` is not a valid manifest", self.lake.location(&key))).because(error)
            })?;
            if (Layout { source }).receipt(collection, &receipt.run_id) == key {
                receipts.push((key, receipt));
            }
        }
        Ok(receipts)
    }
}
