//! The manifest of one collection of a run, which `copy` checks before it loads. Its type is called a receipt because
//! the stored objects are, and because COPY's own manifest is a different file.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::{BTreeMap, BTreeSet};

use contract::{Collection, Contract, Defaults, Incremental, Parameter, Request, RunId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Increased whenever the same contract and response would produce different Parquet bytes than before.
const TRANSFORMATION: u32 = 6;

/// One collection's manifest, `stage/<source>/run=<id>/receipts/<collection>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub source: String,
    pub collection: String,
    pub run_id: RunId,
    /// When the response was requested: UTC, RFC 3339 with microseconds, so lexicographic order is chronological order.
    /// A replay keeps the time of the manifest that it replays: old bytes never supersede newer ones in the ledger, but
    /// a replay of the head under a different contract may replace it.
    pub fetched_at: String,
    /// When the response was sent, by the server's clock, if it says so; in the same format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// The fingerprint of the collection's part of the contract.
    pub fingerprint: String,
    /// The response's ETag, if it had one; for a file in a folder, its inode, modification time and size. It identifies
    /// the bytes, so a replay keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The final URL of the response, or of the file: an ETag is sent only to this URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How the response itself reports more records than it has, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// The earlier run that wrote these objects, if the source returned 304 (Not Modified).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged_since: Option<RunId>,
    /// The run whose stored bytes were transformed again, without a request to the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed_from: Option<RunId>,
    /// Whether the response has only some of the records, so that those it does not have are not deleted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub part: bool,
    /// The largest value of the cursor column, from which the next request starts: microseconds or days since 1970, or the
    /// number itself. A range has none, because it need not follow what was loaded before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<i64>,
    /// The version of the code that wrote the files; older manifests do not contain it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// Which records were removed from the objects after they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redactions: Vec<Redaction>,
    /// The bytes of the responses as received: one object, or one per page.
    #[serde(with = "one_or_many")]
    pub raw: Vec<Object>,
    /// The tables of the collection; child tables follow their parent.
    pub tables: Vec<TableReceipt>,
    /// The quarantined records, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Object>,
}

impl Receipt {
    /// Returns the Parquet files of every table.
    pub fn files(&self) -> impl Iterator<Item = &Object> {
        self.tables.iter().flat_map(|table| &table.files).map(|file| &file.object)
    }

    /// Returns whether this is the key of a Parquet file, including the one with quarantined records.
    pub fn lists(&self, key: &str) -> bool {
        self.files().chain(&self.quarantine).any(|object| object.key == key)
    }
}

/// Records that `forget` removed from a run's objects. Neither their keys nor anything derived from them is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// When: UTC, RFC 3339.
    pub at: String,
    /// The request that asked for it.
    pub request: String,
    /// The number of records in the responses; 0 if the responses no longer exist.
    pub records: u64,
    /// The number of rows in the files of all tables, and of quarantined records.
    pub rows: u64,
}

/// A single response is stored as an object, as in manifests of older versions.
mod one_or_many {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Object;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(Object),
        Many(Vec<Object>),
    }

    pub(super) fn serialize<S: Serializer>(objects: &[Object], serializer: S) -> Result<S::Ok, S::Error> {
        match objects {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Object>, D::Error> {
        Either::deserialize(deserializer).map(|either| match either {
            Either::One(object) => vec![object],
            Either::Many(objects) => objects,
        })
    }
}

/// One object in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    pub key: String,
    pub bytes: u64,
    /// The SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

impl Object {
    /// Returns how the stored object differs in size (in bytes); `stored` is `None` if the object is missing.
    pub fn size_problem(&self, stored: Option<u64>) -> Option<String> {
        match stored {
            None => Some("it is missing".to_owned()),
            Some(size) => {
                (size != self.bytes).then(|| format!("{size} bytes, but the manifest records {}", self.bytes))
            }
        }
    }

    /// Returns how the SHA-256 of the stored object differs.
    pub fn hash_problem(&self, sha256: &str) -> Option<String> {
        (sha256 != self.sha256).then(|| format!("its SHA-256 is {sha256}, but the manifest records {}", self.sha256))
    }
}

/// One table's files and counts; `read = rows + quarantined + dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReceipt {
    pub table: String,
    /// Records or list elements in the response.
    pub read: u64,
    /// Rows in the files.
    pub rows: u64,
    pub quarantined: u64,
    /// List elements dropped by a rule in the contract.
    pub dropped: u64,
    /// The number of values that are not null in each column that has any; older manifests do not contain it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, u64>,
    /// The fields in every row that the contract does not define.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<String>,
    pub files: Vec<File>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    #[serde(flatten)]
    pub object: Object,
    pub rows: u64,
}

/// Returns a hash of everything that determines which records are requested and how they become files: the collection's part
/// of the contract, the defaults, and this code.
pub fn fingerprint(contract: &Contract, name: &str, collection: &Collection) -> String {
    // Only a load, or the order and time of requests, depends on the values that are left out here: a change of them must not
    // require another transformation.
    let (max_deleted_share, max_emptied_share, removed) = (None, None, None);
    let defaults = Defaults { max_deleted_share, max_emptied_share, removed, ..contract.defaults.clone() };
    let request = contract.request_of(collection);
    let request = Request { rate_limit: None, concurrency: None, retry_statuses: Vec::new(), ..request };
    let incremental = collection.incremental.clone();
    let incremental = incremental.map(|incremental| Incremental { lookback: 0, snapshot_every: 0, ..incremental });
    let loaded = Collection { max_deleted_share, max_emptied_share, removed, ..collection.clone() };
    let collection = Collection { request, incremental, ..loaded };
    // A cursor belongs to the system that it was read from.
    let host = collection.incremental.as_ref().map(|_| &contract.base_url);
    let parts = (TRANSFORMATION, &contract.source, defaults, name, &collection, host);
    // Serialising plain structs into memory cannot fail; an empty text would only change the fingerprint.
    let mut text = serde_json::to_string(&parts).unwrap_or_default();
    // Another key gives other hashes; its value is a secret, so it gets a new name.
    text.extend(contract.hash_key.iter().filter(|_| collection.has_hashes()).filter_map(Parameter::secret));
    hex(&Sha256::digest(text))[..32].to_owned()
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Returns the version of the code that writes the files.
pub fn made_by() -> String {
    format!("dpworld {} (transformation {TRANSFORMATION})", env!("CARGO_PKG_VERSION"))
}

/// Formats bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "../tests/unit/receipt.rs"]
mod tests;
