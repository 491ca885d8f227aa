//! Where things lie in the lake. Every key of every object is made here, but for those below `dbt/`: `dbt/run.py` makes
//! them in dbt's image, where no Rust runs.
//!
//! ```text
//! raw/<source>/<collection>/run=<id>/<attempt>.json[.gz]       the bytes as they came
//! raw/<source>/<collection>/run=<id>/<attempt>.http.json       status, headers, times, size, sha256
//! processed/<source>/<table>/run=<id>/<attempt>-00000.parquet  typed rows
//! quarantine/<source>/<collection>/run=<id>/<attempt>.parquet  records set aside, each with its reasons
//! stage/<source>/run=<id>/receipts/<collection>.json           what a transformation vouches for
//! stage/<source>/run=<id>/manifests/<attempt>/<table>.json     what one COPY loads
//! lineage/<source>/run=<id>/<job>-<attempt>.jsonl              what one start of a job told, as OpenLineage events
//! sample/<source>/<collection>.json                            data to rehearse with
//! incoming/<key>                                               a large object, until it is copied to its key
//! dbt/run=<id>/<attempt>/<file>                                what dbt left of a run: manifest, results, log
//! ```
//!
//! An `attempt` is one start of a program for a run: two attempts never write the same key, and the receipt, written
//! once and never overwritten, says which attempt's objects count.

use crate::RunId;

/// Below which a large object comes together in a bucket, before it is copied to its key.
pub const INCOMING: &str = "incoming";

/// The keys of one source.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// The contract's `source`.
    pub source: &'a str,
}

impl Layout<'_> {
    /// Where the answers of a collection lie, of every run.
    pub fn raw_folder(&self, collection: &str) -> String {
        format!("raw/{}/{collection}", self.source)
    }

    /// The body of an answer, `extension` being `json` or, as it came compressed, `json.gz`.
    pub fn raw(&self, collection: &str, run: &RunId, attempt: &str, extension: &str) -> String {
        format!("{}/run={run}/{attempt}.{extension}", self.raw_folder(collection))
    }

    /// The HTTP evidence beside a body.
    pub fn evidence(&self, collection: &str, run: &RunId, attempt: &str) -> String {
        self.raw(collection, run, attempt, "http.json")
    }

    /// What is kept of HTTP beside the bytes with this key.
    pub fn evidence_beside(raw: &str) -> String {
        let stem = raw.strip_suffix(".gz").unwrap_or(raw);
        format!("{}.http.json", stem.strip_suffix(".json").unwrap_or(stem))
    }

    /// Where a table's Parquet files lie, of every run.
    pub fn processed_folder(&self, table: &str) -> String {
        format!("processed/{}/{table}", self.source)
    }

    /// One Parquet file of a table.
    pub fn processed(&self, table: &str, run: &RunId, attempt: &str, part: usize) -> String {
        format!("{}/run={run}/{attempt}-{part:05}.parquet", self.processed_folder(table))
    }

    /// The Parquet file of the records that were set aside.
    pub fn quarantine(&self, collection: &str, run: &RunId, attempt: &str) -> String {
        format!("quarantine/{}/{collection}/run={run}/{attempt}.parquet", self.source)
    }

    /// Where a run's receipts lie.
    pub fn receipts(&self, run: &RunId) -> String {
        format!("stage/{}/run={run}/receipts", self.source)
    }

    /// What a transformation vouches for.
    pub fn receipt(&self, collection: &str, run: &RunId) -> String {
        format!("{}/{collection}.json", self.receipts(run))
    }

    /// What one COPY of a load loads.
    pub fn manifest(&self, table: &str, run: &RunId, attempt: &str) -> String {
        format!("stage/{}/run={run}/manifests/{attempt}/{table}.json", self.source)
    }

    /// The lineage events of one start of a job.
    pub fn lineage(&self, run: &RunId, job: &str, attempt: &str) -> String {
        format!("lineage/{}/run={run}/{job}-{attempt}.jsonl", self.source)
    }

    /// A collection of the sample data.
    pub fn sample(&self, collection: &str) -> String {
        format!("sample/{}/{collection}.json", self.source)
    }
}
