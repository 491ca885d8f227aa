//! A folder put into a bucket: what has to be sent and removed, and in which order.
//!
//! Beside the objects lies a manifest of those that are ours. An object that is not in it belongs to somebody else, one
//! that is no longer as the manifest has it was changed by somebody else, and both are left alone.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod order;
mod plan;
mod python;

#[cfg(test)]
mod tests;

pub use plan::{Expect, Plan, Step, Wanted, doubtful, plan};
pub use python::{FOLDER, Import, check, is_python};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where the manifest lies.
pub const MANIFEST: &str = "dags/.dpworld-sync.json";

/// Python packages for Airflow, which reads them by version, and only when its environment is updated.
pub const REQUIREMENTS: &str = "requirements.txt";

/// Content for a moment: a module that imports nothing, where modules import each other in a circle.
pub const STAND_IN: &[u8] = b"# cargo xtask sync-dags is at work; this file's own content follows.\n";

/// A file of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its content.
    pub bytes: Vec<u8>,
    /// The content's SHA-256.
    pub sha256: String,
}

impl File {
    /// With its hash.
    pub fn new(bytes: Vec<u8>) -> Self {
        let sha256 = sha256(&bytes);
        Self { bytes, sha256 }
    }
}

/// The files that shall be in the bucket, by their keys.
pub type Tree = BTreeMap<String, File>;

/// An object as a listing tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Changes with the content. Only without KMS is it the content's MD5.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// What is in the bucket, by key.
pub type Remote = BTreeMap<String, Listed>;

/// An object that had to be read to know whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Of its content.
    pub sha256: String,
    /// Its version, in a bucket that keeps versions.
    pub version: Option<String>,
}

/// An object that we wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// Of what we wrote.
    pub sha256: String,
    /// What the bucket called it.
    pub etag: String,
    /// Its version, in a bucket that keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of a Python file: what it imports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// It was there with our content, and nobody knows who wrote it: never deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

/// What a sync is about to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Of the content.
    pub sha256: String,
    /// Of a Python file: what it imports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
}

/// The objects that are ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What became of them, by key.
    pub files: BTreeMap<String, Owned>,
    /// What a sync that has not ended yet, or was interrupted, writes: an object with such content is ours as well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, Pending>,
}

impl Manifest {
    /// With what an interrupted sync has written, as far as it is there; and which keys those are.
    fn settled(&self, remote: &Remote, seen: &BTreeMap<String, Seen>) -> (BTreeMap<String, Owned>, BTreeSet<String>) {
        let (mut files, mut settled) = (self.files.clone(), BTreeSet::new());
        let stand_in = sha256(STAND_IN);
        for (key, pending) in &self.pending {
            let (Some(there), Some(seen)) = (remote.get(key), seen.get(key)) else { continue };
            let is_stand_in = seen.sha256 == stand_in;
            if is_stand_in || seen.sha256 == pending.sha256 {
                let imports = if is_stand_in { Vec::new() } else { pending.imports.clone() };
                let (sha256, etag, version) = (seen.sha256.clone(), there.etag.clone(), seen.version.clone());
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
