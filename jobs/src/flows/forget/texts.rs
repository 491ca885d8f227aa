//! The texts of forgotten records, for which everything else is searched.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use contract::{Collection, Contract, Table, Type};
use serde_json::Value;

use crate::clean;
use crate::secrets::Secrets;

/// The shortest text and key in bytes that are searched: shorter ones occur by chance.
const SHORTEST: usize = 8;
/// The same for a key.
pub const SHORTEST_KEY: usize = 6;

/// Texts, each with the fields that have it. A text that other records have in the same field, or as their key, is not
/// distinctive.
#[derive(Debug, Default)]
pub(super) struct Texts {
    places: BTreeMap<String, BTreeSet<String>>,
    common: BTreeSet<String>,
    /// The keys of the records themselves.
    own: BTreeSet<String>,
    /// The fields with the keys of records, in all collections.
    keys: BTreeSet<String>,
}

impl Texts {
    pub(super) fn new(contract: &Contract) -> Self {
        let key = |(name, of): (&String, &Collection)| format!("{name}.{}", key_path(of));
        Self { keys: contract.collections.iter().map(key).collect(), ..Self::default() }
    }

    pub(super) fn add_key(&mut self, place: &str, key: &str) {
        if key.len() >= SHORTEST_KEY {
            self.own.insert(key.to_owned());
            self.places.entry(key.to_owned()).or_default().insert(place.to_owned());
        }
    }

    /// Adds a text of a forgotten record, unless it is short or a time.
    pub(super) fn add(&mut self, place: &str, text: &str) {
        let text = text.trim();
        let is = |kind| clean::text(Cow::Borrowed(text), kind, &[]).is_ok();
        if text.len() >= SHORTEST && !is(Type::Timestamp) && !is(Type::Date) {
            self.places.entry(text.to_owned()).or_default().insert(place.to_owned());
        }
    }

    /// Returns the texts that a text of another record contains.
    pub(super) fn find(&mut self, place: &str, text: &str, found: &mut BTreeSet<String>) {
        for (own, places) in &self.places {
            if !text.contains(own.as_str()) {
                continue;
            }
            let is_other = self.keys.contains(place) && !self.own.contains(own);
            if text.trim() == own && (places.contains(place) || is_other) {
                self.common.insert(own.clone());
            } else {
                found.insert(own.clone());
            }
        }
    }

    /// Returns the distinctive texts.
    pub(super) fn distinctive(&self) -> impl Iterator<Item = &str> {
        self.places.keys().filter(|text| !self.common.contains(*text)).map(String::as_str)
    }

    pub(super) fn is_distinctive(&self, text: &str) -> bool {
        !self.common.contains(text)
    }

    /// Returns all texts in every encoding, for objects that are not records.
    pub(super) fn hidden(&self) -> Secrets {
        let mut hidden = Secrets::default();
        self.distinctive().for_each(|text| hidden.hide(text));
        hidden
    }
}

/// Returns the path of the key in a record.
pub(super) fn key_path(collection: &Collection) -> &str {
    let key = &collection.key;
    collection.columns.get(key).map_or(key, |column| column.path(key))
}

/// Calls `each` with the path and text of every string in a value; elements of a list have the path of the list.
pub(super) fn walk(value: &Value, path: &str, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => each(path, text),
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, path, each)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(value, &format!("{path}.{name}"), each)),
        _ => {}
    }
}

/// Calls `each` with every string in a column's text, which may be JSON. Without a table, the file has quarantined records.
pub(super) fn walk_column(
    collection: &str,
    table: Option<&Table<'_>>,
    column: &str,
    text: &str,
    each: &mut dyn FnMut(&str, &str),
) {
    let of_list = table.and_then(|table| table.child).map(|child| format!("{collection}.{}", child.at));
    let start = of_list.as_deref().unwrap_or(collection);
    let own = table.and_then(|table| table.columns.iter().find(|own| own.name == column));
    let place = match own.and_then(|own| own.path) {
        Some(".") => start.to_owned(),
        Some(path) => format!("{start}.{path}"),
        None => start.to_owned(),
    };
    let is_json = own.map_or(matches!(column, "_extra" | "record"), |own| own.kind == Type::Json);
    match serde_json::from_str(text).ok().filter(|_| is_json) {
        Some(value) => walk(&value, &place, each),
        None => each(&place, text),
    }
}
