//! `forget`: removes records from responses, files, manifests and the warehouse, and searches what is left.
//!
//! ```text
//! refuse if a load is active
//! for each run: copy each listed object without the records → replace the manifest → …
//! search every object, and correct texts → delete the rows → search every table → remove the originals
//! ```
//!
//! A listed object never changes: the copy has a new key, and the manifest either lists the original or the copy. So if the
//! program is killed, running it again continues. The originals are last, because they have the texts to search for.

mod objects;
mod records;
mod responses;
mod search;
mod tables;
mod texts;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use contract::{Answer, Collection, Contract, Layout, Personal, Table, Type};
use serde::Serialize;

use self::objects::key_column;
pub use self::texts::SHORTEST_KEY;
use self::texts::{Texts, key_path, scalar_at};
use crate::clean::Cell;
use crate::edge::lake::{Lake, Version};
use crate::edge::warehouse::Warehouse;
use crate::failure::Failure;
use crate::receipt::Receipt;
use crate::table::{HashKey, RecordReader, Redactor, Response, Rows};

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
    let found = |found: &Found| found.records + found.rows + found.loaded.values().sum::<u64>() > 0;
    let places: Vec<&str> =
        work.report.collections.iter().filter(|(_, of)| found(of)).map(|(name, _)| name.as_str()).collect();
    if let Some(name) = places.iter().find(|name| job.contract.collections[**name].answer == Answer::Object) {
        return Err(single(name).into());
    }
    if job.applies {
        ensure!(places.len() <= 1, {
            let failure = Failure::refused(format!("there are such records in {}", places.join(" and ")));
            failure.hint("choose one of the collections with --collection")
        });
        work.claim(warehouse).await?;
        for at in 0..work.subjects.len() {
            work.redact(at).await?;
        }
        work.search(warehouse).await?;
    }
    Ok(work.report)
}

/// Returns the error for a collection whose response would not be valid without its record.
pub fn single(collection: &str) -> Failure {
    let failure = Failure::refused(format!("a response of `{collection}` is a single record, which cannot be cut out"));
    failure.hint("delete the objects and rows of this collection, or choose another one with --collection")
}

impl<'j> Subject<'j> {
    fn new(job: &'j Job, name: &'j str) -> Result<Self> {
        let collection = job.contract.collections.get(name).context("a selected collection is not in the contract")?;
        let reader = RecordReader::new(&job.contract, name, collection);
        let key = collection.columns.get(&collection.key);
        // SQL would compare the number, but objects are searched for the text.
        let is_other =
            |key: &String| key.parse::<i64>().map_or(job.collections.len() == 1, |number| number.to_string() != *key);
        ensure!(!key.is_some_and(|key| key.kind == Type::Integer) || !job.keys.iter().any(is_other), {
            let failure =
                Failure::refused(format!("a key is not an integer as `{name}` has it: digits without leading zeros"));
            failure.hint("correct the key, or choose another collection with --collection")
        });
        let is_hashed = key.is_some_and(|key| key.personal == Some(Personal::Hash));
        let redactor = Redactor::new(&job.contract, collection, job.hash_key.as_ref());
        let mut written = job.keys.clone();
        if let Some(redactor) = redactor.as_ref().filter(|_| is_hashed) {
            written.extend(job.keys.iter().map(|key| redactor.instead(Personal::Hash, key)));
        }
        let tables = job.contract.tables_of(name, collection);
        Ok(Self { name, collection, tables, reader, redactor, written })
    }

    /// Returns whether a record of a response is to be forgotten; `None` if it has no valid key and another value there.
    fn has(&self, json: &str) -> Option<bool> {
        let redacted = self.redactor.as_ref().map_or(Cow::Borrowed(json), |redactor| redactor.redact(json).into());
        match self.reader.key_of(&self.reader.read(&redacted)) {
            Some(key) => Some(self.written.contains(key.as_ref())),
            None => self.has_invalid(json),
        }
    }

    /// The same for a row of a file.
    fn has_row(&self, rows: &Rows, table: Option<&Table<'_>>, row: &[Cell<'_>]) -> Option<bool> {
        let cell = |column| rows.position(column).map(|position| &row[position]);
        match (cell(key_column(table)), table.map_or_else(|| cell("record"), |_| None)) {
            (Some(Cell::Text(key)), _) => Some(self.written.contains(key.as_ref())),
            (Some(Cell::Integer(key)), _) => Some(self.written.contains(&key.to_string())),
            (_, Some(Cell::Text(json))) => self.has_invalid(json),
            _ => None,
        }
    }

    /// Compares a value that is not a valid key, such as a text instead of an integer.
    fn has_invalid(&self, json: &str) -> Option<bool> {
        scalar_at(json, key_path(self.collection)).filter(|key| self.written.contains(key)).map(|_| true)
    }

    fn response(&self, contract: &Contract) -> Response {
        Response::new(self.collection.answer, &contract.request_of(self.collection))
    }

    /// Returns the table of a Parquet file, or `None` for its quarantined records; the outer option is empty for others.
    fn table_at(&self, source: &str, key: &str) -> Option<Option<&Table<'j>>> {
        let layout = Layout { source };
        if key.starts_with(&format!("quarantine/{source}/{}/", self.name)) {
            return Some(None);
        }
        let own = |table: &&Table<'_>| key.starts_with(&format!("{}/", layout.processed_folder(table.name)));
        self.tables.iter().find(own).map(Some)
    }
}

impl Work<'_> {
    /// Returns the manifests of a collection, or of the source, with their keys and versions.
    async fn receipts(&self, collection: Option<&str>) -> Result<Vec<(String, Version, Receipt)>> {
        let (source, mut receipts) = (&self.job.contract.source, Vec::new());
        let is_manifest = |key: &str| match collection {
            Some(name) => key.ends_with(&format!("/receipts/{name}.json")),
            None => key.contains("/receipts/") && key.ends_with(".json"),
        };
        for (key, _) in
            self.lake.list(&format!("stage/{source}")).await?.into_iter().filter(|(key, _)| is_manifest(key))
        {
            let Some((bytes, version)) = self.lake.get_version(&key).await? else { continue };
            let receipt: Receipt = serde_json::from_slice(&bytes).map_err(|error| {
                Failure::refused(format!("`{}` is not a valid manifest", self.lake.location(&key))).because(error)
            })?;
            if (Layout { source }).receipt(&receipt.collection, &receipt.run_id) == key {
                receipts.push((key, version, receipt));
            }
        }
        Ok(receipts)
    }
}
