//! Lineage: what a job's run read and wrote, as OpenLineage run events.
//!
//! The object model, the facets and their versions are those of OpenLineage 2-0-2 (<https://openlineage.io/docs/spec>).
//! A dataset is a table or a collection as a whole, not one run's files of it, so that the datasets of one run are the
//! datasets of the next, and what `transformation` writes is what `copy` reads.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod dataset;
mod place;

use std::collections::BTreeMap;

use contract::{Contract, Layout, RunId, Table};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::load::Dialect;
use crate::receipt::hex;

use dataset::Dataset;
pub use dataset::Written;
pub use place::{Place, without_secrets};

const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const FACETS: &str = "https://openlineage.io/spec/facets";
/// Who says so: a package URL, since the project has no address of its own.
const PRODUCER: &str = concat!("pkg:generic/dpworld@", env!("CARGO_PKG_VERSION"));

/// Which job of a source, and which run of it.
#[derive(Clone, Debug)]
pub struct Subject<'s> {
    /// The namespace of the jobs, which OpenLineage ties to their scheduler.
    pub namespace: &'s str,
    /// The source's contract.
    pub contract: &'s Contract,
    /// The collections at work.
    pub collections: Vec<&'s str>,
    /// The run.
    pub run: &'s RunId,
    /// The lake's address.
    pub lake_url: &'s str,
}

/// What is told of one run of one job: its name, and the datasets that it reads and writes.
#[derive(Clone, Debug)]
pub struct Story {
    run_id: String,
    job: Value,
    inputs: Vec<Dataset>,
    outputs: Vec<Dataset>,
}

/// Where a run is.
#[derive(Clone, Copy, Debug)]
pub enum State<'s> {
    /// It has begun.
    Start,
    /// It is done; what it wrote of each table.
    Complete(&'s BTreeMap<String, Written>),
    /// It failed; its error.
    Fail(&'s str),
    /// It was told to stop.
    Abort,
}

/// What a transformation reads.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'o> {
    /// The source's answers, from this address.
    Source(&'o str),
    /// What the lake keeps in `raw/`.
    Raw,
}

impl Subject<'_> {
    /// The story of `transformation`: answers become the files of tables.
    pub fn transformation(&self, origin: Origin<'_>) -> Story {
        let layout = Layout { source: &self.contract.source };
        let collections = self.contract.collections.iter().filter(|(name, _)| self.collections.contains(name));
        let inputs = collections.map(|(name, collection)| {
            let place = match origin {
                Origin::Source(url) if url.starts_with("http") => Place::below(url, &collection.path),
                Origin::Source(url) => Place::below(url, &format!("{name}.json")),
                Origin::Raw => Place::below(self.lake_url, &layout.raw_folder(name)),
            };
            Dataset::new(place, None).documented(&collection.doc)
        });
        let doc = "Fetches a source's answers and turns them into typed Parquet with a receipt for each collection.";
        self.story("transformation", doc, inputs.collect(), self.files())
    }

    /// The story of `copy`: the files of tables are loaded into the warehouse. Redshift's name includes its region.
    pub fn copy(&self, warehouse_url: &str, region: Option<&str>) -> Story {
        let place = Place::of_warehouse(warehouse_url, region);
        let dialect = if place.namespace.starts_with("redshift") { Dialect::Redshift } else { Dialect::Postgres };
        let outputs = self.tables().map(|table| {
            let name = format!("{}.{}.{}", place.name, self.contract.source, table.name);
            let place = Place { namespace: place.namespace.clone(), name };
            Dataset::new(place, Some(table.name)).documented(table.doc).loaded(&table, dialect)
        });
        let doc = "Proves a run's receipts and objects, then loads it into the warehouse in one transaction.";
        self.story("copy", doc, self.files(), outputs.collect())
    }

    /// Where the events of one start of a job are kept in the lake.
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
            Dataset::new(place, Some(table.name)).documented(table.doc).filed(&table)
        });
        files.collect()
    }

    fn story(&self, job: &str, doc: &str, inputs: Vec<Dataset>, outputs: Vec<Dataset>) -> Story {
        let name = format!("{}.{job}", self.contract.source);
        let kind = json!({"processingType": "BATCH", "integration": "DPWORLD", "jobType": "JOB"});
        let facets = Map::from_iter([
            documentation("DocumentationJobFacet", doc),
            facet("jobType", "2-0-4", "JobTypeJobFacet", kind),
        ]);
        let run_id = uuid(&[self.namespace, &name, self.run.as_str()]);
        Story { run_id, job: json!({"namespace": self.namespace, "name": name, "facets": facets}), inputs, outputs }
    }
}

