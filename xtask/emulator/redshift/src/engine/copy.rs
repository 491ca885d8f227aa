//! COPY of Parquet files by a manifest: exactly the listed files, with columns by position.

use std::sync::PoisonError;

use bytes::Bytes;
use futures_util::SinkExt;
use serde_json::Value;
use tokio_postgres::Client;

use super::Engine;
use super::error::Failed;
use super::parquet::{Target, rows};
use super::source::Source;
use crate::catalog::identifier;
use crate::rules::Disabled;
use crate::rules::service::{COPY_CONTENT_LENGTH, COPY_FILE_NAME, COPY_MANIFEST_MANDATORY};
use crate::sql::Copy;

/// Bytes of one message to PostgreSQL.
const CHUNK: usize = 1 << 20;

/// An error of COPY and where it happened, for `sys_load_error_detail`.
pub(super) struct Rejected {
    /// The column, or nothing.
    pub(super) column: String,
    /// The error.
    pub(super) failed: Failed,
}

impl<E: Into<Failed>> From<E> for Rejected {
    fn from(error: E) -> Self {
        Self { column: String::new(), failed: error.into() }
    }
}

/// A file of the manifest.
struct Entry {
    url: String,
    bytes: Option<u64>,
}

/// Loads the files, and records an error.
pub(super) async fn load(engine: &Engine, client: &Client, copy: &Copy, query: i64) -> Result<u64, Failed> {
    let disabled = engine.disabled();
    let source = engine.0.copy_roles.read().unwrap_or_else(PoisonError::into_inner).source(&copy.role, disabled)?;
    let mut file = copy.manifest.clone();
    match files(client, copy, &source, disabled, &mut file).await {
        Ok(rows) => Ok(rows),
        Err(rejected) => {
            let failed = if rejected.failed.is_conflict() { engine.conflict() } else { rejected.failed };
            record(engine, query, &file, &rejected.column, &failed.message).await?;
            Err(failed)
        }
    }
}

async fn files(
    client: &Client,
    copy: &Copy,
    source: &Source,
    disabled: &Disabled,
    current: &mut String,
) -> Result<u64, Rejected> {
    let target = Target::of(client, &copy.table, &copy.columns).await?;
    let manifest = source.read(&copy.manifest).await?;
    let entries = entries(&manifest, disabled)?;
    let mut loaded = 0;
    for entry in entries {
        current.clone_from(&entry.url);
        let bytes = source.read(&entry.url).await?;
        if entry.bytes != Some(bytes.len() as u64) && disabled.enforces(&COPY_CONTENT_LENGTH) {
            let message = format!(
                "Spectrum Scan Error DETAIL: code: 15003 context: the file has {} bytes, its manifest entry has {:?}",
                bytes.len(),
                entry.bytes
            );
            return Err(COPY_CONTENT_LENGTH.refusal(message).into());
        }
        loaded += send(client, &target, &entry.url, bytes, disabled).await?;
    }
    Ok(loaded)
}

/// Sends the rows of a file.
async fn send(client: &Client, target: &Target, url: &str, bytes: Bytes, disabled: &Disabled) -> Result<u64, Rejected> {
    let names = target.columns.iter().map(|column| identifier(&column.name)).collect::<Vec<_>>().join(", ");
    let sql = format!("COPY {} ({names}) FROM STDIN (FORMAT csv)", target.table);
    let mut sink = std::pin::pin!(client.copy_in(&sql).await.map_err(Failed::of)?);
    let mut chunk = String::new();
    for row in rows(bytes, url, target, disabled)? {
        chunk.push_str(&row?);
        if chunk.len() >= CHUNK {
            sink.send(Bytes::from(std::mem::take(&mut chunk))).await.map_err(Failed::of)?;
        }
    }
    sink.send(Bytes::from(chunk)).await.map_err(Failed::of)?;
    Ok(sink.finish().await.map_err(Failed::of)?)
}

fn entries(manifest: &[u8], disabled: &Disabled) -> Result<Vec<Entry>, Failed> {
    let wrong = |problem: &str| Failed::new(format!("Problem reading manifest file: {problem}"));
    let manifest: Value = serde_json::from_slice(manifest).map_err(|error| wrong(&error.to_string()))?;
    let entries = manifest["entries"].as_array().ok_or_else(|| wrong("it has no entries"))?;
    let entry = |entry: &Value| {
        let url = entry["url"].as_str().ok_or_else(|| wrong("an entry has no url"))?.to_owned();
        if entry["mandatory"] != true && disabled.enforces(&COPY_MANIFEST_MANDATORY) {
            let message = format!("`{url}` is not mandatory, so COPY would ignore that it is missing");
            return Err(COPY_MANIFEST_MANDATORY.refusal(message).into());
        }
        let compressed = [".gz", ".snappy", ".bz2"].iter().any(|end| url.ends_with(end));
        if compressed && disabled.enforces(&COPY_FILE_NAME) {
            let message = format!("`{url}`: COPY decompresses a file with this name before it reads it");
            return Err(COPY_FILE_NAME.refusal(message).into());
        }
        Ok(Entry { url, bytes: entry["meta"]["content_length"].as_u64() })
    };
    entries.iter().map(entry).collect()
}

/// Adds a row to `sys_load_error_detail`, which is kept if the transaction is rolled back.
async fn record(engine: &Engine, query: i64, file: &str, column: &str, message: &str) -> Result<(), Failed> {
    let sql = "INSERT INTO redshift.load_errors (query_id, database_name, start_time, file_name, column_name, error_message) \
               VALUES ($1, current_database(), now() AT TIME ZONE 'UTC', $2, $3, $4)";
    let admin = engine.0.admin.lock().await;
    admin.execute(sql, &[&query, &file, &column, &message]).await.map_err(Failed::of).map(drop)
}
