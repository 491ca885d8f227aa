//! Loads files from the lake into the staging tables. Every file is validated first; then this program sends it, or the
//! warehouse copies it using a COPY manifest that lists exactly the run's files.

use anyhow::Result;
use bytes::Bytes;
use contract::{Layout, Table};
use serde_json::json;

use crate::edge::lake::Lake;
use crate::edge::warehouse::Warehouse;
use crate::failure::Failure;
use crate::load::Plan;
use crate::receipt::{File, Receipt};
use crate::validate;

/// Creates a table's staging table and fills it with the run's rows.
pub(super) async fn stage<W: Warehouse>(
    plan: &Plan<'_>,
    table: &Table<'_>,
    attempt: &str,
    lake: &Lake,
    warehouse: &W,
) -> Result<()> {
    warehouse.run(&plan.create_stage(table)).await?;
    let files = files(plan.receipts, table.name);
    if let Some(role) = warehouse.reads_lake_as() {
        // A file without rows is not copied: AWS does not document that COPY accepts one.
        let full: Vec<&File> = files.into_iter().filter(|file| file.rows > 0).collect();
        if full.is_empty() {
            return Ok(());
        }
        let key = Layout { source: plan.source }.manifest(table.name, plan.run, attempt);
        lake.put_new(&key, manifest(lake, &full)).await?;
        return warehouse.run(&plan.copy(table, &lake.location(&key), role)).await;
    }
    for file in files {
        // The values have already been validated; the bytes must still be the same.
        let bytes = object(lake, file, |bytes| validate::object(file, bytes)).await?;
        warehouse.stage(&plan.names.schema, &plan.names.stage(table.name), table, bytes).await?;
    }
    Ok(())
}

/// Returns a manifest for COPY: each file must exist, and Parquet files need their length (Amazon Redshift Database
/// Developer Guide, "Using a manifest to specify data files").
fn manifest(lake: &Lake, files: &[&File]) -> Vec<u8> {
    let entries: Vec<serde_json::Value> = files
        .iter()
        .map(|file| {
            let url = lake.location(&file.object.key);
            json!({ "url": url, "mandatory": true, "meta": { "content_length": file.object.bytes } })
        })
        .collect();
    json!({ "entries": entries }).to_string().into_bytes()
}

/// Validates every object of a run before anything is written.
pub(super) async fn validate_objects(plan: &Plan<'_>, lake: &Lake) -> Result<()> {
    for table in &plan.tables {
        for file in files(plan.receipts, table.name) {
            object(lake, file, |bytes| validate::file(table, file, bytes)).await?;
        }
    }
    for object in plan.receipts.iter().map(|receipt| &receipt.raw) {
        if !lake.has(object).await? {
            let message = format!("`{}` is missing, or its size differs from its manifest", lake.location(&object.key));
            return Err(Failure::refused(message).hint("run `transformation` again with a new run ID").into());
        }
    }
    Ok(())
}

fn files<'r>(receipts: &'r [Receipt], table: &str) -> Vec<&'r File> {
    let tables = receipts.iter().flat_map(|receipt| &receipt.tables);
    tables.filter(|found| found.table == table).flat_map(|found| &found.files).collect()
}

async fn object(lake: &Lake, file: &File, check: impl Fn(&Bytes) -> Result<(), String>) -> Result<Bytes> {
    let found = lake.get_object(&file.object).await?.map_err(|problem| validate::altered(&problem));
    Ok(found.and_then(|bytes| check(&bytes).map(|()| bytes)).map_err(|problem| {
        let message = format!("`{}` {problem}", lake.location(&file.object.key));
        Failure::refused(message).hint("run `transformation` again with a new run ID")
    })?)
}
