//! An answer's records become the Parquet files of the collection's tables while its bytes arrive.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;

use anyhow::Result;
use contract::{Collection, Contract, Table};
use twox_hash::XxHash3_64;

use super::fetch::{Arriving, Target};
use super::records::Records;
use crate::edge::lake::Upload;
use crate::failure::Failure;
use crate::receipt::{File, Object, TableReceipt};
use crate::table::{Encoder, QuarantineEncoder, Record, RecordReader};

/// Bytes after which a table goes on in another file, so that `copy` can hold one file at a time.
const FILE_BYTES: u64 = 64 << 20;
/// Encoded bytes that wait before they are handed to the upload.
const HAND_OVER: u64 = 256 << 10;

/// What became of one answer.
#[derive(Debug)]
pub(super) struct Made {
    pub raw: Object,
    pub tables: Vec<TableReceipt>,
    pub quarantine: Option<Object>,
}

/// Turns an answer into files as it arrives; each finished file's key goes to `claim`.
pub(super) async fn make(
    contract: &Contract,
    collection: &Collection,
    to: &Target<'_>,
    mut arriving: Arriving<'_>,
    claim: &(dyn Fn(String) + Sync),
) -> Result<Made> {
    let (reader, form) = (RecordReader::new(contract, to.name, collection), arriving.form);
    let mut work = Work {
        to: *to,
        reader: &reader,
        tables: contract.tables_of(to.name, collection).into_iter().map(TableFiles::new).collect::<Result<_>>()?,
        claim,
        quarantine: None,
        first_reasons: String::new(),
        keys: Vec::new(),
        records: 0,
    };
    let place = to.lake.location(arriving.key());
    let mut records = Records::new(&reader, collection, form, place.clone());
    let mut read = Ok(());
    while let Some(bytes) = arriving.next().await? {
        // After a mistake the rest is still kept: whoever looks for the mistake wants the whole answer.
        if read.is_ok() {
            records.push(bytes);
            read = work.read(&mut records).await;
        }
    }
    let raw = arriving.stored().await?;
    read?;
    records.end(&mut |record, json| work.take(record, json))?;
    let suspects = twice(mem::take(&mut work.keys));
    if !suspects.is_empty() {
        refuse_twins(&suspects, to, &raw, Records::new(&reader, collection, form, place)).await?;
    }
    let (tables, quarantine) = work.finish(contract.max_quarantine_share(collection)).await?;
    Ok(Made { raw, tables, quarantine })
}

fn hash(key: &str) -> u64 {
    XxHash3_64::oneshot(key.as_bytes())
}

/// The hashes that come more than once.
fn twice(mut hashes: Vec<u64>) -> Vec<u64> {
    hashes.sort_unstable();
    let mut suspects: Vec<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    suspects.dedup();
    suspects
}

/// Reads the answer once more and names the first key that really comes twice; equal hashes alone prove nothing.
async fn refuse_twins(suspects: &[u64], to: &Target<'_>, raw: &Object, mut records: Records<'_>) -> Result<()> {
    let (reader, mut seen, mut number) = (records.reader, BTreeMap::new(), 0_u64);
    let mut name = |record: Record<'_>, _: &str| {
        number += 1;
        let key = reader.key_of(&record).filter(|key| suspects.binary_search(&hash(key)).is_ok());
        if let Some(key) = key
            && let Some(first) = seen.insert(key.to_string(), number)
        {
            let message = format!("the key `{key}` comes twice in one answer, in records {first} and {number}");
            return Err(Failure::refused(message).hint("the source contradicts itself; nothing was loaded").into());
        }
        Ok(())
    };
    let mut stored = to.lake.read(&raw.key, raw.bytes);
    while let Some(bytes) = stored.next().await? {
        records.push(bytes);
        while records.read(&mut name)? {}
    }
    records.end(&mut name)
}

struct Work<'w> {
    to: Target<'w>,
    reader: &'w RecordReader,
    tables: Vec<TableFiles<'w>>,
    claim: &'w (dyn Fn(String) + Sync),
    quarantine: Option<(QuarantineEncoder, Upload)>,
    /// What to tell when too many records are set aside.
    first_reasons: String,
    /// The hash of every key: these 8 bytes a record are the one thing here that grows with the answer.
    keys: Vec<u64>,
    records: u64,
}

