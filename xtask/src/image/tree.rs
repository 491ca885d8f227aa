//! A build context as a value: the same files always produce the same bytes.

use std::collections::BTreeMap;
use std::io;

use crate::digest::sha256;

/// An entry of a tree: a folder with its mode, a file with mode and bytes, or a symbolic link. root owns everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Folder(u32),
    File(u32, Vec<u8>),
    Link(String),
}

/// Files and folders by their relative paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Node>);

impl Tree {
    /// Adds an entry and any missing parent folders.
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

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(path, node)| (path.as_str(), node))
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        match self.0.get(path)? {
            Node::File(_, bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    #[must_use]
    pub fn only(&self, selects: impl Fn(&str) -> bool) -> Self {
        let mut selected = Self::default();
        for (path, node) in self.iter().filter(|(path, node)| !matches!(node, Node::Folder(_)) && selects(path)) {
            selected.put(path, node.clone());
        }
        selected
    }

    /// Returns the fingerprint of each entry by path: its kind, mode, and SHA-256 or link target as one string.
    pub fn fingerprints(&self) -> BTreeMap<String, String> {
        let fingerprint = |node: &Node| match node {
            Node::Folder(mode) => format!("folder {mode:o}"),
            Node::File(mode, bytes) => format!("file {mode:o} {}", sha256(bytes)),
            Node::Link(target) => format!("link {target}"),
        };
        self.iter().map(|(path, node)| (path.to_owned(), fingerprint(node))).collect()
    }

    /// Merges two trees; if both contain a path, the entry of `other` wins.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the tree as a tar archive. It contains every folder, and all times are 0: the engine would create a
    /// missing folder with the build time, which would change the layer's digest.
    pub fn tar(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, node) in self.iter() {
            let (kind, mode, bytes) = match node {
                Node::Folder(mode) => (tar::EntryType::Directory, *mode, &[][..]),
                Node::File(mode, bytes) => (tar::EntryType::Regular, *mode, bytes.as_slice()),
                Node::Link(_) => (tar::EntryType::Symlink, 0o777, &[][..]),
            };
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_size(bytes.len() as u64);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            match node {
                Node::Folder(_) => archive.append_data(&mut header, format!("{path}/"), bytes)?,
                Node::File(..) => archive.append_data(&mut header, path, bytes)?,
                Node::Link(target) => archive.append_link(&mut header, path, target)?,
            }
        }
        archive.into_inner()
    }
}
