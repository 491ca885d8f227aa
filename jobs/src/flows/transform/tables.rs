//! Converts a response's records to the Parquet files of the collection's tables while its bytes arrive.

use std::borrow::Cow;
use std::mem;

use anyhow::Result;
use contract::{Answer, Collection, Contract};

use super::fetch::{Arriving, Target};
use super::files::TableFiles;
use super::records::Records;
use crate::edge::lake::Upload;
use crate::failure::Failure;
use crate::pagination::Claims;
use crate::receipt::{Object, TableReceipt};
use crate::table::{Encoder, Record, RecordReader};

/// The objects made from one response.
pub(super) struct Made {
    /// Its copy in `raw/`.
    pub raw: Object,
    pub tables: Vec<TableReceipt>,
    pub quarantine: Option<Object>,
    /// How the response reports more records than it has.
    pub incomplete: Option<String>,
    /// The largest value of the cursor column.
    pub cursor: Option<i64>,
}

/// Converts a response to files as it arrives.
pub(super) async fn make(
    contract: &Contract,
    collection: &Collection,
    to: &Target<'_>,
    mut arriving: Arriving<'_>,
) -> Result<Made> {
    let (reader, form) = (RecordReader::new(contract, to.name, collection), arriving.form);
    let cursor = collection.incremental.as_ref().map(|incremental| incremental.cursor.as_str());
    let tables = contract.tables_of(to.name, collection).into_iter().map(|table| TableFiles::new(table, cursor));
    let mut work = Work {
        to: *to,
        reader: &reader,
        tables: tables.collect::<Result<_>>()?,
        quarantine: None,
        first_reasons: String::new(),
        claims: mem::take(&mut arriving.claims),
        answer: collection.answer,
        records: 0,
    };
    let incomplete = arriving.incomplete.take();
    let mut records = Records::new(&reader, collection, form, to.lake.location(arriving.key()));
    let mut read = Ok(());
    while let Some(bytes) = arriving.next().await? {
        // After an error, the rest is still stored: someone who investigates it needs the complete response.
        if read.is_ok() {
            records.push(bytes);
            read = work.read(&mut records).await;
        }
    }
    let raw = arriving.stored().await?;
    read?;
    records.end(&mut |record, json| work.take(record, json))?;
    let incomplete = incomplete.or_else(|| work.claims.missing(work.records));
    let cursor = work.tables[0].newest;
    let (tables, quarantine) = work.finish(contract.max_quarantine_share(collection)).await?;
    Ok(Made { raw, tables, quarantine, incomplete, cursor })
}

struct Work<'w> {
    to: Target<'w>,
    reader: &'w RecordReader,
    tables: Vec<TableFiles<'w>>,
    quarantine: Option<(Encoder, Upload)>,
    /// The reasons of the first three quarantined records.
    first_reasons: String,
    /// The records that the response reports: a list in its headers, an object in its fields.
    claims: Claims,
    answer: Answer,
    records: u64,
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
            self.claims = Claims::of_envelope(json);
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
