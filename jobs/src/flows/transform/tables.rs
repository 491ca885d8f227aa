//! Converts a response's records to the Parquet files of the collection's tables while its bytes arrive.

use std::borrow::Cow;
use std::mem;

use anyhow::Result;
use contract::{Answer, Collection, Contract, Request};
use twox_hash::XxHash3_128;

use super::fetch::{Pages, Read, Target, Turn};
use super::files::TableFiles;
use super::records::Records;
use crate::edge::lake::Upload;
use crate::failure::Failure;
use crate::pagination::Claims;
use crate::receipt::{Object, TableReceipt};
use crate::table::{Encoder, HashKey, Record, RecordReader, Redactor};

/// The objects made from the responses of a collection.
pub(super) struct Made {
    /// The copies of the responses in `raw/`.
    pub raw: Vec<Object>,
    pub tables: Vec<TableReceipt>,
    pub quarantine: Option<Object>,
    /// How the response reports more records than it has.
    pub incomplete: Option<String>,
    /// The largest value of the cursor column.
    pub cursor: Option<i64>,
}

/// Converts the responses of a collection to files as they arrive; returns `None` if the source has not changed.
pub(super) async fn make(
    contract: &Contract,
    collection: &Collection,
    request: &Request,
    hash_key: Option<&HashKey>,
    to: &Target<'_>,
    pages: &mut Pages<'_>,
) -> Result<Option<Made>> {
    let reader = RecordReader::new(contract, to.name, collection);
    let redactor = Redactor::new(contract, collection, hash_key);
    let cursor = collection.incremental.as_ref().map(|incremental| incremental.cursor.as_str());
    let tables = contract.tables_of(to.name, collection).into_iter().map(|table| TableFiles::new(table, cursor));
    let mut work = Work {
        to: *to,
        reader: &reader,
        tables: tables.collect::<Result<_>>()?,
        quarantine: None,
        first_reasons: String::new(),
        claims: None,
        answer: collection.answer,
        records: 0,
        keeps_pages: false,
        page: 0,
        last: String::new(),
    };
    let (mut raw, mut last) = (Vec::new(), None);
    loop {
        let mut arriving = match pages.next().await? {
            Turn::NotModified => return Ok(None),
            Turn::Response(arriving) => arriving,
            Turn::End => break,
        };
        work.keeps_pages = pages.are_several();
        let place = to.lake.location(arriving.key());
        let mut records = Records::new((&reader, redactor.as_ref()), (collection, request), arriving.form, place);
        let (before, mut read) = (work.records, Ok(()));
        while let Some(bytes) = arriving.next().await? {
            // After an error, the rest is still stored: someone who investigates it needs the complete response.
            if read.is_ok() {
                records.push(bytes);
                read = work.read(&mut records).await;
            }
        }
        raw.push(arriving.stored().await?);
        read?;
        let envelope = records.end(&mut |record, json| work.take(record, json))?;
        let hash = mem::take(&mut work.page);
        let page = Read { records: work.records - before, envelope, last: mem::take(&mut work.last), hash };
        pages.read(&page)?;
        last = Some(page);
    }
    let incomplete = last.and_then(|last| pages.incomplete(&last, work.claims.take()));
    let cursor = work.tables[0].newest;
    let (tables, quarantine) = work.finish(contract.max_quarantine_share(collection)).await?;
    Ok(Some(Made { raw, tables, quarantine, incomplete, cursor }))
}

struct Work<'w> {
    to: Target<'w>,
    reader: &'w RecordReader,
    tables: Vec<TableFiles<'w>>,
    quarantine: Option<(Encoder, Upload)>,
    /// The reasons of the first three quarantined records.
    first_reasons: String,
    /// The records that a response reports in its fields, if it is one object.
    claims: Option<Claims>,
    answer: Answer,
    records: u64,
    /// Whether the records of a page are hashed, and its last record kept.
    keeps_pages: bool,
    page: u128,
    last: String,
}

