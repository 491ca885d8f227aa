//! Removes personal data from a record's JSON. Everything that is written except `raw/` is made from the result.
//!
//! ```text
//! value at a column's path   drop     hash             mask
//! null                       removed  null             null
//! "text"                     removed  "its HMAC"       "***"
//! 7, true, {…}               removed  0, false, {}     0, false, {}
//! ["text"]                   removed  ["its HMAC"]     ["***"]
//! ```
//!
//! A value of a wrong type keeps its type, so that its record is quarantined for the same reason, but not its content. Where
//! an object with such a column is expected, any other value becomes `"***"`. Lists are searched everywhere. If an object
//! arrives instead of a list, its fields are elements.

use std::borrow::Cow;

use contract::{Clean, Collection, Column, Contract, Personal};
use ring::hmac;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::clean;
use crate::receipt::hex;
use crate::table::{Fields, Text};

/// The shortest key in bytes: a shorter one than the hash "would decrease the security strength" (RFC 2104, section 3).
const SHORTEST: usize = 32;

/// The deepest nesting that the reader of records accepts (serde_json), and that is searched for personal data.
const DEEPEST: usize = 128;

/// The key of hashes.
#[derive(Clone, Debug)]
pub struct HashKey(hmac::Key);

impl HashKey {
    /// Creates a key; fails if it is too short, with the reason.
    pub fn new(secret: &str) -> Result<Self, String> {
        match secret.len() {
            SHORTEST.. => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))),
            bytes => Err(format!("has {bytes} bytes; a key of hashes needs at least {SHORTEST}")),
        }
    }
}

/// Rewrites the records of one collection.
#[derive(Debug)]
pub struct Redactor {
    root: Node,
    key: Option<HashKey>,
}

/// What happens to the value at a place in the record.
#[derive(Debug)]
enum Node {
    Keep,
    Rule(Personal, Vec<Clean>),
    /// An object, or the elements of a list.
    Object {
        fields: Vec<(String, Node)>,
        is_list: bool,
    },
}

impl Redactor {
    /// Creates a redactor; `None` if the collection has no personal data.
    pub fn new(contract: &Contract, collection: &Collection, key: Option<&HashKey>) -> Option<Self> {
        let mut root = Node::object();
        let mut insert = |path: &str, column: &Column| {
            let clean = column.clean.as_ref().unwrap_or(&contract.defaults.clean);
            let leaf = column.personal.map_or(Node::Keep, |personal| Node::Rule(personal, clean.clone()));
            root.insert(path, leaf);
        };
        for (name, column) in &collection.columns {
            insert(column.path(name), column);
        }
        for child in collection.children.values() {
            for (name, column) in &child.columns {
                match column.path(name) {
                    "." => insert(&child.at, column),
                    path => insert(&format!("{}.{path}", child.at), column),
                }
            }
        }
        collection.children.values().for_each(|child| root.mark_list(&child.at));
        root.prune();
        (!matches!(root, Node::Keep)).then(|| Self { root, key: key.cloned() })
    }

    /// Returns a record without personal data. `json` is grammatically valid.
    pub fn redact(&self, json: &str) -> String {
        let mut out = String::with_capacity(json.len());
        self.value((&self.root, &Node::Keep), json.trim(), 0, &mut out);
        out
    }

