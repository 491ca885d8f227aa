//! Checks the values of one column chunk against the limits of the table's column.

use contract::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::metadata::ColumnChunkMetaData;

use super::pages::Pages;
use super::refusal::Refusal;
use crate::limits::{self, Defect, JSON_BYTES};
use crate::table::FileColumn;

/// The number of rows that are decoded together.
const BATCH: usize = 1024;

/// Reads a chunk and adds the length of each text to its row in `sizes`, which has an entry for each row. Returns the
/// first row of the row group, from 0, with a value that the column cannot hold.
pub(super) fn check(
    &(_, kind, required): &FileColumn<'_>,
    chunk: &ColumnChunkMetaData,
    pages: Pages,
    sizes: &mut [usize],
) -> Result<Option<Refusal>, Refusal> {
    let rows = (sizes.len(), !required);
    match (get_column_reader(chunk.column_descr_ptr(), Box::new(pages)), kind) {
        (ColumnReader::BoolColumnReader(reader), Type::Boolean) => each(reader, rows, |_, _| Ok(())),
        (ColumnReader::Int64ColumnReader(reader), Type::Integer) => each(reader, rows, |_, _| Ok(())),
        (ColumnReader::Int64ColumnReader(reader), Type::Timestamp) => each(reader, rows, |_, it| limits::micros(*it)),
        (ColumnReader::Int32ColumnReader(reader), Type::Date) => each(reader, rows, |_, it| limits::days(*it)),
        (ColumnReader::DoubleColumnReader(reader), Type::Double) => each(reader, rows, |_, it| limits::double(*it)),
        (ColumnReader::ByteArrayColumnReader(reader), kind @ (Type::String(_) | Type::Json)) => {
            each(reader, rows, |row, value| {
                sizes[row] += value.len();
                text(kind, value)
            })
        }
        _ => Refusal::of("type", format!("the column does not have the Parquet type of {kind}")),
    }
}

/// Checks each row; `count` is the number of rows.
fn each<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    (count, nullable): (usize, bool),
    mut check: impl FnMut(usize, &T::T) -> Result<(), Defect>,
) -> Result<Option<Refusal>, Refusal> {
    let (mut row, mut first) = (0, None);
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    while row < count {
        levels.clear();
        values.clear();
        let (read, ..) = reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
        if read == 0 {
            return Err(Refusal::corrupt(format!("its pages have {row} values, but the row group has {count} rows")));
        }
        let mut values = values.iter();
        for at in 0..read {
            // A required column has no levels; in an optional column, level 0 is a null.
            let present = levels.get(at).is_none_or(|level| *level > 0);
            let found = match if present { values.next() } else { None } {
                Some(value) => check(row, value),
                None if nullable => Ok(()),
                None => Err(Defect::new("null", "a null, but the column is NOT NULL")),
            };
            if let Err(Defect { code, problem }) = found {
                first.get_or_insert(Refusal { row: Some(row as u64), ..Refusal::new(code, problem) });
            }
            row += 1;
        }
    }
    // Nothing may follow the last row.
    reader.read_records(1, Some(&mut Vec::new()), None, &mut Vec::new())?;
    Ok(first)
}

fn text(kind: Type, value: &ByteArray) -> Result<(), Defect> {
    let text = std::str::from_utf8(value.data()).map_err(|error| {
        Defect::new("utf8", format!("invalid UTF-8 at byte {} of {}", error.valid_up_to(), value.len()))
    })?;
    match kind {
        Type::String(most) => limits::text(text, most as usize),
        _ => {
            limits::text(text, JSON_BYTES)?;
            limits::json(text).map(drop)
        }
    }
}
