//! The columns of a table's Parquet files, in order: the contract's, then `_extra` and `_row_hash`.
//!
//! The other system columns belong to a load, not to the data, so they are no part of the files.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use contract::{SYSTEM_COLUMNS, Table, Type};

/// Name, type and whether it is never null, of every column in a table's Parquet files.
pub fn file_columns<'c>(table: &Table<'c>) -> Vec<(&'c str, Type, bool)> {
    let own = table.columns.iter().map(|column| (column.name, column.kind, column.required));
    let system = SYSTEM_COLUMNS.iter().filter(|column| matches!(column.name, "_extra" | "_row_hash"));
    own.chain(system.map(|column| (column.name, column.kind, column.required))).collect()
}

/// The Arrow schema of a table's Parquet files.
pub fn schema(table: &Table<'_>) -> SchemaRef {
    let fields: Vec<Field> = file_columns(table)
        .into_iter()
        .map(|(name, kind, required)| Field::new(name, data_type(kind), !required))
        .collect();
    Arc::new(Schema::new(fields))
}

/// Timestamps are "adjusted to UTC", the only kind that Parquet 1.0's TIMESTAMP_MICROS can say; Redshift misreads
/// nanoseconds (apache/arrow#38000).
fn data_type(kind: Type) -> DataType {
    match kind {
        Type::String(_) | Type::Json => DataType::Utf8,
        Type::Integer => DataType::Int64,
        Type::Double => DataType::Float64,
        Type::Boolean => DataType::Boolean,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::Date => DataType::Date32,
    }
}
