//! Validation before a load: manifests against the contract, and objects against their manifests and the warehouse's
//! limits. Nothing is written until every object of a run has passed.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod pages;
mod parquet;
mod refusal;
mod schema;
mod values;

use std::collections::BTreeSet;

use bytes::Bytes;
use contract::{Contract, RunId, Table};
use sha2::{Digest, Sha256};

use crate::receipt::{File, Receipt, TableReceipt, fingerprint, hex};
use crate::table::file_columns;

pub use parquet::parquet;
pub use refusal::Refusal;

/// Checks a manifest against the contract, without reading its objects.
pub fn receipt(contract: &Contract, run: &RunId, collection: &str, receipt: &Receipt) -> Result<(), String> {
    let Some(described) = contract.collections.get(collection) else {
        return Err(format!("the contract does not define the collection `{collection}`"));
    };
    if (receipt.source.as_str(), receipt.collection.as_str(), &receipt.run_id) != (&contract.source, collection, run) {
        return Err(format!("it belongs to {}.{} of run {}", receipt.source, receipt.collection, receipt.run_id));
    }
    if receipt.fingerprint != fingerprint(contract, collection, described) {
        return Err("it was written with a different contract; run `transformation` again with a new run ID".to_owned());
    }
    let tables = contract.tables_of(collection, described);
    let expected: Vec<&str> = tables.iter().map(|table| table.name).collect();
    let found: Vec<&str> = receipt.tables.iter().map(|table| table.table.as_str()).collect();
    if expected != found {
        return Err(format!("it lists the tables {}, but the contract has {}", found.join(", "), expected.join(", ")));
    }
    places(receipt)?;
    receipt.tables.iter().try_for_each(counts)
}

/// Checks that every file is in its table's folder and is listed only once.
fn places(receipt: &Receipt) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for table in &receipt.tables {
        let place = format!("processed/{}/{}/", receipt.source, table.table);
        for File { object, .. } in &table.files {
            if !object.key.starts_with(&place) {
                return Err(format!("it lists `{}` as a file of table `{}`", object.key, table.table));
            }
            if !seen.insert(&object.key) {
                return Err(format!("it lists `{}` twice", object.key));
            }
        }
    }
    Ok(())
}

fn counts(table: &TableReceipt) -> Result<(), String> {
    let in_files: u64 = table.files.iter().map(|file| file.rows).sum();
    if in_files != table.rows || table.rows + table.quarantined + table.dropped != table.read {
        return Err(format!(
            "table `{}`: {} read, but {} in files + {} quarantined + {} dropped",
            table.table, table.read, in_files, table.quarantined, table.dropped
        ));
    }
    Ok(())
}

/// Checks an object's bytes against its manifest: their size and SHA-256.
pub fn object(file: &File, bytes: &Bytes) -> Result<(), String> {
    let size = file.object.size_problem(Some(bytes.len() as u64));
    let problem = size.or_else(|| file.object.hash_problem(&hex(&Sha256::digest(bytes))));
    problem.map_or(Ok(()), |problem| Err(altered(&problem)))
}

/// Formats the problem with an object that differs from its manifest.
pub fn altered(problem: &str) -> String {
    format!("does not match its manifest: {problem}")
}

/// Checks a Parquet file against its manifest and against its table; the error is the first difference, or the first
/// value that the warehouse would reject.
pub fn file(table: &Table<'_>, file: &File, bytes: &Bytes) -> Result<(), String> {
    object(file, bytes)?;
    let rows = parquet(&file_columns(table), &file.object.key, bytes);
    let rows = rows.map_err(|refusal| format!("cannot be loaded: {refusal}"))?;
    let problem = || altered(&format!("{rows} rows, but the manifest records {}", file.rows));
    if rows == file.rows { Ok(()) } else { Err(problem()) }
}

#[cfg(test)]
#[path = "../tests/unit/validate.rs"]
mod tests;
