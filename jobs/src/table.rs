//! From the bytes of an answer to the bytes of Parquet files, one record at a time.
//!
//! ```text
//! bytes ──answer──> one record's JSON ──record──> typed rows, or reasons ──parquet──> bytes of a table's file
//! ```
//!
//! Everything here is a pure function of the bytes and the contract, so the same answer gives the same files.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod answer;
mod column;
mod parquet;
mod pieces;
mod record;
mod row;
mod schema;
mod twins;

pub use answer::{Answer, AnswerError, Step};
pub use parquet::Encoder;
pub use record::{Record, RecordReader};
pub use row::Row;
pub use schema::file_columns;
pub use twins::{Keys, Merge, Shelf, hash};
