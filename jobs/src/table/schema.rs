//! The columns of a table's Parquet files, in order: those of the contract, then `_extra` and `_row_hash`.
//!
//! The other system columns describe a load, not the data, so the files do not have them.

use std::sync::Arc;

use contract::{SYSTEM_COLUMNS, Table, Type};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{Type as Node, TypePtr};

/// Name, type and whether it is never null, of every column in a table's Parquet files.
pub fn file_columns<'c>(table: &Table<'c>) -> Vec<(&'c str, Type, bool)> {
    let own = table.columns.iter().map(|column| (column.name, column.kind, column.required));
    let system = SYSTEM_COLUMNS.iter().filter(|column| matches!(column.name, "_extra" | "_row_hash"));
    own.chain(system.map(|column| (column.name, column.kind, column.required))).collect()
}

/// The Parquet schema of a file with these columns.
pub(super) fn schema(columns: &[(&str, Type, bool)]) -> Result<TypePtr> {
    let fields: Result<Vec<TypePtr>> = columns.iter().map(field).collect();
    Ok(Arc::new(Node::group_type_builder("schema").with_fields(fields?).build()?))
}

/// Timestamps are "adjusted to UTC", the only kind that TIMESTAMP_MICROS of Parquet 1.0 expresses; Redshift misreads
/// nanoseconds (apache/arrow#38000).
fn field(&(name, kind, required): &(&str, Type, bool)) -> Result<TypePtr> {
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
