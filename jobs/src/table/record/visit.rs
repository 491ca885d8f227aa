//! The pass over one record's JSON: serde's visitor follows the contract's tree and fills the row.

use std::borrow::Cow;
use std::fmt;

use contract::{Drift, Type};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::storable::{storable, storable_inside};
use super::{ChildRows, Node, RecordReader, Spec, missing};
use crate::clean::{self, Cell};
use crate::table::Text;
use crate::table::row::Row;

/// A row that is being filled, and the reasons to quarantine its record.
pub(super) struct Sink<'s, 'a> {
    pub(super) reader: &'s RecordReader,
    pub(super) columns: &'s [Spec],
    pub(super) row: &'s mut Row<'a>,
    /// The columns that already have a reason, and are not reported as missing as well.
    pub(super) failed: Vec<usize>,
    /// `None` inside a child: lists cannot be nested.
    pub(super) children: Option<&'s mut Vec<ChildRows<'a>>>,
    pub(super) reasons: &'s mut Vec<String>,
    pub(super) frozen: &'s mut Option<String>,
}

/// The path from the record to a value; it is formatted only for a reason.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>, u64),
}

impl Path<'_> {
    /// Returns a reason that starts with the path.
    pub(super) fn reason(self, problem: &str) -> String {
        if let Self::Root = self { problem.to_owned() } else { format!("{self}: {problem}") }
    }
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

pub(super) struct Value<'v, 's, 'a> {
    pub(super) node: &'v Node,
    pub(super) path: Path<'v>,
    pub(super) sink: &'v mut Sink<'s, 'a>,
}

impl<'a> Value<'_, '_, 'a> {
    fn reason(&mut self, problem: &str) {
        self.sink.reasons.push(self.path.reason(problem));
    }

    /// Stores the value in its column, or adds a reason to quarantine the record.
    fn scalar(mut self, found: &dyn fmt::Display, cell: impl FnOnce(&Spec) -> Result<Cell<'a>, String>) {
        match self.node {
            Node::Column(index) => match cell(&self.sink.columns[*index]) {
                Ok(cell) => self.sink.row.cells[*index] = cell,
                Err(problem) => {
                    self.sink.failed.push(*index);
                    self.reason(&problem);
                }
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
            Drift::Quarantine => self.sink.reasons.push(format!("{path}: the contract does not define this field")),
            Drift::Evolve => match storable_inside(&path, json.get()) {
                Ok(json) => {
                    // An element has its own `_extra`, so the path starts at the element.
                    let path = match path.split_once("].") {
                        Some((_, inner)) if self.sink.children.is_none() => inner.to_owned(),
                        _ => path,
                    };
                    if self.sink.row.extra.insert(path.clone(), json).is_some() {
                        self.sink.reasons.push(format!("{path}: appears twice in one record"));
                    }
                }
                Err(problem) => self.sink.reasons.push(format!("{path}: {problem}")),
            },
        }
    }

    fn elements<A: SeqAccess<'a>>(&mut self, child: usize, mut list: A) -> Result<(), A::Error> {
        let reader = self.sink.reader;
        let spec = &reader.children[child];
        for index in 0_u64.. {
            let mut row = Row::blank(spec.columns.len());
            let path = Path::Element(&self.path, index);
            let sink = &mut Sink {
                reader,
                columns: &spec.columns,
                row: &mut row,
                failed: Vec::new(),
                children: None,
                reasons: self.sink.reasons,
                frozen: self.sink.frozen,
            };
            if list.next_element_seed(Value { node: &spec.element, path, sink })?.is_none() {
                break;
            }
            let failed = std::mem::take(&mut sink.failed);
            let Some(rows) = self.sink.children.as_mut().and_then(|children| children.get_mut(child)) else { break };
            rows.read += 1;
            let empty =
                failed.is_empty() && row.extra.is_empty() && row.cells.iter().all(|cell| matches!(cell, Cell::Null));
            if empty && spec.drop_when_all_null {
                rows.dropped += 1;
                continue;
            }
            missing(&spec.columns, 2, &row.cells, &failed, path, self.sink.reasons);
            spec.room.check(&row, path, self.sink.reasons);
            row.cells[1] = Cell::Integer(index.cast_signed() + 1);
            rows.rows.push(row);
        }
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for Value<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        let Node::Column(index) = self.node else { return deserializer.deserialize_any(self) };
        let kind = self.sink.columns[*index].kind;
        if !matches!(kind, Type::Json | Type::Integer | Type::Double) {
            return deserializer.deserialize_any(self);
        }
        let raw = <&RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "null" => {}
            json if kind == Type::Json => self.scalar(&json, |_| storable(json).map(Cell::Json)),
            json if json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                self.scalar(&json, |_| clean::number(json, kind));
            }
            json => serde_json::Deserializer::from_str(json).deserialize_any(self).map_err(D::Error::custom)?,
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

    // The numbers of numeric columns are parsed from their text, so the column has another type.
    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(&value, |spec| Err(clean::wrong(spec.kind, &format!("the number {value}"))));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(&value, |spec| Err(clean::wrong(spec.kind, &format!("the number {value}"))));
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        // A float may differ from the number's text.
        self.scalar(&"a number", |spec| Err(clean::wrong(spec.kind, "a number")));
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
        let mut seen = vec![false; fields.len()];
        // Most responses have the same order of fields, so the next field is almost always the expected one.
        let mut expected = 0;
        while let Some(Text(name)) = map.next_key()? {
            let next = fields.get(expected).filter(|(field, _)| *field == name).map(|_| expected);
            let Some(index) = next.or_else(|| fields.iter().position(|(field, _)| *field == name)) else {
                self.unknown(&name, map.next_value()?);
                continue;
            };
            expected = index + 1;
            let path = Path::Field(&self.path, &name);
            if std::mem::replace(&mut seen[index], true) {
                self.sink.reasons.push(format!("{path}: appears twice in one record"));
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Value { node: &fields[index].1, path, sink: self.sink })?;
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