impl Work<'_> {
    /// Takes all records that are there.
    async fn read(&mut self, records: &mut Records<'_>) -> Result<()> {
        while records.read(&mut |record, json| self.take(record, json))? {
            self.hand_over().await?;
        }
        Ok(())
    }

    fn take(&mut self, mut record: Record<'_>, json: &str) -> Result<()> {
        self.records += 1;
        if let Some(field) = record.frozen {
            let message = format!(
                "record {}: the contract does not name the field `{field}`, and its drift is frozen",
                self.records
            );
            return Err(Failure::refused(message).hint("add the field to the contract, or set `drift: evolve`").into());
        }
        let key = self.reader.key_of(&record);
        self.keys.extend(key.as_deref().map(hash));
        let fits = record.reasons.is_empty();
        if fits {
            self.tables[0].receipt.rows += 1;
            self.tables[0].encoder.append(&record.row)?;
        } else {
            self.tables[0].receipt.quarantined += 1;
            let key = key.map(Cow::into_owned);
            self.set_aside(key, &mem::take(&mut record.reasons), json)?;
        }
        self.tables[0].receipt.read += 1;
        self.children(&record, fits)
    }

    fn children(&mut self, record: &Record<'_>, fits: bool) -> Result<()> {
        for (table, child) in self.tables[1..].iter_mut().zip(&record.children) {
            table.receipt.read += child.read;
            if !fits {
                table.receipt.quarantined += child.read;
                continue;
            }
            table.receipt.dropped += child.dropped;
            table.receipt.rows += child.rows.len() as u64;
            for row in &child.rows {
                table.encoder.append(row)?;
            }
        }
        Ok(())
    }

    fn set_aside(&mut self, key: Option<String>, reasons: &[String], json: &str) -> Result<()> {
        let Target { layout, run, name, attempt, .. } = self.to;
        let (encoder, _) = match &mut self.quarantine {
            Some(open) => open,
            none => none.insert((QuarantineEncoder::new()?, self.to.upload(&layout.quarantine(name, run, attempt)))),
        };
        if encoder.rows() < 3 {
            let named = key.as_ref().map_or(String::new(), |key| format!(" ({key})"));
            self.first_reasons += &format!("\nrecord {}{named}: {}", self.records, reasons.join("; "));
        }
        Ok(encoder.append(self.records, key, reasons, json)?)
    }

    async fn hand_over(&mut self) -> Result<()> {
        for table in &mut self.tables {
            table.hand_over(&self.to, self.claim).await?;
        }
        if let Some((encoder, upload)) = &mut self.quarantine {
            upload.write(encoder.take().into()).await?;
        }
        Ok(())
    }

    async fn finish(mut self, max_share: f64) -> Result<(Vec<TableReceipt>, Option<Object>)> {
        let quarantine = match self.quarantine.take() {
            None => None,
            Some((encoder, mut upload)) => {
                upload.write(encoder.finish()?.into()).await?;
                Some(upload.finish().await?)
            }
        };
        let own = &self.tables[0].receipt;
        let share = own.quarantined as f64 / own.read.max(1) as f64;
        if let Some(quarantine) = quarantine.as_ref().filter(|_| share > max_share) {
            let message = format!(
                "{} of {} records do not fit the contract ({:.1} %, at most {:.1} % may be set aside)",
                own.quarantined,
                own.read,
                share * 100.0,
                max_share * 100.0
            );
            let hint = format!("all of them, with reasons: {}", self.to.lake.location(&quarantine.key));
            return Err(Failure::refused(message).because(self.first_reasons.trim_start()).hint(hint).into());
        }
        let mut tables = Vec::new();
        for table in self.tables {
            tables.push(table.finish(&self.to, self.claim).await?);
        }
        Ok((tables, quarantine))
    }
}

/// A table's files: one that grows and those that are done.
struct TableFiles<'t> {
    table: Table<'t>,
    encoder: Encoder,
    upload: Option<Upload>,
    receipt: TableReceipt,
}

impl<'t> TableFiles<'t> {
    fn new(table: Table<'t>) -> Result<Self> {
        let name = table.name.to_owned();
        let receipt = TableReceipt { table: name, read: 0, rows: 0, quarantined: 0, dropped: 0, files: Vec::new() };
        Ok(Self { encoder: Encoder::new(&table)?, table, upload: None, receipt })
    }

    fn upload(&mut self, to: &Target<'_>) -> &mut Upload {
        let part = self.receipt.files.len();
        self.upload.get_or_insert_with(|| to.upload(&to.layout.processed(self.table.name, to.run, to.attempt, part)))
    }

    async fn hand_over(&mut self, to: &Target<'_>, claim: &(dyn Fn(String) + Sync)) -> Result<()> {
        if self.encoder.ready() < HAND_OVER {
            return Ok(());
        }
        let bytes = self.encoder.take().into();
        self.upload(to).write(bytes).await?;
        if self.encoder.taken() >= FILE_BYTES {
            let full = mem::replace(&mut self.encoder, Encoder::new(&self.table)?);
            self.close(full, to, claim).await?;
        }
        Ok(())
    }

    async fn close(&mut self, encoder: Encoder, to: &Target<'_>, claim: &(dyn Fn(String) + Sync)) -> Result<()> {
        let rows = encoder.rows();
        let end = encoder.finish()?.into();
        self.upload(to).write(end).await?;
        if let Some(upload) = self.upload.take() {
            let object = upload.finish().await?;
            claim(object.key.clone());
            self.receipt.files.push(File { object, rows });
        }
        Ok(())
    }

    async fn finish(mut self, to: &Target<'_>, claim: &(dyn Fn(String) + Sync)) -> Result<TableReceipt> {
        let last = mem::replace(&mut self.encoder, Encoder::new(&self.table)?);
        self.close(last, to, claim).await?;
        Ok(self.receipt)
    }
}
