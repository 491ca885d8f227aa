//! One record's JSON becomes rows of its tables in a single pass, driven by the contract.
//!
//! A record either fits whole or is set aside whole: whatever does not fit adds a reason, and the pass goes on, so
//! that a person sees all reasons at once.

use std::borrow::Cow;
use std::fmt;

use contract::{Clean, Collection, Contract, Drift, Table, Type};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::de::StrRead;
use serde_json::value::RawValue;

use super::row::Row;
use crate::clean::{self, Cell, Number};

/// How many reasons one record shows; more would only repeat themselves.
const REASONS: usize = 10;

/// Reads the records of one collection.
#[derive(Debug)]
pub struct RecordReader {
    root: Node,
    key: usize,
    columns: Vec<Spec>,
    children: Vec<ChildSpec>,
    drift: Drift,
}

/// What became of one record.
#[derive(Debug, Default)]
pub struct Record<'a> {
    /// The collection's own row.
    pub row: Row<'a>,
    /// The rows of each child table, in the contract's order.
    pub children: Vec<ChildRows<'a>>,
    /// Why the record is set aside; none if it fits.
    pub reasons: Vec<String>,
    /// The first field that the contract does not name, where drift is frozen.
    pub frozen: Option<String>,
}

/// What became of one nested list.
#[derive(Debug, Default)]
pub struct ChildRows<'a> {
    /// The rows that fit.
    pub rows: Vec<Row<'a>>,
    /// How many elements the list had.
    pub read: u64,
    /// How many elements a rule dropped.
    pub dropped: u64,
}

#[derive(Debug)]
struct Spec {
    name: String,
    kind: Type,
    required: bool,
    clean: Vec<Clean>,
}

#[derive(Debug)]
struct ChildSpec {
    /// The element's columns begin after the parent's key and `position`.
    columns: Vec<Spec>,
    element: Node,
    drop_when_all_null: bool,
}

/// What to expect at a place in the record.
#[derive(Debug)]
enum Node {
    Column(usize),
    Object(Vec<(String, Node)>),
    List(usize),
}

impl Node {
    fn insert(&mut self, path: &str, leaf: Self) {
        let Self::Object(fields) = self else { return };
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let place = match fields.iter().position(|(name, _)| name == head) {
            Some(place) => place,
            None => {
                fields.push((head.to_owned(), Self::Object(Vec::new())));
                fields.len() - 1
            }
        };
        match rest {
            Some(rest) => fields[place].1.insert(rest, leaf),
            None => fields[place].1 = leaf,
        }
    }
}

/// A row that is being filled, and where its troubles go.
struct Sink<'s, 'a> {
    reader: &'s RecordReader,
    columns: &'s [Spec],
    row: &'s mut Row<'a>,
    /// `None` inside a child: lists do not nest.
    children: Option<&'s mut Vec<ChildRows<'a>>>,
    reasons: &'s mut Vec<String>,
    frozen: &'s mut Option<String>,
}

/// The way from the record to here, for reasons only; text is made when one is needed.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>, u64),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(above, name) => write!(f, "{above}.{name}"),
            Self::Element(above, index) => write!(f, "{above}[{index}]"),
        }
    }
}

impl RecordReader {
    /// For the collection `name` of the contract.
    pub fn new(contract: &Contract, name: &str, collection: &Collection) -> Self {
        let tables = contract.tables_of(name, collection);
        let mut root = Node::Object(Vec::new());
        let mut children = Vec::new();
        for (index, column) in tables[0].columns.iter().enumerate() {
            root.insert(column.path.unwrap_or(column.name), Node::Column(index));
        }
        for (index, table) in tables[1..].iter().enumerate() {
            let Some(child) = table.child else { continue };
            root.insert(&child.at, Node::List(index));
            let mut element = Node::Object(Vec::new());
            for (place, column) in table.columns.iter().enumerate() {
                match column.path {
                    Some(".") => element = Node::Column(place),
                    Some(path) => element.insert(path, Node::Column(place)),
                    None => {}
                }
            }
            children.push(ChildSpec { columns: specs(table), element, drop_when_all_null: child.drop_when_all_null });
        }
        Self {
            root,
            key: tables[0].columns.iter().position(|column| column.name == collection.key).unwrap_or(0),
            columns: specs(&tables[0]),
            children,
            drift: contract.drift(collection),
        }
    }

