//! Converts one record's JSON to rows of its tables in a single pass, driven by the contract.
//!
//! A record with a value that does not fit is quarantined. The pass then continues in order to find all reasons.

mod room;
mod storable;
mod visit;

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::{Clean, Collection, Contract, Drift, Table, Type};
use serde::de::DeserializeSeed;
use serde_json::de::StrRead;
use serde_json::value::RawValue;

use self::room::Room;
use self::storable::{storable, without_place};
use self::visit::{Path, Sink, Value};
use super::Fields;
use super::row::Row;
use crate::clean::{self, Cell};
use crate::limits;

/// The maximum number of reasons for one record.
const REASONS: usize = 10;

/// Reads the records of one collection.
#[derive(Debug)]
pub struct RecordReader {
    root: Node,
    key: usize,
    columns: Vec<Spec>,
    room: Room,
    children: Vec<ChildSpec>,
    drift: Drift,
}

/// The rows of one record, or the reasons to quarantine it.
#[derive(Debug, Default)]
pub struct Record<'a> {
    /// The collection's own row.
    pub row: Row<'a>,
    /// The rows of each child table, in the contract's order.
    pub children: Vec<ChildRows<'a>>,
    /// Why the record is quarantined; empty if it fits.
    pub reasons: Vec<String>,
    /// The first field that the contract does not define, if `drift` is `freeze`.
    pub frozen: Option<String>,
}

/// The rows of one nested list.
#[derive(Debug, Default)]
pub struct ChildRows<'a> {
    /// The rows that fit.
    pub rows: Vec<Row<'a>>,
    /// The number of elements in the list.
    pub read: u64,
    /// The number of elements that a rule dropped.
    pub dropped: u64,
}

#[derive(Debug)]
struct Spec {
    path: String,
    kind: Type,
    required: bool,
    clean: Vec<Clean>,
}

#[derive(Debug)]
struct ChildSpec {
    /// The element's columns start after the parent's key and `position`.
    columns: Vec<Spec>,
    room: Room,
    element: Node,
    drop_when_all_null: bool,
}

/// The expected value at a place in the record.
#[derive(Debug)]
enum Node {
    Column(usize),
    Object(Vec<(String, Node)>),
    List(usize),
}

impl Fields for Node {
    fn object() -> Self {
        Self::Object(Vec::new())
    }

    fn fields(&mut self) -> Option<&mut Vec<(String, Self)>> {
        if let Self::Object(fields) = self { Some(fields) } else { None }
    }
}

impl RecordReader {
    /// Creates a reader for the collection `name` in the contract.
    pub fn new(contract: &Contract, name: &str, collection: &Collection) -> Self {
        let tables = contract.tables_of(name, collection);
        let mut root = Node::object();
        let mut children = Vec::new();
        for (index, column) in tables[0].columns.iter().enumerate() {
            root.insert(column.path.unwrap_or(column.name), Node::Column(index));
        }
        for (index, table) in tables[1..].iter().enumerate() {
            let Some(child) = table.child else { continue };
            root.insert(&child.at, Node::List(index));
            let mut element = Node::object();
            for (place, column) in table.columns.iter().enumerate() {
                match column.path {
                    Some(".") => element = Node::Column(place),
                    Some(path) => element.insert(path, Node::Column(place)),
                    None => {}
                }
            }
            let (columns, room) = (specs(table), Room::of(table));
            children.push(ChildSpec { columns, room, element, drop_when_all_null: child.drop_when_all_null });
        }
        Self {
            root,
            key: tables[0].columns.iter().position(|column| column.name == collection.key).unwrap_or(0),
            columns: specs(&tables[0]),
            room: Room::of(&tables[0]),
            children,
            drift: contract.drift(collection),
        }
    }

