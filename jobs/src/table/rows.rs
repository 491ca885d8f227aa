//! The rows of a finished Parquet file, and a copy of the file without some of them. The file may have been written with
//! another contract.

use bytes::Bytes;
use contract::Type;
use parquet::basic::{LogicalType, Type as Physical};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type as Node;

use super::parquet::Encoder;
use crate::clean::Cell;

/// An open file.
pub struct Rows {
    file: SerializedFileReader<Bytes>,
    /// The columns' names and types; the type of JSON is text.
    pub columns: Vec<(String, Type, bool)>,
}

impl Rows {
    /// Opens a file. Fails if it is not a file of the transformation.
    pub fn open(bytes: Bytes) -> Result<Self> {
        let file = SerializedFileReader::new(bytes)?;
        let fields = file.metadata().file_metadata().schema().get_fields();
        let columns = fields.iter().map(|field| Ok((field.name().to_owned(), kind(field)?, !field.is_optional())));
        Ok(Self { columns: columns.collect::<Result<_>>()?, file })
    }

    /// Returns the position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, ..)| column == name)
    }

    /// Calls `each` for every row.
    pub fn each(&self, mut each: impl FnMut(Vec<Cell<'static>>)) -> Result<()> {
        for row in self.file.get_row_iter(None)? {
            each(row?.into_columns().into_iter().map(|(_, field)| cell(field)).collect::<Result<_>>()?);
        }
        Ok(())
    }

    /// Returns the bytes of a file with the rows that `keeps` accepts and may change, and their number. `distinct` names
    /// columns of rarely repeated values, as for the original.
    pub fn only(
        &self,
        distinct: &[&str],
        mut keeps: impl FnMut(&mut [Cell<'static>]) -> bool,
    ) -> Result<(Vec<Bytes>, u64)> {
        let columns: Vec<_> =
            self.columns.iter().map(|(name, kind, required)| (name.as_str(), *kind, *required)).collect();
        let (mut copy, mut failed) = (Encoder::for_copy(&columns, distinct)?, Ok(()));
        self.each(|mut row| {
            if failed.is_ok() && keeps(&mut row) {
                failed = copy.append_cells(row.iter());
            }
        })?;
        failed?;
        let rows = copy.rows();
        Ok((copy.finish()?, rows))
    }
}

fn kind(field: &Node) -> Result<Type> {
    Ok(match (field.get_physical_type(), field.get_basic_info().logical_type_ref()) {
        (Physical::BYTE_ARRAY, Some(LogicalType::String)) => Type::String(Type::MAX_STRING),
        (Physical::INT64, None) => Type::Integer,
        (Physical::INT64, Some(_)) => Type::Timestamp,
        (Physical::INT32, Some(LogicalType::Date)) => Type::Date,
        (Physical::DOUBLE, None) => Type::Double,
        (Physical::BOOLEAN, None) => Type::Boolean,
        other => return Err(ParquetError::General(format!("no file has columns of the type {other:?}"))),
    })
}

fn cell(field: Field) -> Result<Cell<'static>> {
    Ok(match field {
        Field::Null => Cell::Null,
        Field::Str(text) => Cell::Text(text.into()),
        Field::Long(value) => Cell::Integer(value),
        Field::TimestampMicros(value) => Cell::Micros(value),
        Field::Date(days) => Cell::Days(days),
        Field::Double(value) => Cell::Double(value),
        Field::Bool(value) => Cell::Bool(value),
        other => return Err(ParquetError::General(format!("no file has the value {other}"))),
    })
}
