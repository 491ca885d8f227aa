//! The columns of a table's Parquet files, in order: the contract's columns, then `_extra` and `_row_hash`, and `_record`
//! where a response may have several versions of a record. A column's values are buffered until its row group is written.
//!
//! The other system columns describe a load, not the data, so the files do not have them.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use contract::{RECORD, SYSTEM_COLUMNS, Table, Type};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::{Type as Node, TypePtr};

use crate::clean::Cell;

/// A column's name and type, and whether it is never null.
pub type FileColumn<'c> = (&'c str, Type, bool);

/// Returns every column in a table's Parquet files.
pub fn file_columns<'c>(table: &Table<'c>) -> Vec<FileColumn<'c>> {
    let system = SYSTEM_COLUMNS.iter().filter(|column| matches!(column.name, "_extra" | "_row_hash"));
    let columns = table.columns.iter().chain(system).map(|column| (column.name, column.kind, column.required));
    columns.chain(table.is_numbered.then_some((RECORD, Type::Integer, true))).collect()
}

/// Returns the Parquet schema of a file with these columns.
pub(super) fn schema(columns: &[FileColumn<'_>]) -> Result<TypePtr> {
    let fields: Result<Vec<TypePtr>> = columns.iter().map(field).collect();
    Ok(Arc::new(Node::group_type_builder("schema").with_fields(fields?).build()?))
}

/// Timestamps are "adjusted to UTC", the only kind that TIMESTAMP_MICROS in Parquet 1.0 can express; Redshift misreads
/// nanoseconds (apache/arrow#38000).
fn field(&(name, kind, required): &FileColumn<'_>) -> Result<TypePtr> {
    let (physical, logical) = match kind {
        Type::String(_) | Type::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Type::Integer => (Physical::INT64, None),
        Type::Double => (Physical::DOUBLE, None),
        Type::Boolean => (Physical::BOOLEAN, None),
        Type::Timestamp => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Type::Date => (Physical::INT32, Some(LogicalType::Date)),
    };
    let repetition = if required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let node = Node::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(repetition);
    Ok(Arc::new(node.build()?))
}

/// The bytes that a value needs in addition to its text.
const FIXED: usize = 8;

/// The values of one column of a row group.
#[derive(Debug)]
pub(super) struct ColumnBuffer {
    values: Values,
    /// For each row, 1 for a value and 0 for a null; empty if nulls are not allowed.
    levels: Vec<i16>,
    required: bool,
}

#[derive(Debug)]
enum Values {
    /// All texts, and the end of each.
    Text(Vec<u8>, Vec<usize>),
    Integer(Vec<i64>),
    Double(Vec<f64>),
    Boolean(Vec<bool>),
    Timestamp(Vec<i64>),
    Date(Vec<i32>),
}

impl ColumnBuffer {
    pub(super) fn new(kind: Type, required: bool) -> Self {
        let values = match kind {
            Type::String(_) | Type::Json => Values::Text(Vec::new(), Vec::new()),
            Type::Integer => Values::Integer(Vec::new()),
            Type::Double => Values::Double(Vec::new()),
            Type::Boolean => Values::Boolean(Vec::new()),
            Type::Timestamp => Values::Timestamp(Vec::new()),
            Type::Date => Values::Date(Vec::new()),
        };
        Self { values, levels: Vec::new(), required }
    }

    /// Adds a cell and returns its size in bytes. `clean` has already matched the cell to the column's type; a cell of
    /// a different type becomes null here, and a required column then fails when its row group is written.
    pub(super) fn append(&mut self, cell: &Cell<'_>) -> usize {
        let (mut text_bytes, mut present) = (0, true);
        match (&mut self.values, cell) {
            (Values::Text(texts, ends), Cell::Text(text) | Cell::Json(text)) => {
                texts.extend_from_slice(text.as_bytes());
                ends.push(texts.len());
                text_bytes = text.len();
            }
            (Values::Integer(column), Cell::Integer(value)) => column.push(*value),
            (Values::Timestamp(column), Cell::Micros(value)) => column.push(*value),
            (Values::Double(column), Cell::Double(value)) => column.push(*value),
            (Values::Boolean(column), Cell::Bool(value)) => column.push(*value),
            (Values::Date(column), Cell::Days(value)) => column.push(*value),
            _ => present = false,
        }
        if !self.required {
            self.levels.push(present.into());
        }
        FIXED + text_bytes
    }

    /// Writes and removes the values.
    pub(super) fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let levels = (!self.required).then_some(self.levels.as_slice());
        match &mut self.values {
            Values::Text(texts, ends) => {
                // Growing step by step would copy every byte once more.
                let room = Vec::with_capacity(texts.len());
                let texts = Bytes::from(mem::replace(texts, room));
                let starts = [0].into_iter().chain(ends.iter().copied());
                let mut values: Vec<ByteArray> =
                    starts.zip(&*ends).map(|(start, end)| texts.slice(start..*end).into()).collect();
                write::<ByteArrayType>(writer, &mut values, levels)?;
                ends.clear();
            }
            Values::Integer(values) | Values::Timestamp(values) => write::<Int64Type>(writer, values, levels)?,
            Values::Double(values) => write::<DoubleType>(writer, values, levels)?,
            Values::Boolean(values) => write::<BoolType>(writer, values, levels)?,
            Values::Date(values) => write::<Int32Type>(writer, values, levels)?,
        }
        self.levels.clear();
        Ok(())
    }
}

fn write<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    levels: Option<&[i16]>,
) -> Result<()> {
    writer.typed::<T>().write_batch(values, levels, None)?;
    values.clear();
    Ok(())
}
