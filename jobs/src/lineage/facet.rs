//! Facets of OpenLineage: the parts of an event, each with the version of its definition.

use serde_json::{Value, json};

const FACETS: &str = "https://openlineage.io/spec/facets";

/// The producer of the events: a package URL, since the project has no website.
pub(super) const PRODUCER: &str = concat!("pkg:generic/dpworld@", env!("CARGO_PKG_VERSION"));

/// A facet with its name, and the version of the definition that it follows.
pub(super) fn facet(name: &str, version: &str, definition: &str, mut body: Value) -> (String, Value) {
    body["_producer"] = PRODUCER.into();
    body["_schemaURL"] = format!("{FACETS}/{version}/{definition}.json#/$defs/{definition}").into();
    (name.to_owned(), body)
}

pub(super) fn documentation(definition: &str, text: &str) -> (String, Value) {
    facet("documentation", "1-1-0", definition, json!({"description": text, "contentType": "text/plain"}))
}
