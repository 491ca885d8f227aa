//! The result of a query in JSON: fields by the type of their column, in pages.

use serde_json::{Value, json};
use tokio_postgres::types::Type;

use crate::engine::{Column, Failed, Outcome};
use crate::rules::Disabled;
use crate::rules::service::RESULT_ROW_SIZE;

/// The bytes of a row.
const ROW: usize = 64 << 10;

/// Refuses a result with a row that is too large.
pub(super) fn check(outcome: &Outcome, disabled: &Disabled) -> Result<(), Failed> {
    let largest = outcome.rows.iter().map(|row| row.iter().flatten().map(String::len).sum::<usize>()).max();
    match largest.filter(|bytes| *bytes >= ROW) {
        Some(bytes) if disabled.enforces(&RESULT_ROW_SIZE) => {
            Err(RESULT_ROW_SIZE.refusal(format!("a row of the result has {bytes} bytes, the limit is 64 KB")).into())
        }
        _ => Ok(()),
    }
}

/// A page of a result: at most `size` rows after the first `from`.
pub(super) fn page(outcome: &Outcome, columns: &[Column], from: usize, size: usize) -> Value {
    let row = |row: &Vec<Option<String>>| -> Value {
        let fields = row.iter().zip(columns).map(|(value, column)| field(value.as_deref(), &column.kind));
        Value::Array(fields.collect())
    };
    let records: Vec<Value> = outcome.rows.iter().skip(from).take(size).map(row).collect();
    let metadata: Vec<Value> = columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name, "label": column.name, "typeName": type_name(&column.kind), "nullable": 1,
                "isCurrency": false, "isSigned": is_number(&column.kind), "isCaseSensitive": false,
            })
        })
        .collect();
    let mut page = json!({ "Records": records, "TotalNumRows": outcome.rows.len(), "ColumnMetadata": metadata });
    if from + size < outcome.rows.len() {
        page["NextToken"] = json!((from + size).to_string());
    }
    page
}

/// As the table of JDBC types in "Considerations when calling the Data API" has it; DECIMAL, dates and times are strings.
fn field(value: Option<&str>, kind: &Type) -> Value {
    let Some(text) = value else { return json!({ "isNull": true }) };
    match *kind {
        Type::BOOL => json!({ "booleanValue": text == "t" }),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => match text.parse::<i64>() {
            Ok(number) => json!({ "longValue": number }),
            Err(_) => json!({ "stringValue": text }),
        },
        Type::FLOAT4 | Type::FLOAT8 => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => json!({ "doubleValue": number }),
            // JSON has no number for it.
            _ => json!({ "doubleValue": text }),
        },
        _ => json!({ "stringValue": text }),
    }
}

fn is_number(kind: &Type) -> bool {
    [Type::INT2, Type::INT4, Type::INT8, Type::FLOAT4, Type::FLOAT8, Type::NUMERIC].contains(kind)
}

/// The name of a type in Redshift.
fn type_name(kind: &Type) -> &str {
    match *kind {
        Type::JSONB => "super",
        Type::TEXT => "varchar",
        Type::BYTEA => "varbyte",
        _ => kind.name(),
    }
}
