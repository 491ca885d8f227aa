//! Replaces the objects that manifests list by copies without the records.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use contract::Table;
use serde_json::Value;

use super::Work;
use super::responses::{pass, without};
use crate::clean::Cell;
use crate::edge::lake::Lake;
use crate::failure::Failure;
use crate::receipt::{File, Object, Receipt, Redaction};
use crate::table::{ResponseError, Rows};

/// A copy of an object, and how many of its records or rows are missing.
#[derive(Clone, Debug)]
struct Copied {
    object: Object,
    rows: u64,
    removed: u64,
    /// The number of removed values that are not null in each column.
    values: BTreeMap<String, u64>,
}

/// The records of responses.
#[derive(Debug, Default)]
struct Numbers {
    all: u64,
    /// The numbers of those to remove, starting from 1.
    removed: Vec<u64>,
}

impl Numbers {
    /// Returns the number of a record after the removal.
    fn after(&self, number: i64) -> i64 {
        number - self.removed.partition_point(|removed| removed.cast_signed() < number) as i64
    }
}

impl Work<'_> {
    /// Replaces the listed objects of a collection that have such records.
    pub(super) async fn redact(&self, at: usize) -> Result<()> {
        let mut copies: BTreeMap<String, Option<Copied>> = BTreeMap::new();
        let mut counts: BTreeMap<String, Numbers> = BTreeMap::new();
        for (key, version, mut receipt) in self.receipts(Some(self.subjects[at].name)).await? {
            let mut gone = Numbers::default();
            for object in &receipt.raw {
                if !copies.contains_key(&object.key) {
                    let (copied, numbers) = self.copy_response(at, object, copies.len()).await?;
                    copies.insert(object.key.clone(), copied);
                    counts.insert(object.key.clone(), numbers);
                }
                let own = &counts[&object.key];
                gone.removed.extend(own.removed.iter().map(|number| gone.all + number));
                gone.all += own.all;
            }
            let listed: Vec<(Object, Option<String>)> =
                files(&receipt).map(|(object, table)| (object.clone(), table.map(str::to_owned))).collect();
            for (object, table) in listed {
                if !copies.contains_key(&object.key) {
                    let copied = self.copy_rows(at, &object, (table.as_deref(), &gone), copies.len()).await?;
                    copies.insert(object.key, copied);
                }
            }
            if self.correct(&mut receipt, &copies) {
                self.lake.update(&key, serde_json::to_vec_pretty(&receipt)?, version).await?;
            }
        }
        Ok(())
    }

    /// Lists the copies in a manifest; returns whether it has changed.
    fn correct(&self, receipt: &mut Receipt, copies: &BTreeMap<String, Option<Copied>>) -> bool {
        let copied = |object: &Object| copies.get(&object.key).and_then(Option::as_ref);
        let (mut records, mut removed, mut is_changed) = (0, 0, false);
        for object in &mut receipt.raw {
            if let Some(copy) = copied(object) {
                is_changed = true;
                records += copy.removed;
                *object = copy.object.clone();
            }
        }
        for table in &mut receipt.tables {
            for File { object, rows } in &mut table.files {
                let Some(copy) = copied(object) else { continue };
                is_changed = true;
                (*object, *rows) = (copy.object.clone(), copy.rows);
                table.rows -= copy.removed;
                table.read -= copy.removed;
                removed += copy.removed;
                for (column, values) in &copy.values {
                    table.values.entry(column.clone()).and_modify(|all| *all = all.saturating_sub(*values));
                }
            }
            table.values.retain(|_, values| *values > 0);
        }
        if let Some(copy) = receipt.quarantine.as_ref().and_then(copied) {
            is_changed = true;
            removed += copy.removed;
            if let Some(own) = receipt.tables.first_mut() {
                own.quarantined -= copy.removed;
                own.read -= copy.removed;
            }
            receipt.quarantine = Some(copy.object.clone()).filter(|_| copy.rows > 0);
        }
        if !is_changed {
            return false;
        }
        // The ETag belongs to the response as it was received.
        receipt.etag = None;
        let (at, request) = (self.job.at.clone(), self.job.request.clone());
        receipt.redactions.push(Redaction { at, request, records, rows: removed });
        true
    }

    async fn copy_response(&self, at: usize, object: &Object, number: usize) -> Result<(Option<Copied>, Numbers)> {
        let (subject, lake, mut numbers) = (&self.subjects[at], self.lake, Numbers::default());
        let Some(size) = lake.size(&object.key).await? else { return Ok((None, numbers)) };
        // What is around the records is read again in a replay, so only the keys are replaced.
        let (keys, mut is_corrected) = (self.texts.hidden_keys(), false);
        let mut keep = |json: &str| {
            let is_kept = subject.has(json) != Some(true);
            numbers.all += 1;
            numbers.removed.extend((!is_kept).then_some(numbers.all));
            is_kept
        };
        let mut around = |text: &str| {
            let corrected = without(text, &keys);
            is_corrected |= corrected != text;
            corrected
        };
        let response = || subject.response(&self.job.contract);
        let counted = pass(lake, (&object.key, size), response(), None, &mut keep, &mut around).await?;
        counted.map_err(|error| unreadable(lake, &object.key, error))?;
        let removed = numbers.removed.len() as u64;
        if removed == 0 && !is_corrected {
            return Ok((None, numbers));
        }
        let key = self.key_of_copy(&object.key, number);
        let to = Some(lake.upload(&key, true));
        let mut keep = |json: &str| subject.has(json) != Some(true);
        let mut around = |text: &str| without(text, &keys);
        let copy = pass(lake, (&object.key, size), response(), to, &mut keep, &mut around).await?;
        let copy = copy.map_err(|error| unreadable(lake, &object.key, error))?.context("nothing was written")?;
        self.copy_evidence(object, &copy).await?;
        Ok((Some(Copied { object: copy, rows: 0, removed, values: BTreeMap::new() }), numbers))
    }

    /// Writes the evidence of a response beside its copy. That of the original is removed with the original.
    async fn copy_evidence(&self, object: &Object, copy: &Object) -> Result<()> {
        let Some(evidence) = self.lake.get(&evidence_of(&object.key)).await? else { return Ok(()) };
        let mut evidence: Value = serde_json::from_slice(&evidence)?;
        evidence["body"] = serde_json::to_value(copy)?;
        self.lake.put_new(&evidence_of(&copy.key), serde_json::to_vec_pretty(&evidence)?).await
    }

    async fn copy_rows(
        &self,
        at: usize,
        object: &Object,
        (table, gone): (Option<&str>, &Numbers),
        number: usize,
    ) -> Result<Option<Copied>> {
        let subject = &self.subjects[at];
        let Some(bytes) = self.lake.get(&object.key).await? else { return Ok(None) };
        let known = table.and_then(|name| subject.tables.iter().find(|table| table.name == name));
        if table.is_some() && known.is_none() {
            return Ok(None);
        }
        let unreadable = || format!("cannot read `{}`", self.lake.location(&object.key));
        let rows = Rows::open(bytes).with_context(unreadable)?;
        let (mut values, mut removed, mut is_renumbered) = (BTreeMap::new(), 0, false);
        let numbered = rows.position(if known.is_some() { contract::RECORD } else { "record_number" });
        let mut distinct = vec!["_row_hash"];
        if known.is_some_and(|table| table.child.is_none()) {
            distinct.extend([key_column(known), contract::RECORD]);
        }
        let distinct = if known.is_some() { distinct.as_slice() } else { &[] };
        let copy = rows.only(distinct, |row| {
            let is_kept = subject.has_row(&rows, known, row) != Some(true);
            if !is_kept {
                removed += 1;
                for ((name, ..), _) in rows.columns.iter().zip(&*row).filter(|(_, cell)| **cell != Cell::Null) {
                    *values.entry(name.clone()).or_default() += 1;
                }
            }
            if let Some(Cell::Integer(number)) = numbered.map(|place| &mut row[place]) {
                is_renumbered |= gone.after(*number) != *number;
                *number = gone.after(*number);
            }
            is_kept
        });
        let (pieces, left) = copy.with_context(unreadable)?;
        if removed == 0 && !is_renumbered {
            return Ok(None);
        }
        let mut to = self.lake.upload(&self.key_of_copy(&object.key, number), true);
        to.write_all(pieces).await?;
        Ok(Some(Copied { object: to.finish().await?, rows: left, removed, values }))
    }

    fn key_of_copy(&self, key: &str, number: usize) -> String {
        let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
        let end = name.split_once('.').map_or("", |(_, end)| end);
        format!("{folder}/{}-r{number:05}.{end}", self.job.attempt)
    }

    /// Returns the keys of all objects that manifests list, also those of collections that the contract does not have.
    pub(super) async fn listed(&self) -> Result<BTreeSet<String>> {
        let mut listed = BTreeSet::new();
        for (.., receipt) in self.receipts(None).await? {
            let objects = receipt.raw.iter().chain(receipt.files()).chain(&receipt.quarantine);
            listed.extend(objects.map(|one| one.key.clone()));
        }
        Ok(listed)
    }
}