    /// Reads one record whose JSON is sound; what still cannot be read (numbers beyond 64 bits, lone surrogates,
    /// endless nesting) is a reason like any other.
    pub fn read<'a>(&self, json: &'a str) -> Record<'a> {
        let mut record = self.blank();
        if let Err(error) = self.fill(&mut record, &mut serde_json::Deserializer::from_str(json)) {
            let text = error.to_string();
            record.reasons.push(text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.to_owned()));
        }
        self.finish(record)
    }

    /// Reads one record from where the reader stands.
    ///
    /// # Errors
    /// When the JSON is not sound, or cannot be read for another reason that [`RecordReader::read`] tells.
    pub fn read_next<'a>(&self, json: &mut serde_json::Deserializer<StrRead<'a>>) -> serde_json::Result<Record<'a>> {
        let mut record = self.blank();
        self.fill(&mut record, json)?;
        Ok(self.finish(record))
    }

    fn blank<'a>(&self) -> Record<'a> {
        Record {
            row: Row { cells: vec![Cell::Null; self.columns.len()], ..Row::default() },
            children: self.children.iter().map(|_| ChildRows::default()).collect(),
            ..Record::default()
        }
    }

    fn fill<'a>(
        &self,
        record: &mut Record<'a>,
        json: &mut serde_json::Deserializer<StrRead<'a>>,
    ) -> serde_json::Result<()> {
        let sink = &mut Sink {
            reader: self,
            columns: &self.columns,
            row: &mut record.row,
            children: Some(&mut record.children),
            reasons: &mut record.reasons,
            frozen: &mut record.frozen,
        };
        Value { node: &self.root, path: Path::Root, sink }.deserialize(json)
    }

    fn finish<'a>(&self, mut record: Record<'a>) -> Record<'a> {
        missing(&self.columns, 0, &record.row.cells, Path::Root, &mut record.reasons);
        let key = record.row.cells[self.key].clone();
        for row in record.children.iter_mut().flat_map(|child| &mut child.rows) {
            row.cells[0] = key.clone();
        }
        record.reasons.truncate(REASONS);
        record
    }

    /// The record's key as text, if it has one.
    pub fn key_of(&self, record: &Record<'_>) -> Option<String> {
        match &record.row.cells[self.key] {
            Cell::Text(text) => Some(text.to_string()),
            Cell::Integer(value) => Some(value.to_string()),
            _ => None,
        }
    }
}

fn specs(table: &Table<'_>) -> Vec<Spec> {
    let spec = |column: &contract::TableColumn<'_>| Spec {
        name: column.name.to_owned(),
        kind: column.kind,
        required: column.required,
        clean: column.clean.to_vec(),
    };
    table.columns.iter().map(spec).collect()
}

fn missing(columns: &[Spec], first: usize, cells: &[Cell<'_>], path: Path<'_>, reasons: &mut Vec<String>) {
    for (spec, _) in columns.iter().zip(cells).skip(first).filter(|(spec, cell)| spec.required && **cell == Cell::Null)
    {
        reasons.push(match path {
            Path::Root => format!("{}: required, but null or missing", spec.name),
            _ => format!("{path}.{}: required, but null or missing", spec.name),
        });
    }
}

/// Checks JSON that is kept as it is: every number and string must be one that a warehouse can hold.
struct Storable;

struct Value<'v, 's, 'a> {
    node: &'v Node,
    path: Path<'v>,
    sink: &'v mut Sink<'s, 'a>,
}

impl<'a> Value<'_, '_, 'a> {
    fn reason(&mut self, problem: &str) {
        let reason = match self.path {
            Path::Root => problem.to_owned(),
            path => format!("{path}: {problem}"),
        };
        self.sink.reasons.push(reason);
    }

    /// The column at a scalar's place; elsewhere a scalar is a reason.
    fn scalar(mut self, found: &dyn fmt::Display, cell: impl FnOnce(&Spec) -> Result<Cell<'a>, String>) {
        match self.node {
            Node::Column(index) => match cell(&self.sink.columns[*index]) {
                Ok(cell) => self.sink.row.cells[*index] = cell,
                Err(problem) => self.reason(&problem),
            },
            Node::Object(_) => self.reason(&format!("expected an object, found {found}")),
            Node::List(_) => self.reason(&format!("expected an array, found {found}")),
        }
    }

    fn unknown(&mut self, name: &str, json: &'a RawValue) {
        let path = Path::Field(&self.path, name).to_string();
        match self.sink.reader.drift {
            Drift::Freeze => {
                self.sink.frozen.get_or_insert(path);
            }
            Drift::Quarantine => self.sink.reasons.push(format!("{path}: the contract does not name this field")),
            Drift::Evolve => match storable(json.get()) {
                Ok(json) => {
                    // Inside an element `_extra` is the element's own, so the path starts there.
                    let path = match path.split_once("].") {
                        Some((_, inner)) if self.sink.children.is_none() => inner.to_owned(),
                        _ => path,
                    };
                    self.sink.row.extra.insert(path, json);
                }
                Err(problem) => self.sink.reasons.push(format!("{path}: {problem}")),
            },
        }
    }

