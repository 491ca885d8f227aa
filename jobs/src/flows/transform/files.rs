//! The Parquet files of a table: the one being written and the finished ones.

use std::mem;

use anyhow::Result;
use bytes::Bytes;
use contract::Table;

use super::fetch::Target;
use crate::clean::Cell;
use crate::edge::lake::Upload;
use crate::receipt::{File, TableReceipt};
use crate::table::{Encoder, Row};

/// The number of encoded bytes that are collected before they are uploaded.
const HAND_OVER: u64 = 256 << 10;

pub(super) struct TableFiles<'t> {
    table: Table<'t>,
    encoder: Encoder,
    /// Encoded files that are not uploaded yet: the row count and last bytes of each.
    full: Vec<(u64, Vec<Bytes>)>,
    upload: Option<Upload>,
    /// The number of values that are not null in each column.
    values: Vec<u64>,
    /// The position of the cursor column.
    cursor: Option<usize>,
    /// The largest value of the cursor column: microseconds or days since 1970, or the number itself.
    pub newest: Option<i64>,
    pub receipt: TableReceipt,
}

impl<'t> TableFiles<'t> {
    pub(super) fn new(table: Table<'t>, cursor: Option<&str>) -> Result<Self> {
        let name = table.name.to_owned();
        let receipt = TableReceipt { table: name, ..TableReceipt::default() };
        let values = vec![0; table.columns.len()];
        let cursor = table.columns.iter().position(|column| table.child.is_none() && Some(column.name) == cursor);
        let (encoder, full) = (Encoder::new(&table)?, Vec::new());
        Ok(Self { encoder, table, full, upload: None, values, cursor, newest: None, receipt })
    }

    /// Adds a row. Files are split here, because rows do not depend on how the response was split into pieces.
    pub(super) fn append(&mut self, row: &Row<'_>) -> Result<()> {
        if self.receipt.rows == 0 {
            self.receipt.unknown = row.extra.keys().cloned().collect();
        } else if !self.receipt.unknown.is_empty() {
            self.receipt.unknown.retain(|field| row.extra.contains_key(field));
        }
        for (values, cell) in self.values.iter_mut().zip(&row.cells) {
            *values += u64::from(*cell != Cell::Null);
        }
        self.newest = self.newest.max(self.cursor.and_then(|cursor| row.cells[cursor].number()));
        self.receipt.rows += 1;
        self.encoder.append(row)?;
        if self.encoder.is_full() {
            let full = mem::replace(&mut self.encoder, Encoder::new(&self.table)?);
            self.full.push((full.rows(), full.finish()?));
        }
        Ok(())
    }

    fn upload(&mut self, to: &Target<'_>) -> &mut Upload {
        let part = self.receipt.files.len();
        self.upload.get_or_insert_with(|| to.upload(&to.layout.processed(self.table.name, to.run, to.attempt, part)))
    }

    /// Uploads the encoded bytes.
    pub(super) async fn hand_over(&mut self, to: &Target<'_>) -> Result<()> {
        for (rows, end) in mem::take(&mut self.full) {
            self.close(rows, end, to).await?;
        }
        if self.encoder.ready() >= HAND_OVER {
            let bytes = self.encoder.take();
            self.upload(to).write_all(bytes).await?;
        }
        Ok(())
    }

    async fn close(&mut self, rows: u64, end: Vec<Bytes>, to: &Target<'_>) -> Result<()> {
        self.upload(to).write_all(end).await?;
        if let Some(upload) = self.upload.take() {
            let object = upload.finish().await?;
            (to.claim)(object.key.clone());
            self.receipt.files.push(File { object, rows });
        }
        Ok(())
    }

    /// Finishes the last file; it may be empty, because every table has at least one file.
    pub(super) async fn finish(mut self, to: &Target<'_>) -> Result<TableReceipt> {
        self.hand_over(to).await?;
        let last = mem::replace(&mut self.encoder, Encoder::new(&self.table)?);
        if last.rows() > 0 || self.receipt.files.is_empty() {
            self.close(last.rows(), last.finish()?, to).await?;
        }
        let values = self.table.columns.iter().zip(self.values).filter(|(_, values)| *values > 0);
        self.receipt.values = values.map(|(column, values)| (column.name.to_owned(), values)).collect();
        Ok(self.receipt)
    }
}
