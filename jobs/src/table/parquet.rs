//! Rows become the bytes of a Parquet file.
//!
//! Snappy, Parquet 1.0 pages and microseconds, because that is what Redshift's COPY is documented or known to read.
//! Nothing in the bytes depends on time, machine or how the rows arrived.

use std::mem;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use contract::{Table, Type};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::pieces::Pieces;
use super::row::{Row, RowHasher};
use super::schema::{file_columns, schema};
use crate::clean::Cell;

/// Rows that are gathered before they are encoded together.
const BATCH_ROWS: usize = 1024;
/// Bytes of text and JSON that are gathered at most.
const BATCH_BYTES: usize = 1 << 20;
/// Encoded bytes after which a row group is closed. Every table has one open, and a rare table's grows as long as the
/// answer comes, so this times the tables is what a long answer may take more than a short one.
const GROUP_BYTES: usize = 256 << 10;
/// Rows after which a page is closed: each has 8 bytes in every column that looks for repetitions.
const PAGE_ROWS: usize = 8192;

/// Encodes the rows of one file of a table. Take the bytes with [`Encoder::take`] as they come.
#[derive(Debug)]
pub struct Encoder {
    writer: ArrowWriter<Pieces>,
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    hasher: RowHasher,
    gathered: usize,
    gathered_bytes: usize,
    rows: u64,
}

