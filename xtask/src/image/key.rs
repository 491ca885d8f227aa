//! The inputs of an image and their key.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::tree::{Tree, hex};

/// Everything that decides an image's contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inputs {
    /// Each file's kind, mode and SHA-256, by its path; the Dockerfile is one of them.
    pub files: BTreeMap<String, String>,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The stage of the Dockerfile.
    pub target: String,
    /// `linux/amd64` or `linux/arm64`.
    pub platform: String,
    /// The base image, by digest; `None` for `FROM scratch`.
    pub base: Option<String>,
}

impl Inputs {
    /// The fingerprints of a tree's files.
    pub fn files(tree: &Tree) -> BTreeMap<String, String> {
        tree.iter().map(|(path, node)| (path.to_owned(), node.fingerprint())).collect()
    }

    /// The image's key.
    pub fn key(&self) -> Key {
        // Maps are sorted by key, so that equal inputs produce the same text.
        let text = serde_json::to_vec(self).unwrap_or_default();
        Key(hex(&Sha256::digest(text)))
    }
}

/// The SHA-256 of an image's inputs, which is its tag: 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
