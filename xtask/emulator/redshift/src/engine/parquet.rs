//! The rows of a Parquet file as CSV for PostgreSQL, and whether the file fits its table.

use bytes::Bytes;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};
use parquet::basic::{ConvertedType, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type as Schema;
use tokio_postgres::Client;

use super::copy::Rejected;
use super::error::Failed;
use crate::rules::Disabled;
use crate::rules::service::{COPY_COLUMN_COUNT, COPY_COLUMN_TYPE, COPY_ROW_SIZE, VARCHAR_BYTES};

/// The largest row of COPY in bytes.
const ROW_BYTES: usize = 4 << 20;

/// The table and the columns that COPY loads.
pub(super) struct Target {
    /// The table, as it is written in the statement.
    pub(super) table: String,
    /// The columns, in the order of the file.
    pub(super) columns: Vec<TargetColumn>,
}

/// A column of the table.
pub(super) struct TargetColumn {
    /// Its name.
    pub(super) name: String,
    /// Its type without a length.
    kind: String,
    /// The length of a VARCHAR.
    bytes: Option<usize>,
}

impl Target {
    /// From the catalog.
    pub(super) async fn of(client: &Client, table: &str, columns: &[String]) -> Result<Self, Failed> {
        let sql = "SELECT attname::text, format_type(atttypid, NULL), CASE WHEN atttypmod > 4 THEN atttypmod - 4 END \
                   FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
        let rows = client.query(sql, &[&table]).await.map_err(Failed::of)?;
        let all = rows.iter().map(|row| TargetColumn {
            name: row.get(0),
            kind: row.get(1),
            bytes: row.get::<_, Option<i32>>(2).and_then(|bytes| usize::try_from(bytes).ok()),
        });
        let mut all: Vec<TargetColumn> = all.collect();
        if !columns.is_empty() {
            let mut listed = Vec::new();
            for name in columns {
                let plain = if name.starts_with('"') { name.trim_matches('"').to_owned() } else { name.to_lowercase() };
                let at = all.iter().position(|column| column.name == plain);
                let at = at
                    .ok_or_else(|| Failed::new(format!("column \"{plain}\" of relation \"{table}\" does not exist")))?;
                listed.push(all.swap_remove(at));
            }
            all = listed;
        }
        Ok(Self { table: table.to_owned(), columns: all })
    }
}

/// The rows of a file, one line of CSV each.
pub(super) fn rows<'a>(
    bytes: Bytes,
    url: &'a str,
    target: &'a Target,
    disabled: &'a Disabled,
) -> Result<impl Iterator<Item = Result<String, Rejected>> + 'a, Rejected> {
    let unreadable = move |error: parquet::errors::ParquetError| {
        Failed::new(format!("Spectrum Scan Error DETAIL: code: 15001 context: File '{url}' is not readable: {error}"))
    };
    let file = SerializedFileReader::new(bytes).map_err(unreadable)?;
    let schema = file.metadata().file_metadata().schema_descr().root_schema().clone();
    fits(schema.get_fields(), url, target, disabled)?;
    let rows = parquet::record::reader::RowIter::from_file_into(Box::new(file));
    Ok(rows.map(move |row| line(&row.map_err(unreadable)?, target, disabled)))
}

/// Compares the columns of the file with those of the table.
fn fits(
    fields: &[parquet::schema::types::TypePtr],
    url: &str,
    target: &Target,
    disabled: &Disabled,
) -> Result<(), Rejected> {
    if fields.len() != target.columns.len() && disabled.enforces(&COPY_COLUMN_COUNT) {
        let message = format!(
            "Spectrum Scan Error DETAIL: the file `{url}` has {} columns, COPY loads {}",
            fields.len(),
            target.columns.len()
        );
        return Err(COPY_COLUMN_COUNT.refusal(message).into());
    }
    for (field, column) in fields.iter().zip(&target.columns) {
        if !matches(field, &column.kind) && disabled.enforces(&COPY_COLUMN_TYPE) {
            let message = format!(
                "Spectrum Scan Error DETAIL: code: 15007 context: File '{url}' has an incompatible Parquet schema for \
                 column '{}'. Column type: {}, Parquet schema: {}",
                column.name,
                column.kind.to_uppercase(),
                described(field)
            );
            return Err(Rejected { column: column.name.clone(), failed: COPY_COLUMN_TYPE.refusal(message).into() });
        }
    }
    Ok(())
}

fn described(field: &Schema) -> String {
    match field {
        Schema::PrimitiveType { physical_type, basic_info, .. } => {
            format!("{physical_type} {} ({})", field.name(), basic_info.converted_type())
        }
        Schema::GroupType { .. } => format!("group {}", field.name()),
    }
}

