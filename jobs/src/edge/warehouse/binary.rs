//! Converts the values of a Parquet file to PostgreSQL's binary COPY format.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, TimeDelta};
use contract::Type;
use parquet::record::Field;
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

/// One value of a row in a Parquet file.
#[derive(Debug)]
pub(super) struct Value<'r>(pub(super) &'r Field);

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &PgType, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Field::Null => Ok(IsNull::Yes),
            Field::Str(json) if *kind == PgType::JSONB => {
                // The binary form of jsonb is its version, 1, followed by the text.
                out.put_u8(1);
                out.put_slice(json.as_bytes());
                Ok(IsNull::No)
            }
            Field::Str(text) => text.to_sql(kind, out),
            Field::Long(value) => value.to_sql(kind, out),
            Field::Double(value) => value.to_sql(kind, out),
            Field::Bool(value) => value.to_sql(kind, out),
            Field::TimestampMicros(micros) => {
                let time = DateTime::from_timestamp_micros(*micros).ok_or("a timestamp out of range")?;
                time.naive_utc().to_sql(kind, out)
            }
            Field::Date(days) => {
                let day = NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(*days)));
                day.ok_or("a date out of range")?.to_sql(kind, out)
            }
            _ => Err(format!("the column does not have the Parquet type of {kind}").into()),
        }
    }

    fn accepts(_: &PgType) -> bool {
        true
    }

    to_sql_checked!();
}
