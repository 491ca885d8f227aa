//! Finds the records in objects, and keeps their texts.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use contract::Layout;
use serde_json::Value;

use super::Work;
use super::objects::{files, is_derived, unreadable};
use super::responses::pass;
use super::texts::{walk, walk_column};
use crate::receipt::Object;
use crate::table::Rows;

impl Work<'_> {
    /// Counts the records in the objects of a collection's manifests, and keeps their texts.
    pub(super) async fn manifests(&mut self, at: usize) -> Result<()> {
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for (.., receipt) in self.receipts(Some(self.subjects[at].name)).await? {
            let (mut records, mut rows) = (0, 0);
            for object in &receipt.raw {
                let found = match seen.get(&object.key) {
                    Some(found) => *found,
                    None => self.count_records(at, object).await?,
                };
                seen.insert(object.key.clone(), found);
                records += found;
            }
            for (object, table) in files(&receipt) {
                let found = match seen.get(&object.key) {
                    Some(found) => *found,
                    None => self.count_rows(at, object, table).await?,
                };
                seen.insert(object.key.clone(), found);
                rows += found;
            }
            let found = self.report.collections.entry(receipt.collection.clone()).or_default();
            found.manifests += u64::from(records + rows > 0);
            found.records += records;
            found.rows += rows;
        }
        // Failed attempts and an interrupted removal leave objects with records, too; they may be damaged.
        let (source, name) = (&self.job.contract.source, self.subjects[at].name);
        let responses = format!("{}/", Layout { source }.raw_folder(name));
        for folder in ["raw", "processed", "quarantine"] {
            for (key, bytes) in self.lake.list(&format!("{folder}/{source}")).await? {
                if seen.contains_key(&key) || key.ends_with(".http.json") {
                    continue;
                }
                let table = self.subjects[at].table_at(source, &key).map(|table| table.map(|table| table.name));
                let object = Object { key, bytes, sha256: String::new() };
                let (found, is_response) = match table {
                    Some(table) => (self.count_rows(at, &object, table).await, false),
                    None if object.key.starts_with(&responses) => (self.count_records(at, &object).await, true),
                    None => continue,
                };
                let own = self.report.collections.entry(name.to_owned()).or_default();
                *if is_response { &mut own.records } else { &mut own.rows } += found.unwrap_or(0);
            }
        }
        Ok(())
    }

    async fn count_records(&mut self, at: usize, object: &Object) -> Result<u64> {
        let Some(size) = self.lake.size(&object.key).await? else { return Ok(0) };
        let (subject, mut found) = (&self.subjects[at], Vec::new());
        let response = subject.response(&self.job.contract);
        let mut each = |json: &str| {
            if subject.has(json) == Some(true) {
                found.push(json.to_owned());
            }
            true
        };
        let read = pass(self.lake, (&object.key, size), response, None, &mut each, &mut |text| text.to_owned()).await;
        // The records before an error have texts, too.
        for json in &found {
            // What serde_json cannot read was quarantined, too.
            let value: Value = serde_json::from_str(json).unwrap_or_default();
            walk(&value, subject.name, &mut |place, text, is_number| self.texts.add(place, text, is_number));
        }
        read?.map_err(|error| unreadable(self.lake, &object.key, error))?;
        Ok(found.len() as u64)
    }

    async fn count_rows(&mut self, at: usize, object: &Object, table: Option<&str>) -> Result<u64> {
        let (subject, mut found) = (&self.subjects[at], 0);
        let Some(bytes) = self.lake.get(&object.key).await? else { return Ok(0) };
        let known = table.map(|name| subject.tables.iter().find(|table| table.name == name));
        let Some(known) = known.map_or(Some(None), |table| table.map(Some)) else { return Ok(0) };
        let rows = Rows::open(bytes).with_context(|| format!("cannot read `{}`", self.lake.location(&object.key)))?;
        rows.each(|row| {
            if subject.has_row(&rows, known, &row) != Some(true) {
                return;
            }
            found += 1;
            for ((column, ..), cell) in rows.columns.iter().zip(&row).filter(|((name, ..), _)| !is_derived(name)) {
                walk_column(subject.name, known, column, cell, &mut |place, text, is_number| {
                    self.texts.add(place, text, is_number);
                });
            }
        })?;
        Ok(found)
    }
}
