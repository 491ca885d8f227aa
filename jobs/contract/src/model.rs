//! The contract as types: one YAML file describes a source, and nothing else in the platform repeats it.
//!
//! From it come the Arrow schema, the Redshift and PostgreSQL tables, dbt's sources with their tests, and the docs.
//! `jobs/contracts/spacex.yaml` opens with a legend of every key.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::Ordered;

/// A whole source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Its name: the folder in the lake and the schema in the warehouse.
    pub source: String,
    /// Scheme and host, without a final slash.
    pub base_url: String,
    /// What holds where a collection or column says nothing.
    #[serde(default)]
    pub defaults: Defaults,
    /// Every collection by name, which is also its table's name.
    pub collections: Ordered<Collection>,
}

/// What holds where a collection or column says nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// What to do with a field that the contract does not name.
    pub drift: Drift,
    /// The share of records (0 to 1) above which a collection is refused rather than thinned out.
    pub max_quarantine_share: f64,
    /// The share of a table's rows (0 to 1) that one load may mark as deleted; [`Contract::max_deleted_share`] has the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_deleted_share: Option<f64>,
    /// How strings are cleaned, in this order.
    pub clean: Vec<Clean>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            drift: Drift::Evolve,
            max_quarantine_share: 0.05,
            max_deleted_share: None,
            clean: vec![Clean::Trim, Clean::EmptyToNull],
        }
    }
}

/// One collection: one request, one table, and a child table for each nested list that deserves one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// The request's path, from the base URL.
    pub path: String,
    /// The shape of the answer.
    #[serde(default)]
    pub answer: Answer,
    /// The column that identifies a record.
    pub key: String,
    /// What one row is.
    pub doc: String,
    /// Overrides [`Defaults::drift`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Overrides [`Defaults::max_quarantine_share`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quarantine_share: Option<f64>,
    /// Overrides [`Defaults::max_deleted_share`], for the children's tables too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_deleted_share: Option<f64>,
    /// The columns in table order.
    pub columns: Ordered<Column>,
    /// The tables of nested lists.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub children: Ordered<Child>,
}

/// A nested list as a table of its own: one row an element, keyed by the parent's key and the position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// The dotted path of the list inside the record.
    pub at: String,
    /// The column that holds the parent's key.
    pub parent_key: String,
    /// Whether an element whose fields are all null is dropped, with a count.
    #[serde(default)]
    pub drop_when_all_null: bool,
    /// What one row is.
    pub doc: String,
    /// The columns after the parent's key and `position`.
    pub columns: Ordered<Column>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The dotted path inside the record, `.` for a list's element itself; by default the column's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Whether a record without it goes to quarantine.
    #[serde(default)]
    pub required: bool,
    /// Whether a value may come once only (the key is unique by itself).
    #[serde(default)]
    pub unique: bool,
    /// The physical unit or currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The documented domain of values; a value outside it is reported by dbt, not refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What the value points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<Reference>,
    /// How many values may point nowhere with a warning only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_gaps: Option<u64>,
    /// Overrides [`Defaults::clean`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean: Option<Vec<Clean>>,
    /// One sentence.
    pub doc: String,
}

impl Column {
    /// The dotted path inside the record.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        self.at.as_deref().unwrap_or(name)
    }
}

/// The shape of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// A JSON array of records.
    #[default]
    List,
    /// One record as a bare object.
    Object,
}

/// What to do with a field that the contract does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// Keep it in `_extra`.
    Evolve,
    /// Set the record aside.
    Quarantine,
    /// Refuse the collection.
    Freeze,
}

/// One step of cleaning a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clean {
    /// Remove white space at both ends.
    Trim,
    /// Turn an empty string into null.
    EmptyToNull,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Type {
    /// UTF-8 text of at most so many bytes. Redshift counts VARCHAR in bytes, at most 65,535.
    String(u32),
    /// A signed 64-bit integer.
    Integer,
    /// A 64-bit float; integers are taken too.
    Double,
    /// True or false.
    Boolean,
    /// An instant, kept as UTC with microseconds: ISO 8601, `YYYY-MM-DDThh:mm:ss` with an optional fraction and an offset
    /// of at most 14 hours; without an offset it is UTC.
    Timestamp,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// Any JSON as it came, at most [`Type::MAX_STRING`] bytes of it: SUPER on Redshift, jsonb on PostgreSQL.
    Json,
}

impl Type {
    /// The longest VARCHAR of Redshift, in bytes (Amazon Redshift Database Developer Guide, "Character types").
    pub const MAX_STRING: u32 = 65_535;
}

impl TryFrom<String> for Type {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.strip_prefix("string(").and_then(|rest| rest.strip_suffix(')'));
        match (text.as_str(), length.map(str::parse)) {
            (_, Some(Ok(bytes))) if (1..=Self::MAX_STRING).contains(&bytes) => Ok(Self::String(bytes)),
            (_, Some(_)) => Err(format!("`{text}`: the length in bytes goes from 1 to {}", Self::MAX_STRING)),
            ("integer", _) => Ok(Self::Integer),
            ("double", _) => Ok(Self::Double),
            ("boolean", _) => Ok(Self::Boolean),
            ("timestamp", _) => Ok(Self::Timestamp),
            ("date", _) => Ok(Self::Date),
            ("json", _) => Ok(Self::Json),
            _ => Err(format!(
                "unknown type `{text}`; write string(N), integer, double, boolean, timestamp, date or json"
            )),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(bytes) => write!(f, "string({bytes})"),
            Self::Integer => f.write_str("integer"),
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Date => f.write_str("date"),
            Self::Json => f.write_str("json"),
        }
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `collection.column`: what a value points to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference {
    /// The table pointed to.
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
            _ => Err(format!("`{text}` is no reference; write collection.column, for example rockets.id")),
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
