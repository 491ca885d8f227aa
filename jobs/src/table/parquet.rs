//! Encodes rows as a Parquet file.
//!
//! The file has Snappy compression, Parquet 1.0 pages and microseconds, which Redshift's COPY is documented or known to
//! read. The bytes depend only on the rows, not on the time, the machine or how the response was split into pieces.

use std::sync::Arc;

use bytes::Bytes;
use contract::{RECORD, Table, Type};
use parquet::basic::Compression;
use parquet::errors::Result;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::column::{ColumnBuffer, FileColumn, file_columns, schema};
use super::pieces::Pieces;
use super::row::{Row, RowHasher};
use crate::clean::Cell;

/// Bytes of values after which a row group is written. Each table holds one group in memory.
const GROUP_BYTES: usize = 1 << 20;
/// Bytes and row groups after which a file is full: each group's part of the footer stays in memory until then, and
/// `copy` reads one file at a time. Redshift's COPY prefers files of 1 MB to 1 GB (Amazon Redshift Developer Guide,
/// "Loading data from compressed and uncompressed files").
const FILE_BYTES: usize = 4 << 20;
const FILE_GROUPS: usize = 32;
/// Rows after which a page is closed: each row needs 8 bytes in every column with a dictionary.
const PAGE_ROWS: usize = 8192;

/// Encodes the rows of one file. Remove finished bytes with [`Encoder::take`].
#[derive(Debug)]
pub struct Encoder {
    writer: SerializedFileWriter<Pieces>,
    columns: Vec<ColumnBuffer>,
    hasher: RowHasher,
    buffered: usize,
    rows: u64,
}

impl Encoder {
    /// Creates an encoder for a new file of this table.
    pub fn new(table: &Table<'_>) -> Result<Self> {
        let mut distinct = vec!["_row_hash"];
        if table.child.is_none() {
            distinct.extend(&table.key);
            distinct.push(RECORD);
        }
        let hasher = RowHasher::new(table.columns.iter().map(|column| column.name));
        Self::with_columns(&file_columns(table), &distinct, hasher)
    }

    /// Creates an encoder for the quarantined records of one collection: the record's number from 1, its key if it
    /// could be read, the reasons (one per line), and the record as received.
    pub fn for_quarantine() -> Result<Self> {
        let text = Type::String(Type::MAX_STRING);
        let number = ("record_number", Type::Integer, true);
        let columns = [number, ("key", text, false), ("reasons", text, true), ("record", text, true)];
        Self::with_columns(&columns, &[], RowHasher::new(std::iter::empty()))
    }

    /// Creates an encoder for a copy of a file with these columns, as its rows are.
    pub(super) fn for_copy(columns: &[FileColumn<'_>], distinct: &[&str]) -> Result<Self> {
        Self::with_columns(columns, distinct, RowHasher::new(std::iter::empty()))
    }

    /// Creates an encoder; `distinct` names columns of rarely repeated values, which need no dictionary.
    fn with_columns(columns: &[FileColumn<'_>], distinct: &[&str], hasher: RowHasher) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_dictionary_page_size_limit(256 << 10)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_created_by("dpworld transformation".to_owned());
        let properties = distinct.iter().fold(properties, |properties, name| {
            properties.set_column_dictionary_enabled(ColumnPath::from(*name), false)
        });
        Ok(Self {
            writer: SerializedFileWriter::new(Pieces::default(), schema(columns)?, Arc::new(properties.build()))?,
            columns: columns.iter().map(|(_, kind, required)| ColumnBuffer::new(*kind, *required)).collect(),
            hasher,
            buffered: 0,
            rows: 0,
        })
    }

    /// Adds a row of the table.
    pub fn append(&mut self, row: &Row<'_>) -> Result<()> {
        let extra = row.extra_json();
        let hash = self.hasher.hash(&row.cells, extra.as_deref());
        let extra = extra.map_or(Cell::Null, |json| Cell::Json(json.into()));
        // Most tables have no column for the last cell.
        self.append_cells(row.cells.iter().chain(&[extra, Cell::Text(hash.into()), Cell::Integer(row.record)]))
    }

    /// Adds a quarantined record.
    pub fn append_quarantined(&mut self, number: u64, key: Option<&str>, reasons: &[String], json: &str) -> Result<()> {
        let reasons = reasons.join("\n");
        let cells = [
            Cell::Integer(number.cast_signed()),
            key.map_or(Cell::Null, |key| Cell::Text(key.into())),
            Cell::Text(reasons.into()),
            Cell::Text(json.into()),
        ];
        self.append_cells(cells.iter())
    }

    pub(super) fn append_cells<'a>(&mut self, cells: impl Iterator<Item = &'a Cell<'a>>) -> Result<()> {
        self.buffered += self.columns.iter_mut().zip(cells).map(|(column, cell)| column.append(cell)).sum::<usize>();
        self.rows += 1;
        if self.buffered >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        self.buffered = 0;
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut writer) = group.next_column()? {
                column.write(&mut writer)?;
                writer.close()?;
            }
        }
        group.close().map(drop)
    }

    /// Returns the number of rows in the file so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of bytes that [`Encoder::take`] would return.
    pub fn ready(&self) -> u64 {
        self.writer.inner().len() as u64
    }

    /// Returns whether the next row belongs in a new file.
    pub fn is_full(&self) -> bool {
        self.writer.bytes_written() >= FILE_BYTES || self.writer.flushed_row_groups().len() == FILE_GROUPS
    }

    /// Removes the finished bytes from the encoder and returns them.
    pub fn take(&mut self) -> Vec<Bytes> {
        self.writer.inner_mut().take()
    }

    /// Finishes the file and returns its last bytes.
    pub fn finish(mut self) -> Result<Vec<Bytes>> {
        if self.buffered > 0 {
            self.write_group()?;
        }
        self.writer.finish()?;
        Ok(self.take())
    }
}

#[cfg(test)]
#[path = "../../tests/unit/table/parquet.rs"]
mod tests;
