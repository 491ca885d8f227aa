//! Lineage: the datasets that a job's run read and wrote, as OpenLineage run events.
//!
//! The object model, the facets and their versions are those of OpenLineage 2-0-2 (<https://openlineage.io/docs/spec>).
//! A dataset is a table or a collection, not the files of one run, so all runs have the same datasets, and the outputs of
//! `transformation` are the inputs of `copy`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod dataset;
mod place;

use std::collections::BTreeMap;

use contract::{Contract, Layout, RunId, Table};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::load::{Dialect, column_ddl};
use crate::receipt::hex;
use crate::table::file_columns;

pub use dataset::Written;
use dataset::{Dataset, PRODUCER, documentation, facet};
use place::{Place, without_secrets};

/// Returns the address of a warehouse without a user, a password and options.
pub fn place_of_warehouse(url: &str) -> String {
    let Place { namespace, name } = Place::of_warehouse(url, None);
    format!("{namespace}/{name}")
}

const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

#[derive(Clone, Debug)]
pub struct Subject<'s> {
    /// The job namespace, which OpenLineage associates with the scheduler.
    pub namespace: &'s str,
    pub contract: &'s Contract,
    pub collections: Vec<&'s str>,
    pub run: &'s RunId,
    pub lake_url: &'s str,
}

/// The lineage events of one job run: the job's name, and the datasets that the job reads and writes.
#[derive(Clone, Debug)]
pub struct RunEvents {
    run_id: String,
    job: Value,
    inputs: Vec<Dataset>,
    outputs: Vec<Dataset>,
}

#[derive(Clone, Copy, Debug)]
pub enum State<'s> {
    Start,
    /// Complete, with the statistics for each table.
    Complete(&'s BTreeMap<String, Written>),
    Fail(&'s str),
    Abort,
}

impl Subject<'_> {
    /// Returns the events of `transformation`, which converts the responses from `source` (`None`: the stored
    /// responses) to table files.
    pub fn transformation(&self, source: Option<&str>) -> RunEvents {
        let layout = Layout { source: &self.contract.source };
        let collections =
            self.contract.collections.iter().filter(|(name, _)| self.collections.contains(&name.as_str()));
        let inputs = collections.map(|(name, collection)| {
            let place = match source {
                Some(url) if url.starts_with("http") => Place::below(url, &collection.path),
                Some(url) => Place::below(url, &format!("{name}.json")),
                None => Place::below(self.lake_url, &layout.raw_folder(name)),
            };
            Dataset::new(place, None, &collection.doc)
        });
        let doc = "Fetches a source's responses and turns them into typed Parquet with a manifest for each collection.";
        self.events("transformation", doc, inputs.collect(), self.files())
    }

    /// Returns the events of `copy`, which loads files into the warehouse. Redshift's namespace includes the region.
    pub fn copy(&self, warehouse_url: &str, region: Option<&str>) -> RunEvents {
        let place = Place::of_warehouse(warehouse_url, region);
        let dialect = if place.namespace.starts_with("redshift") { Dialect::Redshift } else { Dialect::Postgres };
        let outputs = self.tables().map(|table| {
            let name = format!("{}.{}.{}", place.name, self.contract.source, table.name);
            let place = Place { namespace: place.namespace.clone(), name };
            let columns = column_ddl(&table, dialect).into_iter().map(|(name, kind, _)| (name, kind));
            Dataset::new(place, Some(table.name), table.doc).with_columns(&table, columns)
        });
        let doc = "Validates a run's manifests and objects, then loads it into the warehouse in one transaction.";
        self.events("copy", doc, self.files(), outputs.collect())
    }

    /// Returns the lake key for the events of one attempt of a job.
    pub fn key(&self, job: &str, attempt: &str) -> String {
        Layout { source: &self.contract.source }.lineage(self.run, job, attempt)
    }

    fn tables(&self) -> impl Iterator<Item = Table<'_>> {
        self.contract.tables().into_iter().filter(|table| self.collections.contains(&table.collection))
    }

    fn files(&self) -> Vec<Dataset> {
        let layout = Layout { source: &self.contract.source };
        let files = self.tables().map(|table| {
            let place = Place::below(self.lake_url, &layout.processed_folder(table.name));
            let columns = file_columns(&table).into_iter().map(|(name, kind, _)| (name.to_owned(), kind.to_string()));
            Dataset::new(place, Some(table.name), table.doc).with_columns(&table, columns)
        });
        files.collect()
    }

    fn events(&self, job: &str, doc: &str, inputs: Vec<Dataset>, outputs: Vec<Dataset>) -> RunEvents {
        let name = format!("{}.{job}", self.contract.source);
        let kind = json!({"processingType": "BATCH", "integration": "DPWORLD", "jobType": "JOB"});
        let facets = Map::from_iter([
            documentation("DocumentationJobFacet", doc),
            facet("jobType", "2-0-4", "JobTypeJobFacet", kind),
        ]);
        // The jobs that transform some of the collections each, in parallel, are different runs of the job.
        let is_whole = self.collections.len() == self.contract.collections.len();
        let some = if is_whole { &[][..] } else { &self.collections };
        let run_id = uuid(&[&[self.namespace, &name, self.run.as_str()], some].concat());
        RunEvents { run_id, job: json!({"namespace": self.namespace, "name": name, "facets": facets}), inputs, outputs }
    }
}

impl RunEvents {
    /// Returns the event for this state at the given time (RFC 3339).
    pub fn event(&self, state: State<'_>, at: &str) -> Value {
        let (kind, written, error) = match state {
            State::Start => ("START", None, None),
            State::Complete(written) => ("COMPLETE", Some(written), None),
            State::Fail(error) => ("FAIL", None, Some(error)),
            State::Abort => ("ABORT", None, None),
        };
        let error = error.map(|error| {
            let body = json!({"message": without_secrets(error), "programmingLanguage": "Rust"});
            facet("errorMessage", "1-0-1", "ErrorMessageRunFacet", body)
        });
        json!({
            "eventType": kind,
            "eventTime": at,
            "producer": PRODUCER,
            "schemaURL": EVENT,
            "run": {"runId": self.run_id, "facets": Map::from_iter(error)},
            "job": self.job,
            "inputs": self.inputs.iter().map(Dataset::input).collect::<Vec<_>>(),
            "outputs": self.outputs.iter().map(|dataset| dataset.output(written)).collect::<Vec<_>>(),
        })
    }
}

/// Returns a version 8 UUID from the SHA-256 of the parts (RFC 9562, appendix B.2).
fn uuid(parts: &[&str]) -> String {
    let mut bytes = Sha256::digest(parts.join("\n"));
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex(&bytes[..16]);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
#[path = "../tests/unit/lineage.rs"]
mod tests;