/// Whether a column of Parquet can be loaded into a column of this type. The page about columnar formats has no table of types, so
/// it has the obvious pairs.
fn matches(field: &Schema, kind: &str) -> bool {
    let Schema::PrimitiveType { physical_type, basic_info, .. } = field else { return false };
    let converted = basic_info.converted_type();
    match (kind, physical_type) {
        ("character varying" | "character" | "text", Physical::BYTE_ARRAY) => {
            matches!(converted, ConvertedType::UTF8 | ConvertedType::JSON | ConvertedType::ENUM)
        }
        ("bytea" | "varbyte", Physical::BYTE_ARRAY) => true,
        ("bigint", Physical::INT64) => matches!(converted, ConvertedType::NONE | ConvertedType::INT_64),
        ("integer", Physical::INT32) => matches!(converted, ConvertedType::NONE | ConvertedType::INT_32),
        ("smallint", Physical::INT32) => converted == ConvertedType::INT_16,
        ("double precision", Physical::DOUBLE) | ("real", Physical::FLOAT) | ("boolean", Physical::BOOLEAN) => true,
        ("date", Physical::INT32) => converted == ConvertedType::DATE,
        ("timestamp without time zone", Physical::INT64) => {
            matches!(converted, ConvertedType::TIMESTAMP_MICROS | ConvertedType::TIMESTAMP_MILLIS)
        }
        _ => false,
    }
}

fn line(row: &Row, target: &Target, disabled: &Disabled) -> Result<String, Rejected> {
    let (mut line, mut bytes) = (String::new(), 0);
    for (at, ((_, field), column)) in row.get_column_iter().zip(&target.columns).enumerate() {
        if at > 0 {
            line.push(',');
        }
        let length = match field {
            Field::Str(text) => text.len(),
            Field::Bytes(value) => value.len(),
            _ => 8,
        };
        bytes += length;
        if matches!(field, Field::Str(_))
            && let Some(most) = column.bytes.filter(|most| *most < length)
            && disabled.enforces(&VARCHAR_BYTES)
        {
            let message = format!(
                "Spectrum Scan Error DETAIL: code: 15001 context: The length of the data column {} is longer than the \
                 length defined in the table. Table: {most}, Data: {length}",
                column.name
            );
            return Err(Rejected { column: column.name.clone(), failed: VARCHAR_BYTES.refusal(message).into() });
        }
        match field {
            // PostgreSQL would read the backslashes of a text as escapes of bytes.
            Field::Str(text) if column.kind == "bytea" => line.push_str(&hexadecimal(text.as_bytes())),
            field => value(field, &mut line)?,
        }
    }
    if bytes > ROW_BYTES && disabled.enforces(&COPY_ROW_SIZE) {
        return Err(COPY_ROW_SIZE.refusal(format!("a row of {bytes} bytes is larger than 4 MB")).into());
    }
    // Only without the rule about the number of columns.
    line.extend((row.len()..target.columns.len()).map(|_| ','));
    line.push('\n');
    Ok(line)
}

fn value(field: &Field, line: &mut String) -> Result<(), Failed> {
    let text = match field {
        Field::Null => return Ok(()),
        Field::Str(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        Field::Bytes(value) => hexadecimal(value.data()),
        Field::Short(value) => value.to_string(),
        Field::Int(value) => value.to_string(),
        Field::Long(value) => value.to_string(),
        Field::Float(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        Field::Bool(value) => value.to_string(),
        Field::Date(days) => {
            let date = NaiveDate::default() + TimeDelta::days((*days).into());
            format!("{}{}", day(date), era(date))
        }
        Field::TimestampMillis(millis) => instant(DateTime::from_timestamp_millis(*millis))?,
        Field::TimestampMicros(micros) => instant(DateTime::from_timestamp_micros(*micros))?,
        other => return Err(Failed::new(format!("the emulator does not load values like {other}"))),
    };
    line.push_str(&text);
    Ok(())
}

/// Bytes as PostgreSQL reads them.
fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().fold(String::with_capacity(2 + 2 * bytes.len()), |mut digits, byte| {
        digits.extend([byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or_default()));
        digits
    });
    format!("\\x{digits}")
}

fn instant(time: Option<DateTime<chrono::Utc>>) -> Result<String, Failed> {
    let time = time.ok_or_else(|| Failed::new("a timestamp is out of range"))?;
    let date = time.date_naive();
    Ok(format!("{} {}{}", day(date), time.format("%H:%M:%S%.6f"), era(date)))
}

/// A day as PostgreSQL reads it: year 0 is 1 BC.
fn day(date: NaiveDate) -> String {
    let year = if date.year() > 0 { date.year() } else { 1 - date.year() };
    format!("{year:04}-{:02}-{:02}", date.month(), date.day())
}

fn era(date: NaiveDate) -> &'static str {
    if date.year() > 0 { "" } else { " BC" }
}
