//! The objects around the records of a response, such as `{"count": 2, "results": […]}`.

use contract::without_place;
use serde_json::de::Deserializer;
use serde_json::{Map, Value};

use super::ResponseError;

/// The longest value beside the records that is kept, in bytes.
const LONGEST: usize = 64 << 10;

/// The way to the records, and the other fields beside it.
#[derive(Debug)]
pub(super) struct Fields {
    /// The fields that lead to the records; none if the response itself is the list or the record.
    path: Vec<String>,
    /// The number of these fields that were found.
    found: usize,
    /// The number of objects that have started, but not ended.
    open: usize,
    is_null: bool,
    pub(super) kept: Value,
}

impl Fields {
    pub(super) fn new(path: Option<&str>) -> Self {
        let path = path.map(|path| path.split('.').map(str::to_owned).collect()).unwrap_or_default();
        Self { path, found: 0, open: 0, is_null: false, kept: Value::Object(Map::new()) }
    }

    /// Returns whether the records are inside of another object.
    pub(super) fn are_expected(&self) -> bool {
        self.found < self.path.len()
    }

    /// Enters an object.
    pub(super) fn open(&mut self) {
        self.open += 1;
    }

    /// Leaves an object; returns whether another one is around it.
    pub(super) fn close(&mut self) -> bool {
        self.open -= 1;
        self.is_inside()
    }

    /// Returns whether an object has started, but not ended.
    pub(super) fn is_inside(&self) -> bool {
        self.open > 0
    }

    /// Returns whether this field of the innermost object leads to the records.
    pub(super) fn leads(&self, name: &str) -> bool {
        self.found + 1 == self.open && self.path.get(self.found).is_some_and(|step| step == name)
    }

    /// Returns whether this field has already led to the records.
    pub(super) fn repeats(&self, name: &str) -> bool {
        self.open <= self.found && self.path[self.open - 1] == name
    }

    /// Notes that such a field was found; returns whether its value is the records.
    pub(super) fn follow(&mut self) -> bool {
        self.found += 1;
        self.found == self.path.len()
    }

    /// Keeps a field of the innermost object. The value is valid JSON.
    pub(super) fn keep(&mut self, name: &str, json: &str) {
        self.is_null |= self.leads(name) && self.found + 1 == self.path.len();
        if json.len() > LONGEST {
            return;
        }
        let mut place = &mut self.kept;
        for step in &self.path[..self.open - 1] {
            place = &mut place[step.as_str()];
        }
        // An unreadable number is not needed.
        place[name] = serde_json::from_str(json).unwrap_or_default();
    }

    /// Returns why the response has no records, once it has ended. Instead of an empty list, some servers write null.
    pub(super) fn missing(&self, is_list: bool) -> Option<String> {
        if self.found == self.path.len() || self.is_null && is_list {
            return None;
        }
        let (path, kept) = (self.path.join("."), self.kept.as_object());
        let names: Vec<&str> = kept.into_iter().flat_map(Map::keys).map(String::as_str).take(10).collect();
        Some(format!("there is nothing at `{path}` (`records_at`); the response has the fields {}", names.join(", ")))
    }
}

/// Reads a field's name at the start of the text; returns it with the position of its value, or `None` if more bytes are
/// needed. `offset` is the text's position in the response.
pub(super) fn name(text: &str, ended: bool, offset: u64) -> Result<Option<(String, usize)>, ResponseError> {
    let invalid = |problem: &str| ResponseError::Invalid { offset, problem: problem.to_owned() };
    let mut values = Deserializer::from_str(text).into_iter::<String>();
    let name = match values.next() {
        Some(Ok(name)) => Some(name),
        Some(Err(error)) if !error.is_eof() => return Err(invalid(&without_place(&error.to_string()))),
        _ => None,
    };
    let rest = text[values.byte_offset()..].trim_start();
    let value = rest.strip_prefix(':').map(str::trim_start);
    match (name, value) {
        (Some(_), None) if !rest.is_empty() => Err(invalid("expected `:` after a field's name")),
        (Some(name), Some(value)) if !value.is_empty() => Ok(Some((name, text.len() - value.len()))),
        _ if ended => Err(ResponseError::Cut { bytes: offset + text.len() as u64 }),
        _ => Ok(None),
    }
}