/// Returns the Parquet files of a manifest with their tables; quarantined records have none.
pub(super) fn files(receipt: &Receipt) -> impl Iterator<Item = (&Object, Option<&str>)> {
    let of_tables = receipt
        .tables
        .iter()
        .flat_map(|table| table.files.iter().map(|file| (&file.object, Some(table.table.as_str()))));
    of_tables.chain(receipt.quarantine.iter().map(|object| (object, None)))
}

/// Returns the column with the record's key.
pub(super) fn key_column<'t>(table: Option<&Table<'t>>) -> &'t str {
    table.map_or("key", |table| table.key[0])
}

/// Returns the key of a response's evidence.
pub(super) fn evidence_of(key: &str) -> String {
    let stem = key.strip_suffix(".gz").unwrap_or(key);
    format!("{}.http.json", stem.strip_suffix(".json").unwrap_or(stem))
}

/// Returns whether a column is computed from the others.
pub(super) fn is_derived(column: &str) -> bool {
    ["_row_hash", "reasons"].contains(&column)
}

pub(super) fn unreadable(lake: &Lake, key: &str, error: ResponseError) -> anyhow::Error {
    let failure = Failure::refused(format!("`{}` cannot be read with this contract", lake.location(key)));
    failure.because(error).hint("pass the contract of its run with --contract").into()
}