    /// Writes a value at a node; `other` is the node for the fields that the contract does not define.
    fn value(&self, (node, other): (&Node, &Node), json: &str, depth: usize, out: &mut String) {
        match (node, json.as_bytes().first()) {
            (Node::Keep, _) | (_, Some(b'n')) => out.push_str(json),
            (_, Some(b'[' | b'{')) if depth > DEEPEST => out.push_str("[]"),
            (_, Some(b'[')) => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
                let write = |element: &&RawValue, out: &mut String| {
                    self.value((node, &Node::Keep), element.get(), depth + 1, out);
                };
                list(out, ['[', ']'], &elements, write);
            }
            (Node::Object { fields, .. }, Some(b'{')) => {
                let Members(mut members) = serde_json::from_str(json).unwrap_or_default();
                let nodes = |name: &RawValue| {
                    // A name with half a surrogate pair is not in the contract.
                    let name: Option<Cow<'_, str>> = serde_json::from_str(name.get()).ok().map(|Text(name)| name);
                    match name.and_then(|name| find(fields, &name)) {
                        Some(node) if node.is_list() => (node, node),
                        Some(node) => (node, &Node::Keep),
                        None => (other, other),
                    }
                };
                members.retain(|(name, _)| !matches!(nodes(name), (Node::Rule(Personal::Drop, _), _)));
                list(out, ['{', '}'], &members, |(name, value), out| {
                    out.push_str(name.get());
                    out.push(':');
                    self.value(nodes(name), value.get(), depth + 1, out);
                });
            }
            (Node::Rule(personal, clean), Some(b'"')) => {
                let text = serde_json::from_str(json).map_or(Cow::Borrowed(json), |Text(text)| text);
                match clean::cleaned(text, clean) {
                    None => out.push_str("null"),
                    Some(text) => quote(&self.instead(*personal, &text), out),
                }
            }
            (Node::Rule(..), Some(b'{')) => out.push_str("{}"),
            (Node::Rule(..), Some(b't' | b'f')) => out.push_str("false"),
            (Node::Rule(..), _) => out.push('0'),
            (Node::Object { .. }, _) => quote(Personal::MASK, out),
        }
    }

    /// Returns what is written instead of a text.
    pub fn instead(&self, personal: Personal, text: &str) -> String {
        match (personal, &self.key) {
            (Personal::Hash, Some(HashKey(key))) => hex(hmac::sign(key, text.as_bytes()).as_ref()),
            _ => Personal::MASK.to_owned(),
        }
    }
}

impl Fields for Node {
    fn object() -> Self {
        Self::Object { fields: Vec::new(), is_list: false }
    }

    fn fields(&mut self) -> Option<&mut Vec<(String, Self)>> {
        if let Self::Object { fields, .. } = self { Some(fields) } else { None }
    }
}

impl Node {
    fn is_list(&self) -> bool {
        matches!(self, Self::Object { is_list: true, .. })
    }

    fn mark_list(&mut self, path: &str) {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let Self::Object { fields, .. } = self else { return };
        match (fields.iter_mut().find(|(name, _)| name == head), rest) {
            (Some((_, node)), Some(rest)) => node.mark_list(rest),
            (Some((_, Self::Object { is_list, .. })), None) => *is_list = true,
            _ => {}
        }
    }

    /// Keeps the objects without personal data as they are.
    fn prune(&mut self) {
        let Self::Object { fields, .. } = self else { return };
        fields.iter_mut().for_each(|(_, node)| node.prune());
        if fields.iter().all(|(_, node)| matches!(node, Self::Keep)) {
            *self = Self::Keep;
        }
    }
}

/// Returns what happens to a field of the contract. The name may differ in case, or be a whole path: the reader would keep
/// such a field in `_extra`.
fn find<'n>(fields: &'n [(String, Node)], name: &str) -> Option<&'n Node> {
    if let Some((_, node)) = fields.iter().find(|(field, _)| field == name) {
        return Some(node);
    }
    let lower = name.to_lowercase();
    let alike = |path: &str| {
        let personal = |(field, node): &&(String, Node)| !matches!(node, Node::Keep) && field.to_lowercase() == path;
        fields.iter().find(personal).map(|(_, node)| node)
    };
    if let Some(node) = alike(&lower) {
        return Some(node);
    }
    let (head, rest) = lower.split_once('.')?;
    match alike(head)? {
        node @ Node::Object { fields, is_list } => find(fields, rest).or(is_list.then_some(node)),
        node => Some(node),
    }
}

fn list<T>(out: &mut String, [open, close]: [char; 2], items: &[T], write: impl Fn(&T, &mut String)) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

/// Writes a text that needs no escapes.
fn quote(text: &str, out: &mut String) {
    out.extend(["\"", text, "\""]);
}

/// The fields of an object as they are written, also those that occur twice.
#[derive(Default)]
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/table/personal.rs"]
mod tests;
