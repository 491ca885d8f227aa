//! One row of a table, and its hash.

use std::borrow::Cow;
use std::collections::BTreeMap;

use twox_hash::{XxHash3_64, XxHash3_128};

use crate::clean::Cell;

/// One row: the contract's columns in table order, and the unknown fields.
#[derive(Clone, Debug, Default)]
pub struct Row<'a> {
    /// A cell for each column of the contract.
    pub cells: Vec<Cell<'a>>,
    /// Unknown fields as JSON, keyed by their dotted path.
    pub extra: BTreeMap<String, Cow<'a, str>>,
    /// The number of its record in the run's responses, starting from 1.
    pub record: i64,
}

impl Row<'_> {
    /// Creates a row of nulls.
    pub(super) fn blank(columns: usize) -> Self {
        Self { cells: std::iter::repeat_with(Cell::default).take(columns).collect(), ..Self::default() }
    }

    /// Returns the `_extra` column: an object with the unknown fields, if any.
    pub fn extra_json(&self) -> Option<String> {
        if self.extra.is_empty() {
            return None;
        }
        let fields: Vec<String> = self
            .extra
            .iter()
            .map(|(path, json)| format!("{}:{json}", serde_json::Value::from(path.as_str())))
            .collect();
        Some(format!("{{{}}}", fields.join(",")))
    }

    /// Returns the size of `_extra` in bytes if it could make the row exceed `room`, otherwise an upper bound.
    pub(super) fn extra_bytes(&self, room: usize) -> usize {
        // An escape has at most six bytes, so this bound is enough for most rows.
        let most: usize = self.extra.iter().map(|(path, json)| path.len() * 6 + json.len() + 4).sum();
        if most > room { self.extra_json().map_or(0, |json| json.len()) } else { most }
    }
}

/// Hashes rows with XXH3-128 over the names and values of the columns that are not null.
///
/// Nulls are not hashed, so a new column changes the hash only of rows that have a value in it.
#[derive(Debug)]
pub(super) struct RowHasher {
    names: Vec<u64>,
    buffer: Vec<u8>,
}

impl RowHasher {
    /// Creates a hasher for rows with these columns.
    pub(super) fn new<'n>(columns: impl Iterator<Item = &'n str>) -> Self {
        let names = columns.map(|name| XxHash3_64::oneshot(name.as_bytes())).collect();
        Self { names, buffer: Vec::new() }
    }

    /// Returns 32 lower-case hexadecimal digits.
    pub(super) fn hash(&mut self, cells: &[Cell<'_>], extra: Option<&str>) -> String {
        self.buffer.clear();
        for (name, cell) in self.names.iter().zip(cells) {
            let (tag, fixed, text) = match cell {
                Cell::Null => continue,
                Cell::Bool(value) => (1_u8, u64::from(*value), ""),
                Cell::Integer(value) => (2, value.cast_unsigned(), ""),
                Cell::Double(value) => (3, value.to_bits(), ""),
                Cell::Text(text) => (4, text.len() as u64, text.as_ref()),
                Cell::Micros(value) => (5, value.cast_unsigned(), ""),
                Cell::Days(value) => (6, i64::from(*value).cast_unsigned(), ""),
                Cell::Json(text) => (7, text.len() as u64, text.as_ref()),
            };
            push(&mut self.buffer, *name, tag, fixed, text);
        }
        if let Some(extra) = extra {
            push(&mut self.buffer, 0, 7, extra.len() as u64, extra);
        }
        format!("{:032x}", XxHash3_128::oneshot(&self.buffer))
    }
}

fn push(buffer: &mut Vec<u8>, name: u64, tag: u8, fixed: u64, text: &str) {
    let mut head = [tag; 17];
    head[..8].copy_from_slice(&name.to_le_bytes());
    head[9..].copy_from_slice(&fixed.to_le_bytes());
    buffer.extend_from_slice(&head);
    buffer.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
#[path = "../../tests/unit/table/row.rs"]
mod tests;
