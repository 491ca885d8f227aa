//! The texts of forgotten records, for which everything else is searched.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use contract::{Collection, Contract, Table, Type};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::clean::{self, Cell};
use crate::limits::number;
use crate::secrets::Secrets;

/// The shortest text and key in bytes that are searched: shorter ones occur by chance.
const SHORTEST: usize = 8;
/// The same for a key.
pub const SHORTEST_KEY: usize = 6;

/// Texts, each with the fields that have it. A text that other records have in the same field, or as their key, is not
/// distinctive; nor is a name of the contract.
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
        // Manifests, evidence and lineage have these names for all records.
        let mut common = BTreeSet::from([contract.source.clone()]);
        for table in contract.tables() {
            common.extend([table.name, table.collection].map(str::to_owned));
            common.extend(table.columns.iter().map(|column| column.name.to_owned()));
        }
        Self { keys: contract.collections.iter().map(key).collect(), common, ..Self::default() }
    }

    pub(super) fn add_key(&mut self, place: &str, key: &str) {
        if key.len() >= SHORTEST_KEY {
            self.own.insert(key.to_owned());
            self.places.entry(key.to_owned()).or_default().insert(place.to_owned());
        }
    }

    /// Adds a text of a forgotten record, unless it is short, a number or a time.
    pub(super) fn add(&mut self, place: &str, text: &str, is_number: bool) {
        let text = text.trim();
        let is = |kind| clean::text(Cow::Borrowed(text), kind, &[]).is_ok();
        if text.len() >= SHORTEST && !is_number && !is(Type::Timestamp) && !is(Type::Date) {
            self.places.entry(text.to_owned()).or_default().insert(place.to_owned());
        }
    }

    /// Returns the texts that a text of another record contains, or the key that is a number of it. Only a record with a
    /// valid key is another one: a copy of a forgotten record may have none.
    pub(super) fn find(&mut self, place: &str, text: &str, of: Field, found: &mut BTreeSet<String>) {
        if of.is_number {
            found.extend(self.own.get(text).cloned());
            return;
        }
        for (own, places) in &self.places {
            if !text.contains(own.as_str()) {
                continue;
            }
            let is_other = of.has_key && !self.own.contains(own);
            if is_other && text.trim() == own && (places.contains(place) || self.keys.contains(place)) {
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

    /// Returns the keys that are integers.
    pub(super) fn integers(&self) -> Vec<&str> {
        self.own.iter().map(String::as_str).filter(|key| key.parse::<i64>().is_ok()).collect()
    }

    /// Returns all texts in every encoding, for objects that are not records.
    pub(super) fn hidden(&self) -> Secrets {
        hidden(self.distinctive())
    }

    /// Returns only the keys in every encoding.
    pub(super) fn hidden_keys(&self) -> Secrets {
        hidden(self.own.iter().map(String::as_str))
    }
}

fn hidden<'t>(texts: impl Iterator<Item = &'t str>) -> Secrets {
    let mut hidden = Secrets::default();
    texts.for_each(|text| hidden.hide(text));
    hidden
}

/// What is known of the field with a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) is_number: bool,
    /// Whether its record has a valid key, which is not to be forgotten.
    pub(super) has_key: bool,
}

/// Receives the path of a value, its text, and whether it is a number.
pub(super) type Each<'e> = &'e mut dyn FnMut(&str, &str, bool);

/// Returns the text or number at a path of a record that the reader may have refused.
pub(super) fn scalar_at(json: &str, path: &str) -> Option<String> {
    let mut value = json;
    for step in path.split('.') {
        let mut fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(value).ok()?;
        value = fields.remove(step)?.get();
    }
    let text: String = serde_json::from_str(value).unwrap_or_else(|_| value.to_owned());
    Some(integer(text.trim()))
}

/// Returns an integer as a key is written, and other texts as they are.
fn integer(text: &str) -> String {
    number::integer(text).map_or_else(|| text.to_owned(), |value| value.to_string())
}

/// Returns the path of the key in a record.
pub(super) fn key_path(collection: &Collection) -> &str {
    let key = &collection.key;
    collection.columns.get(key).map_or(key, |column| column.path(key))
}

/// Calls `each` for every string and number in a value; elements of a list have the path of the list. The name of a field may
/// be data, such as an address, unless it only has letters and underscores.
pub(super) fn walk(value: &Value, path: &str, each: Each<'_>) {
    match value {
        Value::String(text) => each(path, text, false),
        Value::Number(value) => each(path, &integer(&value.to_string()), true),
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, path, each)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            if !name.chars().all(|char| char.is_alphabetic() || char == '_') {
                each(path, name, false);
            }
            walk(value, &format!("{path}.{name}"), each);
        }),
        _ => {}
    }
}

/// Calls `each` for the text or integer in a column, or for each in its JSON. Without a table, the file has quarantined
/// records.
pub(super) fn walk_column(collection: &str, table: Option<&Table<'_>>, column: &str, cell: &Cell<'_>, each: Each<'_>) {
    let of_list = table.and_then(|table| table.child).map(|child| format!("{collection}.{}", child.at));
    let start = of_list.as_deref().unwrap_or(collection);
    let own = table.and_then(|table| table.columns.iter().find(|own| own.name == column));
    let place = match own.and_then(|own| own.path) {
        Some(".") => start.to_owned(),
        Some(path) => format!("{start}.{path}"),
        None => start.to_owned(),
    };
    let text = match cell {
        Cell::Text(text) => text,
        Cell::Integer(value) => return each(&place, &value.to_string(), true),
        _ => return,
    };
    let is_json = own.map_or(matches!(column, "_extra" | "record"), |own| own.kind == Type::Json);
    match serde_json::from_str(text).ok().filter(|_| is_json) {
        Some(value) => walk(&value, &place, each),
        None => each(&place, text, false),
    }
}
