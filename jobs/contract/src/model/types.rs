//! The types of columns, and the columns that they refer to.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Type {
    /// UTF-8 text with its maximum length in bytes, as in Redshift's VARCHAR; at most 65,535.
    String(u32),
    /// A signed 64-bit integer.
    Integer,
    /// A 64-bit float; integers are accepted.
    Double,
    /// True or false.
    Boolean,
    /// An instant, stored as UTC in microseconds: ISO 8601, `YYYY-MM-DDThh:mm:ss` with an optional fraction and an
    /// offset of at most 14 hours; without an offset it is UTC.
    Timestamp,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// Any JSON value, unchanged, at most 16 MB, with strings of at most [`Type::MAX_STRING`] bytes: SUPER on Redshift,
    /// jsonb on PostgreSQL.
    Json,
}

impl Type {
    /// The longest VARCHAR in Redshift, in bytes (Amazon Redshift Database Developer Guide, "Character types").
    pub const MAX_STRING: u32 = 65_535;

    /// The types without a length, by their names in a contract.
    const FIXED: [(&str, Self); 6] = [
        ("integer", Self::Integer),
        ("double", Self::Double),
        ("boolean", Self::Boolean),
        ("timestamp", Self::Timestamp),
        ("date", Self::Date),
        ("json", Self::Json),
    ];
}

impl TryFrom<String> for Type {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.strip_prefix("string(").and_then(|rest| rest.strip_suffix(')'));
        match length.map(str::parse) {
            Some(Ok(bytes)) if (1..=Self::MAX_STRING).contains(&bytes) => Ok(Self::String(bytes)),
            Some(_) => Err(format!("`{text}`: the length in bytes must be 1 to {}", Self::MAX_STRING)),
            None => Self::FIXED.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind).ok_or_else(|| {
                format!("unknown type `{text}`; use string(N), integer, double, boolean, timestamp, date or json")
            }),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(bytes) => write!(f, "string({bytes})"),
            kind => f.write_str(Self::FIXED.iter().find(|(_, fixed)| fixed == kind).map_or("", |(name, _)| name)),
        }
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `collection.column`: the target of a reference.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference {
    /// The table.
    pub table: String,
    /// Its column.
    pub column: String,
}

impl TryFrom<String> for Reference {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('.') {
            Some((table, column)) if !table.is_empty() && !column.is_empty() && !column.contains('.') => {
                Ok(Self { table: table.to_owned(), column: column.to_owned() })
            }
            _ => Err(format!("`{text}` is not a reference; use collection.column, for example rockets.id")),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