impl Encoder {
    /// For a new file of this table.
    ///
    /// # Errors
    /// When the schema cannot be written as Parquet, which a checked contract rules out.
    pub fn new(table: &Table<'_>) -> Result<Self, ParquetError> {
        let schema = schema(table);
        let mut distinct = vec!["_row_hash"];
        if table.child.is_none() {
            distinct.extend(&table.key);
        }
        Ok(Self {
            writer: writer(&schema, &distinct)?,
            columns: file_columns(table).iter().map(|(_, kind, _)| ColumnBuilder::new(*kind)).collect(),
            schema,
            hasher: RowHasher::new(table.columns.iter().map(|column| column.name)),
            gathered: 0,
            gathered_bytes: 0,
            rows: 0,
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the rows gathered so far cannot be encoded.
    pub fn append(&mut self, row: &Row<'_>) -> Result<(), ParquetError> {
        let extra = row.extra_json();
        for (column, cell) in self.columns.iter_mut().zip(&row.cells) {
            self.gathered_bytes += column.append(cell);
        }
        let own = row.cells.len();
        let hash = self.hasher.hash(&row.cells, extra.as_deref());
        self.columns[own + 1].append(&Cell::Text(hash.into()));
        self.columns[own].append(&extra.map_or(Cell::Null, |json| Cell::Json(json.into())));
        self.gathered += 1;
        self.rows += 1;
        if self.gathered >= BATCH_ROWS || self.gathered_bytes >= BATCH_BYTES {
            self.encode()?;
        }
        Ok(())
    }

    fn encode(&mut self) -> Result<(), ParquetError> {
        if mem::take(&mut self.gathered) == 0 {
            return Ok(());
        }
        self.gathered_bytes = 0;
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        self.writer.write(&RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)?;
        if self.writer.in_progress_size() >= GROUP_BYTES {
            self.writer.flush()?;
        }
        Ok(())
    }

    /// How many rows the file has so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many bytes are ready to be taken.
    pub fn ready(&self) -> u64 {
        self.writer.inner().len() as u64
    }

    /// How many row groups are complete.
    pub fn groups(&self) -> usize {
        self.writer.flushed_row_groups().len()
    }

    /// The bytes that are ready, which the encoder then forgets.
    pub fn take(&mut self) -> Vec<Bytes> {
        self.writer.inner_mut().take()
    }

    /// Ends the file and gives its last bytes.
    ///
    /// # Errors
    /// When the rows gathered last cannot be encoded.
    pub fn finish(mut self) -> Result<Vec<Bytes>, ParquetError> {
        self.encode()?;
        self.writer.finish()?;
        Ok(self.take())
    }
}

/// `distinct` names columns whose values hardly ever repeat: looking for repetitions would only cost time.
fn writer(schema: &SchemaRef, distinct: &[&str]) -> Result<ArrowWriter<Pieces>, ParquetError> {
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_page_size_limit(256 << 10)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_created_by("dpworld transformation".to_owned());
    let properties = distinct
        .iter()
        .fold(properties, |properties, name| properties.set_column_dictionary_enabled(ColumnPath::from(*name), false));
    // Arrow's own copy of the schema would say nothing that Parquet's types do not.
    let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(Pieces::default(), Arc::clone(schema), options)
}

#[derive(Debug)]
enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Double(Float64Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

impl ColumnBuilder {
    fn new(kind: Type) -> Self {
        match kind {
            Type::String(_) | Type::Json => Self::Text(StringBuilder::new()),
            Type::Integer => Self::Integer(Int64Builder::new()),
            Type::Double => Self::Double(Float64Builder::new()),
            Type::Boolean => Self::Boolean(BooleanBuilder::new()),
            Type::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Type::Date => Self::Date(Date32Builder::new()),
        }
    }

    /// Adds a cell and gives its size in bytes. `clean` has matched the cell to the column's type already; a cell of
    /// another type is null here, and a required column then refuses the batch.
    fn append(&mut self, cell: &Cell<'_>) -> usize {
        match (self, cell) {
            (Self::Text(column), Cell::Text(text) | Cell::Json(text)) => {
                column.append_value(text);
                return text.len();
            }
            (Self::Text(column), _) => column.append_null(),
            (Self::Integer(column), Cell::Integer(value)) => column.append_value(*value),
            (Self::Integer(column), _) => column.append_null(),
            (Self::Double(column), Cell::Double(value)) => column.append_value(*value),
            (Self::Double(column), _) => column.append_null(),
            (Self::Boolean(column), Cell::Bool(value)) => column.append_value(*value),
            (Self::Boolean(column), _) => column.append_null(),
            (Self::Timestamp(column), Cell::Micros(value)) => column.append_value(*value),
            (Self::Timestamp(column), _) => column.append_null(),
            (Self::Date(column), Cell::Days(value)) => column.append_value(*value),
            (Self::Date(column), _) => column.append_null(),
        }
        8
    }

    /// What was gathered, leaving room for as much again: growing step by step would copy every byte once more.
    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => {
                let (rows, bytes) = (column.len(), column.values_slice().len());
                Arc::new(mem::replace(column, StringBuilder::with_capacity(rows, bytes)).finish())
            }
            Self::Integer(column) => Arc::new(mem::replace(column, Int64Builder::with_capacity(column.len())).finish()),
            Self::Double(column) => {
                Arc::new(mem::replace(column, Float64Builder::with_capacity(column.len())).finish())
            }
            Self::Boolean(column) => {
                Arc::new(mem::replace(column, BooleanBuilder::with_capacity(column.len())).finish())
            }
            Self::Timestamp(column) => {
                let room = TimestampMicrosecondBuilder::with_capacity(column.len()).with_timezone("UTC");
                Arc::new(mem::replace(column, room).finish())
            }
            Self::Date(column) => Arc::new(mem::replace(column, Date32Builder::with_capacity(column.len())).finish()),
        }
    }
}

/// Encodes the records of one collection that were set aside: the record's number from 1, its key if it could be
/// read, the reasons, one a line, and the record as it came.
#[derive(Debug)]
pub struct QuarantineEncoder {
    writer: ArrowWriter<Pieces>,
    schema: SchemaRef,
    rows: u64,
}

impl QuarantineEncoder {
    /// For a new file.
    ///
    /// # Errors
    /// When the schema cannot be written as Parquet.
    pub fn new() -> Result<Self, ParquetError> {
        let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
        let number = Field::new("record_number", DataType::Int64, false);
        let schema = Schema::new(vec![number, text("key", true), text("reasons", false), text("record", false)]);
        let schema = Arc::new(schema);
        Ok(Self { writer: writer(&schema, &[])?, schema, rows: 0 })
    }

    /// Sets a record aside.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn append(
        &mut self,
        number: u64,
        key: Option<String>,
        reasons: &[String],
        json: &str,
    ) -> Result<(), ParquetError> {
        let text = |value: Option<&str>| -> ArrayRef { Arc::new(arrow_array::StringArray::from(vec![value])) };
        let number: ArrayRef = Arc::new(arrow_array::Int64Array::from(vec![number.cast_signed()]));
        let reasons = reasons.join("\n");
        let columns = vec![number, text(key.as_deref()), text(Some(&reasons)), text(Some(json))];
        self.writer.write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)?;
        self.rows += 1;
        if self.writer.in_progress_size() >= GROUP_BYTES {
            self.writer.flush()?;
        }
        Ok(())
    }

    /// How many records were set aside.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The bytes that are ready, which the encoder then forgets.
    pub fn take(&mut self) -> Vec<Bytes> {
        self.writer.inner_mut().take()
    }

    /// Ends the file and gives its last bytes.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn finish(mut self) -> Result<Vec<Bytes>, ParquetError> {
        self.writer.finish()?;
        Ok(self.take())
    }
}
