//! Parquet files made by us, and what an independent reader finds in those that the prover takes.

use std::ops::ControlFlow;

use ::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;
use contract::Table;
use jobs::clean::Cell;
use jobs::limits::{self, FIXED_BYTES, SUPER_BYTES, TEXT_BYTES};
use jobs::prove::{self, Column, Kind, Target};
use jobs::table::{Encoder, Row};

const KEY: &str = "part-0.parquet";

/// A table's file with these rows.
pub(crate) fn encoded(table: &Table<'_>, rows: &[&Row<'_>]) -> Bytes {
    let mut encoder = Encoder::new(table).expect("a table has a schema");
    rows.iter().for_each(|row| encoder.append(row).expect("rows are of their table's types"));
    encoder.finish().expect("rows are of their table's types").concat().into()
}

/// Our own file is taken, and has these rows' values in it.
pub(crate) fn taken(table: &Table<'_>, file: &Bytes, rows: &[&Row<'_>]) {
    let target = Target::stage(table);
    match prove::copy(&target, KEY, file) {
        Ok(found) => assert_eq!(found, rows.len() as u64, "`{}`", table.name),
        Err(refusal) => panic!("our own file of `{}` is refused: {refusal}", table.name),
    }
    let mut rows = rows.iter();
    read(&target, file, &mut |batch, at| {
        let row = rows.next().expect("no more rows than were written");
        let extra = row.extra_json().map_or(Cell::Null, |json| Cell::Json(json.into()));
        for (index, cell) in row.cells.iter().chain([&extra]).enumerate() {
            assert!(holds(batch.column(index), at, cell), "`{}`, column {index}: not {cell:?}", table.name);
        }
    });
    assert!(rows.next().is_none(), "fewer rows than were written");
}

/// Whether COPY would take the file. If so, another reader reads all of it, with as many rows, each value of the
/// table's type and within the table's bounds.
pub(crate) fn proved(target: &Target, file: &Bytes) -> ControlFlow<()> {
    match prove::copy(target, KEY, file) {
        Err(refusal) => {
            assert!(!refusal.problem.is_empty(), "refused without a reason");
            assert!(refusal.row.is_none() || refusal.row_group.is_some(), "{refusal}: a row of no row group");
            ControlFlow::Continue(())
        }
        Ok(rows) => {
            let mut found = 0;
            read(target, file, &mut |_, _| found += 1);
            assert_eq!(found, rows, "another number of rows");
            ControlFlow::Break(())
        }
    }
}

/// Reads a file that the prover has taken.
fn read(target: &Target, file: &Bytes, row: &mut dyn FnMut(&RecordBatch, usize)) {
    // Arrow's own copy of the schema is a note among others to every reader but Arrow's.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options)
        .unwrap_or_else(|error| panic!("taken, though its footer cannot be read: {error}"));
    for batch in builder.build().unwrap_or_else(|error| panic!("taken, though it cannot be read: {error}")) {
        let batch = batch.unwrap_or_else(|error| panic!("taken, though it cannot be read: {error}"));
        assert_eq!(batch.num_columns(), target.columns.len());
        let schema = batch.schema();
        for (column, field) in target.columns.iter().zip(schema.fields()) {
            assert_eq!(&column.name, field.name());
            assert!(same_type(column.kind, field.data_type()), "{} is {}", column.kind, field.data_type());
        }
        for at in 0..batch.num_rows() {
            let values = target.columns.iter().zip(batch.columns());
            let bytes: usize = values.map(|(column, values)| bounded(column, values, at)).sum();
            assert_eq!(limits::row(bytes), None);
            row(&batch, at);
        }
    }
}

fn same_type(kind: Kind, found: &DataType) -> bool {
    match (kind, found) {
        (Kind::SmallInt, DataType::Int16)
        | (Kind::Integer, DataType::Int32)
        | (Kind::BigInt, DataType::Int64)
        | (Kind::Real, DataType::Float32)
        | (Kind::Double, DataType::Float64)
        | (Kind::Boolean, DataType::Boolean)
        | (Kind::Varchar(_) | Kind::JsonText | Kind::Super, DataType::Utf8)
        | (Kind::Date, DataType::Date32)
        | (Kind::Timestamp, DataType::Timestamp(TimeUnit::Microsecond, _)) => true,
        (Kind::Decimal { precision, scale }, DataType::Decimal128(p, s)) => {
            (*p, *s) == (precision, scale.cast_signed())
        }
        _ => false,
    }
}

/// The room that a value takes in its row; it must be one that the column holds.
fn bounded(column: &Column, values: &dyn Array, at: usize) -> usize {
    let text = || values.as_string::<i32>().value(at);
    let fixed = if matches!(column.kind, Kind::Varchar(_) | Kind::JsonText | Kind::Super) { 0 } else { FIXED_BYTES };
    if values.is_null(at) {
        assert!(column.nullable, "a null in `{}`", column.name);
        return fixed;
    }
    let held = match column.kind {
        // Any number of the type is one that the column holds.
        Kind::SmallInt | Kind::Integer | Kind::BigInt | Kind::Boolean => Ok(()),
        Kind::Real => limits::real(values.as_primitive::<Float32Type>().value(at)),
        Kind::Double => limits::double(values.as_primitive::<Float64Type>().value(at)),
        Kind::Date => limits::days(values.as_primitive::<Date32Type>().value(at)),
        Kind::Timestamp => limits::micros(values.as_primitive::<TimestampMicrosecondType>().value(at)),
        Kind::Decimal { precision, .. } => {
            let value = values.as_primitive::<Decimal128Type>().value(at).unsigned_abs();
            assert!(value < 10_u128.pow(precision.into()), "{value} in {}", column.kind);
            Ok(())
        }
        Kind::Varchar(most) => limits::text(text(), most as usize),
        Kind::JsonText => limits::text(text(), TEXT_BYTES).and_then(|()| limits::json(text()).map(drop)),
        Kind::Super => limits::text(text(), SUPER_BYTES).and_then(|()| limits::json(text()).map(drop)),
    };
    held.unwrap_or_else(|flaw| panic!("`{}`, {}: {}", column.name, column.kind, flaw.problem));
    if fixed == 0 { text().len() } else { fixed }
}

/// Whether a value is what a cell was.
fn holds(values: &dyn Array, at: usize, cell: &Cell<'_>) -> bool {
    if values.is_null(at) {
        return *cell == Cell::Null;
    }
    match cell {
        Cell::Null => false,
        Cell::Bool(value) => values.as_boolean().value(at) == *value,
        Cell::Integer(value) => values.as_primitive::<Int64Type>().value(at) == *value,
        Cell::Double(value) => values.as_primitive::<Float64Type>().value(at).to_bits() == value.to_bits(),
        Cell::Text(text) | Cell::Json(text) => values.as_string::<i32>().value(at) == text,
        Cell::Micros(value) => values.as_primitive::<TimestampMicrosecondType>().value(at) == *value,
        Cell::Days(value) => values.as_primitive::<Date32Type>().value(at) == *value,
    }
}