    /// Reads one record of valid JSON; a value that serde_json cannot read (a number beyond 64 bits, a lone surrogate, deep
    /// nesting) is a reason to quarantine it.
    pub fn read<'a>(&self, json: &'a str) -> Record<'a> {
        let read = self.read_next(&mut serde_json::Deserializer::from_str(json));
        read.unwrap_or_else(|error| self.unreadable(json, &error))
    }

    /// Returns a record that serde_json cannot read: the key, if possible, and a reason for each unreadable field.
    fn unreadable<'a>(&self, json: &'a str, error: &serde_json::Error) -> Record<'a> {
        let mut record = self.blank();
        let fields: BTreeMap<Cow<'_, str>, &'a RawValue> = serde_json::from_str(json).unwrap_or_default();
        for (name, value) in fields {
            if let Err(problem) = storable(value.get()) {
                record.reasons.push(format!("{name}: {problem}"));
            } else if let Node::Object(nodes) = &self.root
                && nodes
                    .iter()
                    .any(|(field, node)| *field == name && matches!(node, Node::Column(index) if *index == self.key))
            {
                record.row.cells[self.key] = key(value.get(), &self.columns[self.key]);
            }
        }
        if record.reasons.is_empty() {
            record.reasons.push(without_place(error));
        }
        record.reasons.truncate(REASONS);
        record
    }

    /// Reads the next record.
    /// Fails if serde_json cannot read it; [`RecordReader::read`] then finds the reasons.
    pub fn read_next<'a>(&self, json: &mut serde_json::Deserializer<StrRead<'a>>) -> serde_json::Result<Record<'a>> {
        let mut record = self.blank();
        let sink = &mut Sink {
            reader: self,
            columns: &self.columns,
            row: &mut record.row,
            failed: Vec::new(),
            children: Some(&mut record.children),
            reasons: &mut record.reasons,
            frozen: &mut record.frozen,
        };
        Value { node: &self.root, path: Path::Root, sink }.deserialize(json)?;
        let failed = std::mem::take(&mut sink.failed);
        Ok(self.finish(record, &failed))
    }

    fn blank<'a>(&self) -> Record<'a> {
        Record {
            row: Row::blank(self.columns.len()),
            children: self.children.iter().map(|_| ChildRows::default()).collect(),
            ..Record::default()
        }
    }

    fn finish<'a>(&self, mut record: Record<'a>, failed: &[usize]) -> Record<'a> {
        missing(&self.columns, 0, &record.row.cells, failed, Path::Root, &mut record.reasons);
        self.room.check(&record.row, Path::Root, &mut record.reasons);
        let key = record.row.cells[self.key].clone();
        if let Cell::Text(text) = &key
            && let Some(problem) = limits::key(text.len())
        {
            record.reasons.push(Path::Field(&Path::Root, &self.columns[self.key].path).reason(&problem));
        }
        for row in record.children.iter_mut().flat_map(|child| &mut child.rows) {
            row.cells[0] = key.clone();
        }
        record.reasons.truncate(REASONS);
        record
    }

    /// Returns the record's key as text, if it has one.
    pub fn key_of<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, str>> {
        match &record.row.cells[self.key] {
            Cell::Text(text) => Some(text.clone()),
            Cell::Integer(value) => Some(value.to_string().into()),
            _ => None,
        }
    }
}

fn specs(table: &Table<'_>) -> Vec<Spec> {
    let spec = |column: &contract::TableColumn<'_>| Spec {
        path: column.path.unwrap_or(column.name).to_owned(),
        kind: column.kind,
        required: column.required,
        clean: column.clean.to_vec(),
    };
    table.columns.iter().map(spec).collect()
}

fn missing(
    columns: &[Spec],
    first: usize,
    cells: &[Cell<'_>],
    failed: &[usize],
    path: Path<'_>,
    reasons: &mut Vec<String>,
) {
    for (index, (spec, cell)) in columns.iter().zip(cells).enumerate().skip(first) {
        if spec.required && matches!(cell, Cell::Null) && !failed.contains(&index) {
            // `.` is an element that is a plain value rather than an object.
            let field = if spec.path == "." { path } else { Path::Field(&path, &spec.path) };
            reasons.push(field.reason("required, but null or missing"));
        }
    }
}

/// Reads a key from its JSON; returns null if it is not valid.
fn key<'a>(json: &'a str, spec: &Spec) -> Cell<'a> {
    let read = match serde_json::from_str::<String>(json) {
        Ok(text) => clean::text(text.into(), spec.kind, &spec.clean),
        Err(_) => clean::number(json, spec.kind),
    };
    read.unwrap_or_default()
}
