//! Searches every object of the source for the records and their texts.

use std::collections::BTreeSet;

use anyhow::Result;
use contract::{Contract, Layout, Table};
use serde_json::Value;

use super::Work;
use super::objects::evidence_of;
use super::responses::pass;
use super::texts::{Field, walk, walk_column};
use crate::edge::lake::Lake;
use crate::edge::warehouse::Warehouse;
use crate::secrets::Secrets;
use crate::table::{Gunzip, Response, Rows};

/// What an object has.
#[derive(Default)]
struct Hit {
    /// Whether it has a record itself.
    is_record: bool,
    texts: BTreeSet<String>,
    /// What is around the records of a response.
    around: String,
}

impl Work<'_> {
    /// Searches all objects and tables. Removes objects that no manifest lists, and corrects evidence and lineage; reports
    /// where anything else is left.
    pub(super) async fn search<W: Warehouse>(&mut self, warehouse: &mut W) -> Result<()> {
        let (source, mut hits, mut others) = (self.job.contract.source.clone(), Vec::new(), Vec::new());
        let mut searched = BTreeSet::new();
        for folder in Layout::FOLDERS {
            for (key, size) in self.lake.list(&format!("{folder}/{source}")).await? {
                self.report.searched.objects += 1;
                self.report.searched.bytes += size;
                searched.insert(key.clone());
                match self.records_in(&key, size).await? {
                    Some(hit) => hits.push((key, hit)),
                    None => others.push((key, size)),
                }
            }
        }
        let listed = self.listed().await?;
        let hidden = self.texts.hidden();
        self.report.searched.texts = self.texts.distinctive().count() as u64;
        // What is not a record has no fields to compare: only distinctive texts are searched.
        for (key, size) in others {
            let is_text =
                key.ends_with(".http.json") || ["lineage/", "report/"].iter().any(|folder| key.starts_with(folder));
            if is_text && let Some((bytes, version)) = self.lake.get_version(&key).await? {
                let text = String::from_utf8_lossy(&bytes);
                let corrected = hidden.hidden(&text);
                if corrected != text {
                    self.lake.update(&key, corrected.into_bytes(), version).await?;
                    self.report.corrected.push(key);
                }
            } else {
                let is_found = contains(self.lake, &key, size, &hidden).await?;
                self.settle(&key, is_found, &listed).await;
            }
        }
        // If this is interrupted, a repeated run finds the texts again in the objects with the records, so these are the last
        // to be removed, and the rows are deleted only now.
        let (records, others): (Vec<_>, Vec<_>) = hits.into_iter().partition(|(_, hit)| hit.is_record);
        for (key, hit) in others {
            let is_found = hit.texts.iter().any(|text| self.texts.is_distinctive(text))
                || hidden.hidden(&hit.around) != hit.around;
            self.settle(&key, is_found, &listed).await;
        }
        for at in 0..self.subjects.len() {
            self.delete(at, warehouse).await?;
        }
        self.search_tables(warehouse).await?;
        self.search_rows(warehouse).await?;
        for place in &self.report.left {
            tracing::warn!("something is left in {place}");
        }
        for (key, _) in records.into_iter().rev() {
            self.settle(&key, true, &listed).await;
        }
        // A transformation that runs at the same time writes objects that were not searched.
        for folder in Layout::FOLDERS {
            let found = self.lake.list(&format!("{folder}/{source}")).await?;
            self.report.left.extend(found.into_iter().map(|(key, _)| key).filter(|key| !searched.contains(key)));
        }
        Ok(())
    }

    /// Removes an object that no manifest lists, or reports it.
    async fn settle(&mut self, key: &str, is_found: bool, listed: &BTreeSet<String>) {
        let is_derived = ["raw/", "processed/", "quarantine/"].iter().any(|folder| key.starts_with(folder));
        if is_found && is_derived && !listed.contains(key) {
            self.lake.remove(&[evidence_of(key), key.to_owned()]).await;
            if !matches!(self.lake.size(key).await, Ok(None)) {
                self.report.left.insert(key.to_owned());
            }
            self.report.removed.push(key.to_owned());
        } else if is_found {
            self.report.left.insert(key.to_owned());
        }
    }

    /// Searches the records of a response, or the rows of a file; `None` if the object is neither.
    async fn records_in(&mut self, key: &str, size: u64) -> Result<Option<Hit>> {
        let (contract, mut hit) = (&self.job.contract, Hit::default());
        let Some((folder, name)) =
            key.split_once('/').and_then(|(folder, rest)| Some((folder, rest.split('/').nth(1)?)))
        else {
            return Ok(None);
        };
        if key.ends_with(".parquet") {
            let Some(bytes) = self.lake.get(key).await? else { return Ok(Some(hit)) };
            let Ok(rows) = Rows::open(bytes) else { return Ok(None) };
            let (collection, table) = table_of(contract, folder, name);
            let subject = self.subjects.iter().find(|subject| subject.table_at(&contract.source, key).is_some());
            rows.each(|row| {
                let has = subject.map_or(Some(false), |subject| subject.has_row(&rows, table.as_ref(), &row));
                if has == Some(true) {
                    hit.is_record = true;
                    return;
                }
                for ((column, ..), cell) in rows.columns.iter().zip(&row) {
                    walk_column(collection, table.as_ref(), column, cell, &mut |place, text, is_number| {
                        let of = Field { is_number, has_key: has.is_some() };
                        self.texts.find(place, text, of, &mut hit.texts);
                    });
                }
            })?;
            return Ok(Some(hit));
        }
        let Some(collection) =
            contract.collections.get(name).filter(|_| folder == "raw" && !key.ends_with(".http.json"))
        else {
            return Ok(None);
        };
        let subject = self.subjects.iter().find(|subject| subject.name == name);
        let response = Response::new(collection.answer, &contract.request_of(collection));
        let texts = &mut self.texts;
        let mut is_readable = true;
        let mut each = |json: &str| {
            let has = subject.map_or(Some(false), |subject| subject.has(json));
            if has == Some(true) {
                hit.is_record = true;
                return true;
            }
            match serde_json::from_str::<Value>(json) {
                Ok(value) => walk(&value, name, &mut |place, text, is_number| {
                    texts.find(place, text, Field { is_number, has_key: has.is_some() }, &mut hit.texts);
                }),
                Err(_) => is_readable = false,
            }
            true
        };
        let mut outside = String::new();
        let mut around = |text: &str| {
            // Most are only separators.
            if text.contains(char::is_alphanumeric) {
                outside.push_str(text);
            }
            text.to_owned()
        };
        let read = pass(self.lake, (key, size), response, None, &mut each, &mut around).await;
        hit.around = outside;
        // What is not JSON of this kind is searched as text, unless it has a record before the error.
        Ok((hit.is_record || matches!(read, Ok(Ok(_))) && is_readable).then_some(hit))
    }
}

/// Returns the collection and the table of a folder with Parquet files.
fn table_of<'c>(contract: &'c Contract, folder: &str, name: &'c str) -> (&'c str, Option<Table<'c>>) {
    let table = contract.tables().into_iter().find(|table| folder == "processed" && table.name == name);
    (table.as_ref().map_or(name, |table| table.collection), table)
}

/// Returns whether an object has one of the texts in any encoding.
async fn contains(lake: &Lake, key: &str, size: u64, texts: &Secrets) -> Result<bool> {
    let (mut reader, mut filter) = (lake.read(key, size), texts.filter());
    let mut gunzip = Gunzip::of(key.ends_with(".gz"));
    loop {
        let piece = reader.next().await?;
        match (&mut gunzip, piece.as_deref()) {
            (None, piece) => drop(filter.push(piece.unwrap_or_default())),
            // What cannot be decompressed has no text.
            (Some(gunzip), piece) => drop(filter.push(&gunzip.push(piece).0)),
        }
        if piece.is_none() {
            return Ok(filter.found);
        }
    }
}
