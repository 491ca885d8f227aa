//! Encodes Parquet files, and compares them with the values that the `parquet` crate's row reader finds in them.

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use bytes::Bytes;
use contract::Table;
use jobs::clean::Cell;
use jobs::table::{Encoder, Row, file_columns};
use jobs::validate;

/// Encodes a table's file with these rows.
pub(crate) fn encoded(table: &Table<'_>, rows: &[&Row<'_>]) -> Bytes {
    let mut encoder = Encoder::new(table).expect("a table has a schema");
    rows.iter().for_each(|row| encoder.append(row).expect("rows are of their table's types"));
    encoder.finish().expect("rows are of their table's types").concat().into()
}

/// Checks that our own file passes the validation and has these rows' values.
pub(crate) fn accepted(table: &Table<'_>, file: &Bytes, rows: &[&Row<'_>]) {
    match validate::parquet(&file_columns(table), "part-0.parquet", file) {
        Ok(found) => assert_eq!(found, rows.len() as u64, "`{}`", table.name),
        Err(refusal) => panic!("our own file of `{}` is rejected: {refusal}", table.name),
    }
    let reader = SerializedFileReader::new(file.clone()).expect("an accepted file can be read");
    let mut rows = rows.iter();
    for found in reader.get_row_iter(None).expect("an accepted file can be read") {
        let found = found.expect("an accepted file can be read");
        let row = rows.next().expect("no more rows than were written");
        let extra = row.extra_json().map_or(Cell::Null, |json| Cell::Json(json.into()));
        for ((name, field), cell) in found.get_column_iter().zip(row.cells.iter().chain([&extra])) {
            assert!(is_same(field, cell), "`{}.{name}`: {field:?} is not {cell:?}", table.name);
        }
    }
    assert!(rows.next().is_none(), "fewer rows than were written");
}

fn is_same(field: &Field, cell: &Cell<'_>) -> bool {
    match (field, cell) {
        (Field::Null, Cell::Null) => true,
        (Field::Bool(found), Cell::Bool(value)) => found == value,
        (Field::Double(found), Cell::Double(value)) => found.to_bits() == value.to_bits(),
        (Field::Str(found), Cell::Text(text) | Cell::Json(text)) => found == text,
        (Field::Long(found), Cell::Integer(value)) | (Field::TimestampMicros(found), Cell::Micros(value)) => {
            found == value
        }
        (Field::Date(found), Cell::Days(value)) => found == value,
        _ => false,
    }
}
