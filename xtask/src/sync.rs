//! The plan of a sync from a folder to a bucket: what to upload and delete, and in which order.
//!
//! A manifest in the bucket lists the objects that belong to the sync. Objects that are not in it, or that changed since it
//! was written, belong to someone else and are not touched.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod imports;
mod order;
mod plan;

pub use imports::{FOLDER, Import, check, is_python};
pub use plan::{Expect, Plan, SyncInput, SyncStep, ambiguous, plan};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The manifest's key.
pub const MANIFEST: &str = "dags/.dpworld-sync.json";

/// Airflow's Python packages. MWAA reads them by version, only when its environment is updated.
pub const REQUIREMENTS: &str = "requirements.txt";

/// A local file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its content.
    pub bytes: Vec<u8>,
    /// The content's SHA-256.
    pub sha256: String,
}

impl File {
    /// A file with its hash.
    pub fn new(bytes: Vec<u8>) -> Self {
        let sha256 = sha256(&bytes);
        Self { bytes, sha256 }
    }
}

/// The desired content of the bucket, by key.
pub type Tree = BTreeMap<String, File>;

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Changes with the content. It is the content's MD5 only without KMS.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// The current content of the bucket, by key.
pub type Remote = BTreeMap<String, Listed>;

/// An object whose content was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// SHA-256 of the content.
    pub sha256: String,
    /// Its version, in a bucket with versioning.
    pub version: Option<String>,
}

/// An object in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// SHA-256 of the uploaded content.
    pub sha256: String,
    /// The ETag that S3 returned.
    pub etag: String,
    /// Its version, in a bucket with versioning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The imports of a Python file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// The object existed with this content before the sync: it is never deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

/// An upload that a sync announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// SHA-256 of the content.
    pub sha256: String,
    /// The imports of a Python file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
}

/// The objects that belong to the sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The uploaded objects, by key.
    pub files: BTreeMap<String, Owned>,
    /// The uploads of a running or interrupted sync: an object with such content belongs to the sync too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, Pending>,
}

impl Manifest {
    /// The files with the uploads that an interrupted sync completed, and the keys of those uploads.
    fn settled(&self, remote: &Remote, seen: &BTreeMap<String, Seen>) -> (BTreeMap<String, Owned>, BTreeSet<String>) {
        let (mut files, mut settled) = (self.files.clone(), BTreeSet::new());
        for (key, pending) in &self.pending {
            let (Some(listed), Some(seen)) = (remote.get(key), seen.get(key)) else { continue };
            if seen.sha256 == pending.sha256 {
                let Pending { sha256, imports } = pending.clone();
                let (etag, version) = (listed.etag.clone(), seen.version.clone());
                files.insert(key.clone(), Owned { sha256, etag, version, imports, adopted: false });
                settled.insert(key.clone());
            }
        }
        (files, settled)
    }
}

/// As 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
