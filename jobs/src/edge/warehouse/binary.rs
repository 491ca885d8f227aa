//! Arrow's values in PostgreSQL's binary COPY format.

use std::error::Error;

use anyhow::Result;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, TimeDelta};
use contract::Type;
use tokio_postgres::types::{IsNull, ToSql, Type as PgType, to_sql_checked};

/// The type that a column has in the staging table.
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

/// A column of a batch, with its type known once instead of at every value.
pub(super) struct Values<'a> {
    kind: Type,
    array: &'a ArrayRef,
}

impl<'a> Values<'a> {
    pub(super) fn new(kind: Type, array: &'a ArrayRef) -> Self {
        Self { kind, array }
    }

    pub(super) fn value(&self, row: usize) -> Value<'a> {
        if self.array.is_null(row) {
            return Value::Null;
        }
        match self.kind {
            Type::String(_) => Value::Text(self.array.as_string::<i32>().value(row)),
            Type::Json => Value::Json(self.array.as_string::<i32>().value(row)),
            Type::Integer => Value::Integer(self.array.as_primitive::<Int64Type>().value(row)),
            Type::Double => Value::Double(self.array.as_primitive::<Float64Type>().value(row)),
            Type::Boolean => Value::Boolean(self.array.as_boolean().value(row)),
            Type::Timestamp => Value::Micros(self.array.as_primitive::<TimestampMicrosecondType>().value(row)),
            Type::Date => Value::Days(self.array.as_primitive::<Date32Type>().value(row)),
        }
    }
}

/// One value; nothing is copied.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Null,
    Text(&'a str),
    Json(&'a str),
    Integer(i64),
    Double(f64),
    Boolean(bool),
    Micros(i64),
    Days(i32),
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &PgType, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Json(json) => {
                // jsonb's binary form: its version, 1, and the text.
                out.put_u8(1);
                out.put_slice(json.as_bytes());
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
