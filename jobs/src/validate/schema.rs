//! Checks the file's schema against the table's columns: number, names, order and Parquet types.
//!
//! About COPY from Parquet, AWS documents only that "the data types must match": each column has one type, unwidened.

use contract::Type;
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::Type as Node;

use super::refusal::Refusal;
use crate::table::FileColumn;

pub(super) fn check(root: &Node, columns: &[FileColumn<'_>]) -> Result<(), Refusal> {
    let (found, expected) = (root.get_fields().len(), columns.len());
    if found != expected {
        return Refusal::of("column_count", format!("{found} columns, but the table has {expected}"));
    }
    for (place, (field, column)) in root.get_fields().iter().zip(columns).enumerate() {
        field_matches(place, field, column).map_err(|refusal| refusal.in_column(column.0))?;
    }
    Ok(())
}

fn field_matches(place: usize, field: &Node, &(name, kind, _): &FileColumn<'_>) -> Result<(), Refusal> {
    if field.name() != name {
        return Refusal::of("column_name", format!("column {} of the file is `{}`", place + 1, field.name()));
    }
    let info = field.get_basic_info();
    if !field.is_primitive() || !info.has_repetition() || info.repetition() == Repetition::REPEATED {
        let problem = format!("a list, struct, map or repeated field, but {kind} is a single value");
        return Refusal::of("nested", problem);
    }
    let (physical, logical, converted) = (field.get_physical_type(), info.logical_type_ref(), info.converted_type());
    if is_accepted(kind, physical, logical, converted) {
        return Ok(());
    }
    let annotation = match (logical, converted) {
        (Some(logical), _) => format!(" annotated {logical:?}"),
        (None, ConvertedType::NONE) => " without annotation".to_owned(),
        (None, converted) => format!(" annotated {converted}"),
    };
    let instant = matches!(logical, Some(LogicalType::Timestamp(_)))
        || converted == ConvertedType::TIMESTAMP_MILLIS
        || physical == Physical::INT96;
    let (code, hint) =
        if kind == Type::Timestamp && instant { ("timestamp_unit", "; COPY reads microseconds") } else { ("type", "") };
    Refusal::of(code, format!("a column of type {kind} cannot hold {physical}{annotation}{hint}"))
}

/// Uses the file's newer annotation or, if it is missing, the older one. JSON is text here: it is loaded as VARBYTE and
/// then parsed by JSON_PARSE.
fn is_accepted(kind: Type, physical: Physical, logical: Option<&LogicalType>, converted: ConvertedType) -> bool {
    let unannotated = logical.is_none() && converted == ConvertedType::NONE;
    let annotated = |newer: fn(&LogicalType) -> bool, older: ConvertedType| match logical {
        Some(logical) => newer(logical),
        None => converted == older,
    };
    match kind {
        Type::String(_) | Type::Json => {
            physical == Physical::BYTE_ARRAY
                && annotated(|logical| matches!(logical, LogicalType::String), ConvertedType::UTF8)
        }
        Type::Integer => {
            let signed = |logical: &LogicalType| matches!(logical, LogicalType::Integer(int) if int.is_signed && int.bit_width == 64);
            physical == Physical::INT64 && (unannotated || annotated(signed, ConvertedType::INT_64))
        }
        Type::Double => physical == Physical::DOUBLE && unannotated,
        Type::Boolean => physical == Physical::BOOLEAN && unannotated,
        Type::Date => {
            physical == Physical::INT32
                && annotated(|logical| matches!(logical, LogicalType::Date), ConvertedType::DATE)
        }
        Type::Timestamp => {
            let micros = |logical: &LogicalType| matches!(logical, LogicalType::Timestamp(time) if time.unit == TimeUnit::MICROS);
            physical == Physical::INT64 && annotated(micros, ConvertedType::TIMESTAMP_MICROS)
        }
    }
}
