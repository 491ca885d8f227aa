//! Converts the bytes of a response to the bytes of Parquet files, one record at a time.
//!
//! ```text
//! bytes ──response──> one record's JSON ──personal──> the same without personal data ──record──> typed rows, or reasons
//!       ──parquet──> bytes of a table's file
//! ```
//!
//! The result is a pure function of the bytes and the contract: the same response produces the same files.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::borrow::Cow;

use serde::Deserialize;

mod column;
mod gunzip;
mod parquet;
mod personal;
mod pieces;
mod record;
mod response;
mod row;
mod rows;

pub use column::{FileColumn, file_columns};
pub(crate) use gunzip::Gunzip;
pub use parquet::Encoder;
pub use personal::{HashKey, Redactor};
pub use record::{Record, RecordReader};
pub use response::{Response, ResponseError, Step};
pub use row::Row;
pub(crate) use rows::Rows;

/// A JSON string, borrowed from the response if it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A tree of the fields in a record.
trait Fields: Sized {
    /// Returns an object without fields.
    fn object() -> Self;

    /// Returns the fields of an object.
    fn fields(&mut self) -> Option<&mut Vec<(String, Self)>>;

    /// Sets the node at a dotted path; objects on the way to it are created.
    fn insert(&mut self, path: &str, leaf: Self) {
        let Some(fields) = self.fields() else { return };
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let place = fields.iter().position(|(name, _)| name == head).unwrap_or_else(|| {
            fields.push((head.to_owned(), Self::object()));
            fields.len() - 1
        });
        match rest {
            Some(rest) => fields[place].1.insert(rest, leaf),
            None => fields[place].1 = leaf,
        }
    }
}
