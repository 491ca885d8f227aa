//! The manifest of one collection of a run, which `copy` checks before it loads. Its type is called a receipt because the
//! stored objects are, and COPY's own manifest is another file.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use contract::{Collection, Contract, Defaults, RunId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Increased whenever the same contract and response would give other Parquet bytes than before.
const TRANSFORMATION: u32 = 4;

/// One collection's manifest, `stage/<source>/run=<id>/receipts/<collection>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The contract's source.
    pub source: String,
    /// The collection.
    pub collection: String,
    /// The run.
    pub run_id: RunId,
    /// When the response was requested: UTC, RFC 3339 with microseconds, so that text order is time order. A replay keeps
    /// the time of the manifest that it replays, so that old bytes never overtake newer ones in the ledger, and the
    /// head's own bytes, transformed under another contract, may take its place.
    pub fetched_at: String,
    /// The fingerprint of the collection's part of the contract.
    pub fingerprint: String,
    /// The response's ETag, if it had one. It identifies the bytes, so a replay keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The URL of the response, if it was received by HTTP: an ETag is sent to this URL only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The earlier run whose objects these are, after a 304 "not modified".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged_since: Option<RunId>,
    /// The run whose stored bytes were transformed again, without a request to the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed_from: Option<RunId>,
    /// The version of the code that wrote the files; old manifests have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// The response's bytes as received.
    pub raw: Object,
    /// The tables of the collection; child tables follow their parent.
    pub tables: Vec<TableReceipt>,
    /// The quarantined records, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Object>,
}

impl Receipt {
    /// The Parquet files of every table.
    pub fn files(&self) -> impl Iterator<Item = &Object> {
        self.tables.iter().flat_map(|table| &table.files).map(|file| &file.object)
    }
}

/// One object in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

/// One table's files and counts; `read = rows + quarantined + dropped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReceipt {
    /// The table.
    pub table: String,
    /// Records or list elements in the response.
    pub read: u64,
    /// Rows in the files.
    pub rows: u64,
    /// Quarantined records or list elements.
    pub quarantined: u64,
    /// List elements dropped by the contract's rule.
    pub dropped: u64,
    /// The files in order.
    pub files: Vec<File>,
}

/// One Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The object.
    #[serde(flatten)]
    pub object: Object,
    /// Its number of rows.
    pub rows: u64,
}

/// Identifies how a collection's responses become files: its part of the contract, the defaults, and this code.
pub fn fingerprint(contract: &Contract, name: &str, collection: &Collection) -> String {
    // Only a load reads this limit: a change must not require another transformation.
    let defaults = Defaults { max_deleted_share: None, ..contract.defaults.clone() };
    let collection = Collection { max_deleted_share: None, ..collection.clone() };
    let parts = (TRANSFORMATION, &contract.source, defaults, name, collection);
    // Serialising plain structs into memory cannot fail; an empty text would only change the fingerprint.
    let text = serde_json::to_string(&parts).unwrap_or_default();
    hex(&Sha256::digest(text))[..32].to_owned()
}

/// The version of the code that writes the files.
pub fn made_by() -> String {
    format!("dpworld {} (transformation {TRANSFORMATION})", env!("CARGO_PKG_VERSION"))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    hex_onto(&mut text, bytes);
    text
}

/// Adds lower-case hexadecimal to a text.
pub(crate) fn hex_onto(text: &mut String, bytes: &[u8]) {
    const PAIRS: &str = "\
        000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f\
        303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f\
        606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f\
        909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\
        c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef\
        f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    bytes.iter().map(|byte| usize::from(*byte) * 2).for_each(|at| text.push_str(&PAIRS[at..at + 2]));
}

#[cfg(test)]
#[path = "../tests/unit/receipt.rs"]
mod tests;
