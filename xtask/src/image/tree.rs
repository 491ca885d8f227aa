//! A build context as a value: the same files always produce the same bytes.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

/// One entry of a tree. Its owner is always root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A folder and its mode.
    Folder(u32),
    /// A file, its mode, its bytes.
    File(u32, Vec<u8>),
    /// A symbolic link and its target.
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
    /// Adds an entry, and its missing parent folders.
    pub fn put(&mut self, path: &str, node: Node) {
        for (at, _) in path.match_indices('/') {
            self.0.entry(path[..at].to_owned()).or_insert(Node::Folder(0o755));
        }
        self.0.insert(path.to_owned(), node);
    }

    /// Adds a file that every user may read.
    pub fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.put(path, Node::File(0o644, bytes.into()));
    }

    /// All entries, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// A file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.0.get(path)? {
            Node::File(_, bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The entries with these paths.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let mut kept = Self::default();
        for (path, node) in self.iter().filter(|(path, node)| !matches!(node, Node::Folder(_)) && wanted(path)) {
            kept.put(path, node.clone());
        }
        kept
    }

    /// Both trees; the other's entry wins if both have a path.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// As a tar archive. It contains every folder, and all times are 0: the engine gives a missing folder the time of the
    /// build, which would change the layer's digest.
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
