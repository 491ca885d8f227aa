//! The contract's types: one YAML file is the only description of a source.
//!
//! The Arrow schema, the Redshift and PostgreSQL tables, the dbt sources with their tests, and the docs are generated
//! from it. `jobs/contracts/spacex.yaml` starts with a comment that explains every key.

mod types;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};

pub use types::{Reference, Type};

use crate::incremental::{Incremental, Mode};
use crate::request::{Parameter, Request};

/// One source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Its name: the folder in the lake and the schema in the warehouse.
    pub source: String,
    /// Scheme and host, without a trailing slash.
    pub base_url: String,
    /// How it is requested.
    #[serde(default)]
    pub request: Request,
    /// The secret that columns with [`Personal::Hash`] are hashed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_key: Option<Parameter>,
    /// Defaults for collections and columns.
    #[serde(default)]
    pub defaults: Defaults,
    /// The collections by name, which is also the table name.
    pub collections: IndexMap<String, Collection>,
}

/// Defaults for collections and columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// What to do with a field that the contract does not define.
    pub drift: Drift,
    /// The share of quarantined records (0 to 1) above which the collection is rejected.
    pub max_quarantine_share: f64,
    /// The share of a table's rows (0 to 1) that one load may mark as deleted; default:
    /// [`Contract::max_deleted_share`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_deleted_share: Option<f64>,
    /// The share of a column's values (0 to 1) that one load may set to null; default: [`Contract::max_emptied_share`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_emptied_share: Option<f64>,
    /// What to do with tables and columns that leave the contract; default: [`Removed::Null`].
    #[serde(deserialize_with = "removed", skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removed>,
    /// The cleaning steps for strings, in order.
    pub clean: Vec<Clean>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            drift: Drift::Evolve,
            max_quarantine_share: 0.05,
            max_deleted_share: None,
            max_emptied_share: None,
            removed: None,
            clean: vec![Clean::Trim, Clean::EmptyToNull],
        }
    }
}

/// One collection: one request, one table, and a child table for some of its nested lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// The request path, after the base URL.
    pub path: String,
    /// How it is requested, where this differs from [`Contract::request`].
    #[serde(default)]
    pub request: Request,
    /// How only changes are requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental: Option<Incremental>,
    /// Whether records change.
    #[serde(default)]
    pub mode: Mode,
    /// The shape of the response.
    #[serde(default)]
    pub answer: Answer,
    /// The column that identifies a record.
    pub key: String,
    /// What one row represents.
    pub doc: String,
    /// Overrides [`Defaults::drift`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Overrides [`Defaults::max_quarantine_share`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quarantine_share: Option<f64>,
    /// Overrides [`Defaults::max_deleted_share`] for this collection and its child tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_deleted_share: Option<f64>,
    /// Overrides [`Defaults::max_emptied_share`] for this collection and its child tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_emptied_share: Option<f64>,
    /// Overrides [`Defaults::removed`] for the columns of this collection and its child tables.
    #[serde(default, deserialize_with = "removed", skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removed>,
    /// The columns in table order.
    pub columns: IndexMap<String, Column>,
    /// The child tables for nested lists.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub children: IndexMap<String, Child>,
}

impl Collection {
    /// Returns whether a column of its tables has [`Personal::Hash`].
    pub fn has_hashes(&self) -> bool {
        let children = self.children.values().flat_map(|child| child.columns.values());
        self.columns.values().chain(children).any(|column| column.personal == Some(Personal::Hash))
    }
}

/// A nested list as its own table: one row per element, keyed by the parent's key and the position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// The dotted path of the list inside the record.
    pub at: String,
    /// The column with the parent's key.
    pub parent_key: String,
    /// Whether an element with only null fields is dropped, and counted.
    #[serde(default)]
    pub drop_when_all_null: bool,
    /// What one row represents.
    pub doc: String,
    /// The columns after the parent's key and `position`.
    pub columns: IndexMap<String, Column>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The dotted path inside the record, or `.` for the list element itself; defaults to the column name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Whether a record without this column is quarantined.
    #[serde(default)]
    pub required: bool,
    /// Whether values must be unique; always true for the key.
    #[serde(default)]
    pub unique: bool,
    /// The physical unit or currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The documented values; dbt reports any other value, but a load accepts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The column that its values refer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<Reference>,
    /// The number of values that are known to have no match: above it, dbt warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_gaps: Option<u64>,
    /// Overrides [`Defaults::clean`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean: Option<Vec<Clean>>,
    /// What is written instead of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Personal>,
    /// The description, one sentence.
    pub doc: String,
}

impl Column {
    /// Returns the dotted path inside the record.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        self.at.as_deref().unwrap_or(name)
    }
}

/// What is written instead of personal data; only `raw/` has the data itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Personal {
    /// Nothing: the table has no such column.
    Drop,
    /// The HMAC-SHA256 of the text in hexadecimal, so that equal values stay equal.
    Hash,
    /// [`Personal::MASK`].
    Mask,
}

impl Personal {
    /// What is written instead of a masked text.
    pub const MASK: &'static str = "***";

    /// The length in bytes of what is written instead of a text.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Drop => 0,
            Self::Hash => 64,
            Self::Mask => 3,
        }
    }
}

/// The shape of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// A JSON array of records.
    #[default]
    List,
    /// One record as a bare object.
    Object,
}

/// What to do with a field that the contract does not define.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// Keep it in `_extra`.
    Evolve,
    /// Quarantine the record.
    Quarantine,
    /// Reject the whole collection.
    Freeze,
}

/// What a load does with a table or column that is no longer in the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Removed {
    /// Keep its values.
    Keep,
    /// Set the column to null in every row that a load writes; mark the rows of the table as deleted.
    #[default]
    Null,
    /// Drop it, unless another object depends on it.
    Drop,
}

/// Reads a policy: `removed: null` without quotes is a value here, not a missing one.
fn removed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Removed>, D::Error> {
    Option::<Removed>::deserialize(deserializer).map(|policy| Some(policy.unwrap_or_default()))
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