impl Story {
    /// The event of a run that is in this state at that time (RFC 3339).
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

/// A facet with its name, and the version of the definition that it follows.
fn facet(name: &str, version: &str, definition: &str, mut body: Value) -> (String, Value) {
    body["_producer"] = PRODUCER.into();
    body["_schemaURL"] = format!("{FACETS}/{version}/{definition}.json#/$defs/{definition}").into();
    (name.to_owned(), body)
}

fn documentation(definition: &str, text: &str) -> (String, Value) {
    facet("documentation", "1-1-0", definition, json!({"description": text, "contentType": "text/plain"}))
}

/// The same words always give the same UUID: of version 8, from SHA-256 (RFC 9562, appendix B.2).
fn uuid(words: &[&str]) -> String {
    let mut bytes = Sha256::digest(words.join("\n"));
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex(&bytes[..16]);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZOO: &str = "
source: zoo
base_url: http://zoo.example
collections:
  animals:
    path: /v1/animals
    key: id
    doc: One row an animal.
    columns: {id: {type: integer, doc: Number.}, name: {type: string(9), doc: Name.}}
    children:
      meals: {at: meals, parent_key: animal_id, doc: A meal., columns: {food: {type: string(9), doc: What.}}}
  tickets: {path: /t, key: id, doc: t, columns: {id: {type: integer, doc: i}}}
";

    fn names(datasets: &Value) -> Vec<String> {
        let name = |dataset: &Value| format!("{} {}", dataset["namespace"], dataset["name"]).replace('"', "");
        datasets.as_array().expect("datasets").iter().map(name).collect()
    }

    fn with_subject<T>(lake_url: &str, test: impl FnOnce(Subject<'_>) -> T) -> T {
        let contract = Contract::parse(ZOO, "zoo.yaml").expect("good");
        let run = "r1".parse().expect("run id");
        test(Subject { namespace: "dpworld", contract: &contract, collections: vec!["animals"], run: &run, lake_url })
    }

    #[test]
    fn what_transformation_writes_is_what_copy_reads() {
        let (transformation, copy) = with_subject("s3://lake", |subject| {
            let warehouse = "redshift://workgroup/dev";
            (subject.transformation(Origin::Source("http://zoo.example")), subject.copy(warehouse, Some("eu-west-1")))
        });
        let (one, two) = (transformation.event(State::Start, "t"), copy.event(State::Start, "t"));
        assert_eq!(names(&one["inputs"]), ["http://zoo.example /v1/animals"]);
        assert_eq!(names(&one["outputs"]), ["s3://lake processed/zoo/animals", "s3://lake processed/zoo/meals"]);
        assert_eq!(names(&two["inputs"]), names(&one["outputs"]));
        let redshift = "redshift://workgroup.eu-west-1:5439 dev.zoo";
        assert_eq!(names(&two["outputs"]), [format!("{redshift}.animals"), format!("{redshift}.meals")]);
        let types: Vec<&Value> = two["outputs"][0]["facets"]["schema"]["fields"]
            .as_array()
            .expect("fields")
            .iter()
            .map(|field| &field["type"])
            .collect();
        assert_eq!(types, ["bigint", "varchar(9)", "super", "varchar(32)", "varchar(64)", "timestamp", "timestamp"]);
    }

    #[test]
    fn a_replay_reads_the_lake() {
        let story = with_subject("file:///lake", |subject| subject.transformation(Origin::Raw));
        assert_eq!(names(&story.event(State::Abort, "t")["inputs"]), ["file /lake/raw/zoo/animals"]);
    }

    #[test]
    fn a_run_has_one_uuid_and_two_jobs_of_it_have_two() {
        let [one, again, copy] = with_subject("s3://lake", |subject| {
            [
                subject.transformation(Origin::Raw),
                subject.transformation(Origin::Raw),
                subject.copy("postgres://h/d", None),
            ]
            .map(|story| story.run_id)
        });
        assert_eq!(one, again);
        assert_ne!(one, copy);
        assert_eq!(uuid(&["dpworld", "zoo.copy", "r1"]), copy);
        let bytes = one.as_bytes();
        assert_eq!((one.len(), bytes[14], "89ab".contains(char::from(bytes[19]))), (36, b'8', true));
    }

    #[test]
    fn statistics_are_told_of_what_is_done_and_the_reason_of_what_failed() {
        let story = with_subject("s3://lake", |subject| subject.transformation(Origin::Raw));
        let written = BTreeMap::from([("meals".to_owned(), Written { rows: 3, bytes: Some(9), files: Some(1) })]);
        let done = story.event(State::Complete(&written), "t");
        let statistics = &done["outputs"][1]["outputFacets"]["outputStatistics"];
        assert_eq!(
            (&statistics["rowCount"], &statistics["size"], &statistics["fileCount"]),
            (&json!(3), &json!(9), &json!(1))
        );
        assert_eq!(done["outputs"][0]["outputFacets"], json!({}));
        let failed = story.event(State::Fail("`http://me:secret@host/x?key=secret` answered 500"), "t");
        assert_eq!(failed["run"]["facets"]["errorMessage"]["message"], "`http://host/x` answered 500");
    }
}
