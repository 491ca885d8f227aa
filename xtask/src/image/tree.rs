//! Files as a value: what an engine gets to build from, always the same bytes for the same files.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

/// One entry of a tree. Owners are always root: a build's COPY keeps nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A folder and its mode.
    Folder(u32),
    /// A file, its mode, its bytes.
    File(u32, Vec<u8>),
    /// A symbolic link and what it says.
    Link(String),
}

impl Node {
    /// Kind, mode and SHA-256 in one text.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Folder(mode) => format!("folder {mode:o}"),
            Self::File(mode, bytes) => format!("file {mode:o} {}", hex(&Sha256::digest(bytes))),
            Self::Link(to) => format!("link {to}"),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Files and folders by their paths, relative and with `/` between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Node>);

impl Tree {
    /// Puts an entry into its place, and its parents where they are missing.
    pub fn put(&mut self, path: &str, node: Node) {
        for (at, _) in path.match_indices('/') {
            self.0.entry(path[..at].to_owned()).or_insert(Node::Folder(0o755));
        }
        self.0.insert(path.to_owned(), node);
    }

    /// The same with a file that everybody may read.
    pub fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.put(path, Node::File(0o644, bytes.into()));
    }

    /// In the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// A file's text, if it is there and is one.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.0.get(path)? {
            Node::File(_, bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// Only these paths.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let mut kept = Self::default();
        for (path, node) in self.iter().filter(|(path, node)| !matches!(node, Node::Folder(_)) && wanted(path)) {
            kept.put(path, node.clone());
        }
        kept
    }

    /// Two trees in one; where both have a path, the other's entry counts.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// As a tar archive. Every folder is in it: the engine gives one that is not the time of the build, and the layer
    /// would have another digest every time. All times are 0 for the same reason.
    pub fn tar(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, node) in self.iter() {
            let mut header = tar::Header::new_gnu();
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            match node {
                Node::Folder(mode) => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_mode(*mode);
                    header.set_size(0);
                    archive.append_data(&mut header, format!("{path}/"), io::empty())?;
                }
                Node::File(mode, bytes) => {
                    header.set_mode(*mode);
                    header.set_size(bytes.len() as u64);
                    archive.append_data(&mut header, path, bytes.as_slice())?;
                }
                Node::Link(to) => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_mode(0o777);
                    header.set_size(0);
                    archive.append_link(&mut header, path, to)?;
                }
            }
        }
        archive.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first_and_the_bytes_do_not_depend_on_the_order() {
        let mut one = Tree::default();
        one.file("a/b/c.txt", "c");
        one.put("a/link", Node::Link("b/c.txt".to_owned()));
        let mut other = Tree::default();
        other.put("a/link", Node::Link("b/c.txt".to_owned()));
        other.file("a/b/c.txt", "c");
        assert_eq!(one.tar().expect("an archive"), other.tar().expect("an archive"));
        assert_eq!(one.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["a", "a/b", "a/b/c.txt", "a/link"]);
    }
}