impl Work<'_> {
    async fn read(&mut self, records: &mut Records<'_>) -> Result<()> {
        while records.read(&mut |record, json| self.take(record, json))? {
            self.hand_over().await?;
        }
        Ok(())
    }

    fn take(&mut self, mut record: Record<'_>, json: &str) -> Result<()> {
        self.records += 1;
        if self.answer == Answer::Object {
            self.claims = Some(Claims::of_envelope(json));
        }
        if self.keeps_pages {
            self.page = XxHash3_128::oneshot_with_seed((self.page ^ self.page >> 64) as u64, json.as_bytes());
            json.clone_into(&mut self.last);
        }
        if let Some(field) = record.frozen {
            let message = format!(
                "record {}: the contract does not define the `{field}` field, and `drift` is `freeze`",
                self.records
            );
            return Err(Failure::refused(message).hint("add the field to the contract, or set `drift: evolve`").into());
        }
        let fits = record.reasons.is_empty();
        if fits {
            record.row.record = self.records.cast_signed();
            self.tables[0].append(&record.row)?;
        } else {
            self.tables[0].receipt.quarantined += 1;
            let key = self.reader.key_of(&record).map(Cow::into_owned);
            self.quarantine(key, &mem::take(&mut record.reasons), json)?;
        }
        self.tables[0].receipt.read += 1;
        for (table, child) in self.tables[1..].iter_mut().zip(&mut record.children) {
            table.receipt.read += child.read;
            if !fits {
                table.receipt.quarantined += child.read;
                continue;
            }
            table.receipt.dropped += child.dropped;
            for row in &mut child.rows {
                row.record = self.records.cast_signed();
                table.append(row)?;
            }
        }
        Ok(())
    }

    fn quarantine(&mut self, key: Option<String>, reasons: &[String], json: &str) -> Result<()> {
        let Target { layout, run, name, attempt, .. } = self.to;
        let (encoder, _) = match &mut self.quarantine {
            Some(open) => open,
            none => none.insert((Encoder::for_quarantine()?, self.to.upload(&layout.quarantine(name, run, attempt)))),
        };
        if encoder.rows() < 3 {
            let named = key.as_ref().map_or(String::new(), |key| format!(" ({key})"));
            self.first_reasons += &format!("\nrecord {}{named}: {}", self.records, reasons.join("; "));
        }
        Ok(encoder.append_quarantined(self.records, key.as_deref(), reasons, json)?)
    }

    async fn hand_over(&mut self) -> Result<()> {
        for table in &mut self.tables {
            table.hand_over(&self.to).await?;
        }
        if let Some((encoder, upload)) = &mut self.quarantine {
            upload.write_all(encoder.take()).await?;
        }
        Ok(())
    }

    /// Finishes all files, unless too many records are quarantined.
    async fn finish(mut self, max_share: f64) -> Result<(Vec<TableReceipt>, Option<Object>)> {
        let quarantine = match self.quarantine.take() {
            None => None,
            Some((encoder, mut upload)) => {
                upload.write_all(encoder.finish()?).await?;
                Some(upload.finish().await?)
            }
        };
        let own = &self.tables[0].receipt;
        let share = own.quarantined as f64 / own.read.max(1) as f64;
        if let Some(quarantine) = quarantine.as_ref().filter(|_| share > max_share) {
            let message = format!(
                "{} of {} records do not fit the contract ({:.1} %, at most {:.1} % may be quarantined)",
                own.quarantined,
                own.read,
                share * 100.0,
                max_share * 100.0
            );
            let place = self.to.lake.location(&quarantine.key);
            let hint = format!("inspect the quarantined records and their reasons: {place}");
            return Err(Failure::refused(message).because(self.first_reasons.trim_start()).hint(hint).into());
        }
        let mut tables = Vec::new();
        for table in self.tables {
            tables.push(table.finish(&self.to).await?);
        }
        Ok((tables, quarantine))
    }
}
