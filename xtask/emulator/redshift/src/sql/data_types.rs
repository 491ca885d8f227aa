//! Data types of Redshift, and their types in PostgreSQL.
//!
//! A VARCHAR in a table definition has 256 bytes unless stated; in an expression it has the length of its value. The engine
//! makes tables enforce bytes (rule `varchar-bytes`), and casts cut to bytes. VARBYTE has no length here.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, Ident, ObjectName, TimezoneInfo, TypeModifier};

use super::gate::{Gate, Outcome, refusal};
use super::names::parts;
use crate::rules::sql;

/// The longest VARCHAR in bytes.
pub(super) const MOST_TEXT: u64 = 65_535;
const MOST_CHAR: u64 = 4_096;
const DEFAULT_TEXT: u64 = 256;

/// Where a type stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the definition of a column.
    Column,
    /// In an expression. Types of the leader node's catalogs are accepted here.
    Expression,
}

/// The type for PostgreSQL.
pub(super) fn translate(gate: Gate<'_>, kind: &DataType, place: Place) -> Outcome<DataType> {
    let unknown = || refusal(&sql::UNKNOWN_TYPE, format!("type \"{kind}\" does not exist"));
    Ok(match kind {
        DataType::SmallInt(None) | DataType::Int2(None) => DataType::SmallInt(None),
        DataType::Integer(None) | DataType::Int(None) | DataType::Int4(None) => DataType::Integer(None),
        DataType::BigInt(None) | DataType::Int8(None) => DataType::BigInt(None),
        DataType::Numeric(info) | DataType::Decimal(info) => DataType::Numeric(number(gate, info)?),
        DataType::Real | DataType::Float4 => DataType::Real,
        DataType::DoublePrecision | DataType::Float8 | DataType::Float(ExactNumberInfo::None) => {
            DataType::DoublePrecision
        }
        DataType::Float(ExactNumberInfo::Precision(digits)) if *digits <= 24 => DataType::Real,
        DataType::Float(ExactNumberInfo::Precision(digits)) if *digits <= 53 => DataType::DoublePrecision,
        DataType::Bool | DataType::Boolean => DataType::Boolean,
        DataType::Date => DataType::Date,
        DataType::Timestamp(None, zone) => DataType::Timestamp(None, *zone),
        DataType::Time(None, zone) => DataType::Time(None, *zone),
        DataType::Varchar(length)
        | DataType::CharacterVarying(length)
        | DataType::CharVarying(length)
        | DataType::Nvarchar(length) => DataType::Varchar(text(gate, length.as_ref(), place)?),
        DataType::Text => DataType::Varchar(text(gate, None, place)?),
        DataType::Char(length) | DataType::Character(length) => char_type(gate, length.as_ref())?,
        DataType::Varbinary(_) => DataType::Bytea,
        DataType::Regclass if place == Place::Expression => DataType::Regclass,
        DataType::JSON | DataType::JSONB => {
            gate.refuse(&sql::JSON_OPERATOR, format!("type \"{}\" does not exist", kind.to_string().to_lowercase()))?;
            kind.clone()
        }
        DataType::Array(_) => {
            gate.refuse(&sql::ARRAY, "arrays are not supported")?;
            kind.clone()
        }
        DataType::Custom(name, modifiers) => custom(gate, name, modifiers, place)?.ok_or_else(unknown)?,
        _ => return Err(unknown()),
    })
}

/// Whether ALTER COLUMN TYPE may change to this type.
pub(super) fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Varchar(_) | DataType::Bytea)
}

fn custom(gate: Gate<'_>, name: &ObjectName, modifiers: &[TypeModifier], place: Place) -> Outcome<Option<DataType>> {
    let parts = parts(name);
    let [name] = parts.as_slice() else { return Ok(None) };
    let plain = |name: &str| DataType::Custom(ObjectName::from(Ident::new(name)), Vec::new());
    Ok(match (name.as_str(), modifiers) {
        ("super", []) => Some(plain("super")),
        ("timestamptz", []) => Some(DataType::Timestamp(None, TimezoneInfo::WithTimeZone)),
        ("timetz", []) => Some(DataType::Time(None, TimezoneInfo::WithTimeZone)),
        ("nchar", []) => Some(char_type(gate, None)?),
        ("bpchar", []) => Some(plain("bpchar")),
        ("varbyte", [] | [TypeModifier::Number(..)]) => Some(DataType::Bytea),
        ("name" | "oid", []) if place == Place::Expression => Some(plain(name)),
        _ => None,
    })
}

fn number(gate: Gate<'_>, info: &ExactNumberInfo) -> Outcome<ExactNumberInfo> {
    let (precision, scale) = match *info {
        ExactNumberInfo::None => (18, 0),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
    };
    let wrong = precision > 38 || !(0..=37).contains(&scale);
    let message = format!("DECIMAL precision {precision}, scale {scale} must be at most 38 and 37");
    gate.refuse_if(wrong, &sql::DECIMAL_PRECISION, message)?;
    Ok(ExactNumberInfo::PrecisionAndScale(precision, scale))
}

fn text(gate: Gate<'_>, length: Option<&CharacterLength>, place: Place) -> Outcome<Option<CharacterLength>> {
    let length = match length {
        None if place == Place::Expression => return Ok(None),
        None => DEFAULT_TEXT,
        Some(CharacterLength::Max) => MOST_TEXT,
        Some(CharacterLength::IntegerLength { length, .. }) => *length,
    };
    let message = format!("length for type varchar cannot exceed {MOST_TEXT}");
    gate.refuse_if(length > MOST_TEXT, &sql::VARCHAR_LENGTH, message)?;
    Ok(Some(CharacterLength::IntegerLength { length, unit: None }))
}

fn char_type(gate: Gate<'_>, length: Option<&CharacterLength>) -> Outcome<DataType> {
    let length = match length {
        None => 1,
        Some(CharacterLength::Max) => MOST_CHAR,
        Some(CharacterLength::IntegerLength { length, .. }) => *length,
    };
    let message = format!("length for type char cannot exceed {MOST_CHAR}");
    gate.refuse_if(length > MOST_CHAR, &sql::VARCHAR_LENGTH, message)?;
    Ok(DataType::Char(Some(CharacterLength::IntegerLength { length, unit: None })))
}
