//! The desired and current contents of a bucket.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::imports::Import;
use crate::digest::sha256;

/// The key of the manifest in the bucket.
pub const MANIFEST: &str = "dags/.dpworld-sync.json";

/// The file with Airflow's Python packages; MWAA reads a version of it, when the environment is updated.
pub const REQUIREMENTS: &str = "requirements.txt";

/// A local file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub bytes: Vec<u8>,
    pub sha256: String,
}

impl File {
    pub fn new(bytes: Vec<u8>) -> Self {
        let sha256 = sha256(&bytes);
        Self { bytes, sha256 }
    }
}

/// The desired content of the bucket, by key.
pub type Tree = BTreeMap<String, File>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The ETag, which changes with the content. It is the MD5 of the content only without KMS.
    pub etag: String,
    pub size: u64,
}

/// The current content of the bucket, by key.
pub type Remote = BTreeMap<String, Listed>;

/// An object whose content was read. Only a bucket with versioning has versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub sha256: String,
    pub version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    pub sha256: String,
    /// The ETag that S3 returned.
    pub etag: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// The object existed with this content before the sync: it is never deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

/// An upload that a sync announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
}

/// The objects that belong to the sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub files: BTreeMap<String, Owned>,
    /// The uploads of a running or interrupted sync: an object with that content also belongs to the sync.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, Pending>,
}

impl Manifest {
    /// Returns the files, including the uploads that an interrupted sync completed, and the keys of those uploads.
    pub(super) fn settled(
        &self,
        remote: &Remote,
        seen: &BTreeMap<String, Seen>,
    ) -> (BTreeMap<String, Owned>, BTreeSet<String>) {
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