    fn elements<A: SeqAccess<'a>>(&mut self, child: usize, mut list: A) -> Result<(), A::Error> {
        let reader = self.sink.reader;
        let spec = &reader.children[child];
        for index in 0_u64.. {
            let mut row = Row { cells: vec![Cell::Null; spec.columns.len()], ..Row::default() };
            let path = Path::Element(&self.path, index);
            let sink = &mut Sink {
                reader,
                columns: &spec.columns,
                row: &mut row,
                children: None,
                reasons: self.sink.reasons,
                frozen: self.sink.frozen,
            };
            if list.next_element_seed(Value { node: &spec.element, path, sink })?.is_none() {
                break;
            }
            let Some(rows) = self.sink.children.as_mut().and_then(|children| children.get_mut(child)) else { break };
            rows.read += 1;
            let empty = row.extra.is_empty() && row.cells.iter().all(|cell| *cell == Cell::Null);
            if empty && spec.drop_when_all_null {
                rows.dropped += 1;
                continue;
            }
            missing(&spec.columns, 2, &row.cells, path, self.sink.reasons);
            row.cells[1] = Cell::Integer(index.cast_signed() + 1);
            rows.rows.push(row);
        }
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for Value<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(mut self, deserializer: D) -> Result<(), D::Error> {
        let Node::Column(index) = self.node else { return deserializer.deserialize_any(self) };
        if self.sink.columns[*index].kind != Type::Json {
            return deserializer.deserialize_any(self);
        }
        let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?;
        match raw.get() {
            "null" => {}
            json => match storable(json) {
                Ok(json) => self.sink.row.cells[*index] = Cell::Json(json),
                Err(problem) => self.reason(&problem),
            },
        }
        Ok(())
    }
}

impl<'a> Visitor<'a> for Value<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(&value, |spec| clean::boolean(value, spec.kind));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(&value, |spec| clean::number(Number::Integer(value), spec.kind));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.visit_f64(value as f64),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(&value, |spec| clean::number(Number::Double(value), spec.kind));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, value: &'a str) -> Result<(), E> {
        self.scalar(&"a string", |spec| clean::text(Cow::Borrowed(value), spec.kind, &spec.clean));
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.scalar(&"a string", |spec| clean::text(Cow::Owned(value.to_owned()), spec.kind, &spec.clean));
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Node::Object(fields) = self.node else {
            self.scalar(&"an object", |spec| Err(clean::wrong(spec.kind, "an object")));
            return IgnoredAny.visit_map(map).map(|_| ());
        };
        let mut seen = Seen::default();
        // Real answers keep one field order in every record, so the next field is almost always the expected one.
        let mut expected = 0;
        while let Some(key) = map.next_key_seed(Key { fields, expected })? {
            match key {
                Found::Known(index) => {
                    expected = index + 1;
                    let (name, node) = &fields[index];
                    let path = Path::Field(&self.path, name);
                    if seen.twice(index) {
                        self.sink.reasons.push(format!("{path}: written twice in one record"));
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        map.next_value_seed(Value { node, path, sink: self.sink })?;
                    }
                }
                Found::Unknown(name) => self.unknown(&name, map.next_value()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, list: A) -> Result<(), A::Error> {
        match self.node {
            Node::List(child) => self.elements(*child, list),
            _ => {
                self.scalar(&"an array", |spec| Err(clean::wrong(spec.kind, "an array")));
                IgnoredAny.visit_seq(list).map(|_| ())
            }
        }
    }
}

/// Which fields of one object have come already.
#[derive(Default)]
struct Seen(Vec<u64>, u64);

impl Seen {
    fn twice(&mut self, index: usize) -> bool {
        let word = match index / 64 {
            0 => &mut self.1,
            more => {
                self.0.resize(self.0.len().max(more), 0);
                &mut self.0[more - 1]
            }
        };
        let bit = 1 << (index % 64);
        let twice = *word & bit != 0;
        *word |= bit;
        twice
    }
}

enum Found {
    Known(usize),
    Unknown(String),
}

struct Key<'f> {
    fields: &'f [(String, Node)],
    expected: usize,
}

impl<'a> DeserializeSeed<'a> for Key<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Found, E> {
        if self.fields.get(self.expected).is_some_and(|(field, _)| field == name) {
            return Ok(Found::Known(self.expected));
        }
        let place = self.fields.iter().position(|(field, _)| field == name);
        Ok(place.map_or_else(|| Found::Unknown(name.to_owned()), Found::Known))
    }
}

fn storable(json: &str) -> Result<Cow<'_, str>, String> {
    match Storable.deserialize(&mut serde_json::Deserializer::from_str(json)) {
        Ok(()) => Ok(clean::compact(json)),
        Err(error) => {
            let text = error.to_string();
            Err(text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.to_owned()))
        }
    }
}

impl<'a> DeserializeSeed<'a> for Storable {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Storable {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(E::custom("holds U+0000, which no warehouse keeps in text")) } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Storable)?.is_some() {
            map.next_value_seed(Storable)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Storable)?.is_some() {}
        Ok(())
    }
}
