//! Converts the values of a Parquet file to PostgreSQL's binary COPY format.

use std::error::Error;

use anyhow::{Result, bail};
use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, TimeDelta};
use contract::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use tokio_postgres::types::{IsNull, ToSql, Type as PgType, to_sql_checked};

pub(super) fn pg_type(kind: Type) -> PgType {
    match kind {
        Type::String(_) => PgType::TEXT,
        Type::Integer => PgType::INT8,
        Type::Double => PgType::FLOAT8,
        Type::Boolean => PgType::BOOL,
        Type::Timestamp => PgType::TIMESTAMP,
        Type::Date => PgType::DATE,
        Type::Json => PgType::JSONB,
    }
}

/// Reads the next values of a column, one for each row, at most `rows`.
pub(super) fn read(kind: Type, reader: &mut ColumnReader, rows: usize) -> Result<Vec<Value>> {
    Ok(match (reader, kind) {
        (ColumnReader::ByteArrayColumnReader(reader), Type::String(_)) => values(reader, rows, Value::Text)?,
        (ColumnReader::ByteArrayColumnReader(reader), Type::Json) => values(reader, rows, Value::Json)?,
        (ColumnReader::Int64ColumnReader(reader), Type::Integer) => values(reader, rows, Value::Integer)?,
        (ColumnReader::Int64ColumnReader(reader), Type::Timestamp) => values(reader, rows, Value::Micros)?,
        (ColumnReader::DoubleColumnReader(reader), Type::Double) => values(reader, rows, Value::Double)?,
        (ColumnReader::BoolColumnReader(reader), Type::Boolean) => values(reader, rows, Value::Boolean)?,
        (ColumnReader::Int32ColumnReader(reader), Type::Date) => values(reader, rows, Value::Days)?,
        _ => bail!("the column does not have the Parquet type of {kind}"),
    })
}

fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    value: impl Fn(T::T) -> Value,
) -> Result<Vec<Value>> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (read, ..) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    let mut values = values.into_iter().map(value);
    // A required column has no levels; in an optional column, level 0 is a null.
    let next = |row| if levels.get(row) == Some(&0) { None } else { values.next() };
    Ok((0..read).map(next).map(|value| value.unwrap_or(Value::Null)).collect())
}

/// One value; text shares the memory of its page.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Text(ByteArray),
    Json(ByteArray),
    Integer(i64),
    Double(f64),
    Boolean(bool),
    Micros(i64),
    Days(i32),
}

impl ToSql for Value {
    fn to_sql(&self, kind: &PgType, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.as_utf8()?.to_sql(kind, out),
            Self::Json(json) => {
                // The binary form of jsonb is its version, 1, followed by the text.
                out.put_u8(1);
                out.put_slice(json.data());
                Ok(IsNull::No)
            }
            Self::Integer(value) => value.to_sql(kind, out),
            Self::Double(value) => value.to_sql(kind, out),
            Self::Boolean(value) => value.to_sql(kind, out),
            Self::Micros(micros) => {
                let time = DateTime::from_timestamp_micros(*micros).ok_or("a timestamp out of range")?;
                time.naive_utc().to_sql(kind, out)
            }
            Self::Days(days) => {
                let day = NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(*days)));
                day.ok_or("a date out of range")?.to_sql(kind, out)
            }
        }
    }

    fn accepts(_: &PgType) -> bool {
        true
    }

    to_sql_checked!();
}
