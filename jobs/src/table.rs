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
mod parquet;
mod personal;
mod pieces;
mod record;
mod response;
mod row;
mod rows;

pub use column::{FileColumn, file_columns};
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
