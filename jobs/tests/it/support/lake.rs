//! A lake in a temporary folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row, RowAccessor};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::file_url;

#[derive(Debug)]
pub struct Lake {
    dir: TempDir,
}

/// A quarantined record.
#[derive(Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its position in the response, from 1.
    pub number: i64,
    pub key: Option<String>,
    /// One reason per line.
    pub reasons: String,
    /// The original record.
    pub record: String,
}

impl Lake {
    pub fn fresh() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn url(&self) -> String {
        file_url(self.dir.path())
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.dir.path().join(key)
    }

    /// Returns the keys of all objects in a folder.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = Vec::new();
        walk(&self.path(prefix), &mut |file| {
            let key = file.strip_prefix(self.dir.path()).expect("below the lake");
            keys.push(key.to_str().expect("a plain name").to_owned());
        });
        keys.sort();
        keys
    }

    /// Returns all objects except lineage events, which failed runs also write.
    pub fn objects(&self) -> Vec<String> {
        self.keys("").into_iter().filter(|key| !key.starts_with("lineage/")).collect()
    }

    /// Returns the only key in a folder with this ending.
    #[track_caller]
    pub fn key(&self, prefix: &str, end: &str) -> String {
        let keys: Vec<String> = self.keys(prefix).into_iter().filter(|key| key.ends_with(end)).collect();
        let [key] = <[String; 1]>::try_from(keys).expect("one object");
        key
    }

    /// Returns the key of the response that a run stored for a collection.
    #[track_caller]
    pub fn raw(&self, source: &str, run: &str, collection: &str) -> String {
        let mut keys = self.keys(&format!("raw/{source}/{collection}/run={run}"));
        keys.retain(|key| !key.ends_with(".http.json"));
        let [key] = <[String; 1]>::try_from(keys).expect("one response");
        key
    }

    #[track_caller]
    pub fn read(&self, key: &str) -> Vec<u8> {
        fs::read(self.path(key)).unwrap_or_else(|error| panic!("`{key}`: {error}"))
    }

    /// Returns an object as text, decompressed, with the decoded rows of a Parquet file.
    #[track_caller]
    pub fn shown(&self, key: &str) -> String {
        let bytes = self.read(key);
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if key.ends_with(".gz") {
            let mut unpacked = flate2::write::MultiGzDecoder::new(Vec::new());
            unpacked.write_all(&bytes).expect("gzip");
            text += &String::from_utf8_lossy(&unpacked.finish().expect("gzip"));
        }
        if key.ends_with(".parquet") {
            let file = SerializedFileReader::new(Bytes::from(bytes)).expect("Parquet");
            text.extend(file.get_row_iter(None).expect("Parquet").map(|row| row.expect("a row").to_string()));
        }
        text
    }

    #[track_caller]
    pub fn json(&self, key: &str) -> Value {
        serde_json::from_slice(&self.read(key)).expect("JSON")
    }

    /// Returns the lineage events of one job of a run, oldest attempt first.
    #[track_caller]
    pub fn events(&self, source: &str, run: &str, job: &str) -> Vec<Value> {
        let keys = self.keys(&format!("lineage/{source}/run={run}"));
        let of_job = keys.iter().filter(|key| key.rsplit('/').next().is_some_and(|name| name.starts_with(job)));
        let text = of_job.map(|key| String::from_utf8(self.read(key)).expect("text")).collect::<String>();
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Replaces the content of an object.
    pub fn overwrite(&self, key: &str, bytes: &[u8]) {
        fs::write(self.path(key), bytes).expect("a file that may be written");
    }

    pub fn remove(&self, key: &str) {
        fs::remove_file(self.path(key)).expect("a file that may be removed");
    }

    #[track_caller]
    pub fn receipt(&self, source: &str, run: &str, collection: &str) -> Value {
        self.json(&receipt_key(source, run, collection))
    }

    /// Returns the quarantined records of one collection in a run.
    #[track_caller]
    pub fn quarantined(&self, source: &str, run: &str, collection: &str) -> Vec<Quarantined> {
        let key = self.key(&format!("quarantine/{source}/{collection}/run={run}"), ".parquet");
        let text = |row: &Row, column: usize| match row.get_column_iter().nth(column) {
            Some((_, Field::Str(text))) => Some(text.clone()),
            _ => None,
        };
        let one = |row: Row| Quarantined {
            number: row.get_long(0).expect("a number"),
            key: text(&row, 1),
            reasons: text(&row, 2).expect("reasons"),
            record: text(&row, 3).expect("the record"),
        };
        let file = SerializedFileReader::new(Bytes::from(self.read(&key))).expect("Parquet");
        file.get_row_iter(None).expect("Parquet").map(|row| one(row.expect("a row"))).collect()
    }
}

pub fn receipt_key(source: &str, run: &str, collection: &str) -> String {
    format!("stage/{source}/run={run}/receipts/{collection}.json")
}

/// Returns the SHA-256 of bytes in the format of `sha256sum`.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn walk(dir: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() { walk(&path, each) } else { each(&path) }
    }
}
