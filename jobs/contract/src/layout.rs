//! The object keys of the lake. Only the keys below `dbt/` are defined elsewhere: `dbt/run.py` builds them in the dbt
//! image, which contains no Rust code.
//!
//! ```text
//! raw/<source>/<collection>/run=<id>/<attempt>.json[.gz]       the response's bytes
//! raw/<source>/<collection>/run=<id>/<attempt>.http.json       status, headers, times, size, sha256
//! processed/<source>/<table>/run=<id>/<attempt>-00000.parquet  typed rows
//! quarantine/<source>/<collection>/run=<id>/<attempt>.parquet  quarantined records with their reasons
//! stage/<source>/run=<id>/receipts/<collection>.json           the objects of a transformation, with checksums
//! stage/<source>/run=<id>/manifests/<attempt>/<table>.json     the files of one COPY
//! lineage/<source>/run=<id>/<job>-<attempt>.jsonl              OpenLineage events of one job attempt
//! lineage/dbt/run=<id>/<command>-<attempt>.jsonl              those of one attempt of a dbt command
//! sample/<source>/<collection>.json                            sample data for the rehearsal
//! report/<source>/<id>.html, .json                            the page of a run, and its outcome for later pages
//! dbt/run=<id>/<attempt>/<file>                                artifacts of a dbt run: manifest, results, log
//! dbt/production/manifest.json                                 the manifest of the newest complete build
//! dbt/docs/index.html                                          its documentation
//! ```
//!
//! An `attempt` is one start of a program for a run. Two attempts never write the same key; the receipt, which is written
//! once and never overwritten, names the attempt that counts.

use crate::run_id::RunId;

/// The object keys of one source.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// The contract's `source`.
    pub source: &'a str,
}

impl Layout<'_> {
    /// The folders with objects of a source.
    pub const FOLDERS: [&'static str; 7] = ["raw", "processed", "quarantine", "stage", "lineage", "sample", "report"];

    /// Returns the prefix of the reports of all runs.
    pub fn reports(&self) -> String {
        format!("report/{}", self.source)
    }

    /// Returns the key of a run's report; `extension` is `html` or `json`.
    pub fn report(&self, run: &RunId, extension: &str) -> String {
        format!("{}/{run}.{extension}", self.reports())
    }

    /// Returns the prefix of the artifacts of a run's dbt jobs.
    pub fn artifacts(run: &RunId) -> String {
        format!("dbt/run={run}")
    }

    /// Returns the prefix of a collection's responses in all runs.
    pub fn raw_folder(&self, collection: &str) -> String {
        format!("raw/{}/{collection}", self.source)
    }

    /// Returns the key of a response body; `extension` is `json`, or `json.gz` if it arrived compressed.
    pub fn raw(&self, collection: &str, run: &RunId, attempt: &str, extension: &str) -> String {
        format!("{}/run={run}/{attempt}.{extension}", self.raw_folder(collection))
    }

    /// Returns the key of a body's HTTP metadata.
    pub fn evidence(&self, collection: &str, run: &RunId, attempt: &str) -> String {
        self.raw(collection, run, attempt, "http.json")
    }

    /// Returns the prefix of a table's Parquet files in all runs.
    pub fn processed_folder(&self, table: &str) -> String {
        format!("processed/{}/{table}", self.source)
    }

    /// Returns the prefix of a table's Parquet files in a run.
    pub fn processed_in(&self, table: &str, run: &RunId) -> String {
        format!("{}/run={run}", self.processed_folder(table))
    }

    /// Returns the key of one Parquet file of a table.
    pub fn processed(&self, table: &str, run: &RunId, attempt: &str, part: usize) -> String {
        format!("{}/{attempt}-{part:05}.parquet", self.processed_in(table, run))
    }

    /// Returns the prefix of a collection's quarantined records in a run.
    pub fn quarantine_in(&self, collection: &str, run: &RunId) -> String {
        format!("quarantine/{}/{collection}/run={run}", self.source)
    }

    /// Returns the key of the Parquet file with quarantined records.
    pub fn quarantine(&self, collection: &str, run: &RunId, attempt: &str) -> String {
        format!("{}/{attempt}.parquet", self.quarantine_in(collection, run))
    }

    /// Returns the prefix of a run's receipts.
    pub fn receipts(&self, run: &RunId) -> String {
        format!("stage/{}/run={run}/receipts", self.source)
    }

    /// Returns the key of a transformation's receipt, which lists its objects with their checksums.
    pub fn receipt(&self, collection: &str, run: &RunId) -> String {
        format!("{}/{collection}.json", self.receipts(run))
    }

    /// Returns the key of the manifest for one COPY in a load.
    pub fn manifest(&self, table: &str, run: &RunId, attempt: &str) -> String {
        format!("stage/{}/run={run}/manifests/{attempt}/{table}.json", self.source)
    }

    /// Returns the key of the lineage events of one job attempt.
    pub fn lineage(&self, run: &RunId, job: &str, attempt: &str) -> String {
        format!("lineage/{}/run={run}/{job}-{attempt}.jsonl", self.source)
    }
}
