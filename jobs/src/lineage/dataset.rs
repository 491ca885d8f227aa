//! One dataset of an event: its address, its columns, and what a run wrote to it.

use std::collections::BTreeMap;

use contract::{SYSTEM_COLUMNS, Table};
use serde_json::{Map, Value, json};

use super::place::Place;
use crate::receipt::TableReceipt;

const FACETS: &str = "https://openlineage.io/spec/facets";

/// The producer of the events: a package URL, because the project has no website.
pub(super) const PRODUCER: &str = concat!("pkg:generic/dpworld@", env!("CARGO_PKG_VERSION"));

/// Returns a facet with its name. A facet is a part of an event and names the version of its definition.
pub(super) fn facet(name: &str, version: &str, definition: &str, mut body: Value) -> (String, Value) {
    body["_producer"] = PRODUCER.into();
    body["_schemaURL"] = format!("{FACETS}/{version}/{definition}.json#/$defs/{definition}").into();
    (name.to_owned(), body)
}

pub(super) fn documentation(definition: &str, text: &str) -> (String, Value) {
    facet("documentation", "1-1-0", definition, json!({"description": text, "contentType": "text/plain"}))
}

/// What a run wrote to one table; unknown values are omitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub rows: u64,
    pub bytes: Option<u64>,
    pub files: Option<u64>,
}

impl From<&TableReceipt> for Written {
    fn from(receipt: &TableReceipt) -> Self {
        let bytes = receipt.files.iter().map(|file| file.object.bytes).sum();
        Self { rows: receipt.rows, bytes: Some(bytes), files: Some(receipt.files.len() as u64) }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Dataset {
    place: Place,
    table: Option<String>,
    facets: Map<String, Value>,
}

impl Dataset {
    pub(super) fn new(place: Place, table: Option<&str>, doc: &str) -> Self {
        let facets = Map::from_iter([documentation("DocumentationDatasetFacet", doc)]);
        Self { place, table: table.map(str::to_owned), facets }
    }

    /// Adds columns of a table, each with its type.
    pub(super) fn with_columns(mut self, table: &Table<'_>, columns: impl Iterator<Item = (String, String)>) -> Self {
        let own = table.columns.iter().map(|column| (column.name, column.doc));
        let docs: BTreeMap<&str, &str> =
            own.chain(SYSTEM_COLUMNS.iter().map(|column| (column.name, column.doc))).collect();
        let fields = columns.zip(1_u64..).map(|((name, kind), place)| {
            json!({"name": name, "type": kind, "description": docs.get(name.as_str()), "ordinal_position": place})
        });
        let body = json!({"fields": fields.collect::<Vec<_>>()});
        self.facets.extend([facet("schema", "1-2-0", "SchemaDatasetFacet", body)]);
        self
    }

    pub(super) fn input(&self) -> Value {
        json!({"namespace": self.place.namespace, "name": self.place.name, "facets": self.facets, "inputFacets": {}})
    }

    pub(super) fn output(&self, written: Option<&BTreeMap<String, Written>>) -> Value {
        let written = written.zip(self.table.as_ref()).and_then(|(written, table)| written.get(table));
        let statistics = written.map(|written| {
            let counts = [("rowCount", Some(written.rows)), ("size", written.bytes), ("fileCount", written.files)];
            let known = counts.into_iter().filter_map(|(name, count)| Some((name.to_owned(), Value::from(count?))));
            let body = Value::Object(known.collect());
            facet("outputStatistics", "1-0-2", "OutputStatisticsOutputDatasetFacet", body)
        });
        let (place, statistics) = (&self.place, Map::from_iter(statistics));
        json!({"namespace": place.namespace, "name": place.name, "facets": self.facets, "outputFacets": statistics})
    }
}
