//! Loads files from the lake into the staging tables. Every file is validated first; then this program sends it, or the
//! warehouse copies it using a COPY manifest that lists exactly the run's files.

use anyhow::Result;
use bytes::Bytes;
use contract::Layout;
use serde_json::json;

use crate::edge::lake::Lake;
use crate::edge::warehouse::Warehouse;
use crate::failure::Failure;
use crate::load::{Plan, Statement};
use crate::receipt::{File, Receipt};
use crate::validate;

/// Creates the staging tables and fills them with the run's rows.
pub(super) async fn stage<W: Warehouse>(plan: &Plan<'_>, attempt: &str, lake: &Lake, warehouse: &W) -> Result<()> {
    let tables: Vec<Statement> = plan.tables.iter().map(|table| plan.create_stage(table)).collect();
    warehouse.run(&tables).await?;
    match warehouse.reads_lake_as() {
        Some(role) => copy(plan, role, attempt, lake, warehouse).await?,
        None => send(plan, lake, warehouse).await?,
    }
    // After the reduction, the rows can no longer be compared with the manifest.
    for [table, rows] in warehouse.rows(&plan.count_staged()).await? {
        if let Some(read) = plan.wrongly_staged(table.trim(), rows.parse()?) {
            let message = format!("table `{}` has {rows} staged rows, but the manifest has {}", read.table, read.rows);
            return Err(Failure::refused(message).hint("run `copy` again").into());
        }
    }
    Ok(())
}

async fn send<W: Warehouse>(plan: &Plan<'_>, lake: &Lake, warehouse: &W) -> Result<()> {
    for table in &plan.tables {
        for file in files(plan.receipts, table.name) {
            // The values have already been validated; the bytes must still be the same.
            let bytes = object(lake, file, |bytes| validate::object(file, bytes)).await?;
            warehouse.stage(&plan.names.schema, &plan.names.stage(table.name), table, bytes).await?;
        }
    }
    Ok(())
}

/// Lets the warehouse copy the files, the largest tables first.
async fn copy<W: Warehouse>(plan: &Plan<'_>, role: &str, attempt: &str, lake: &Lake, warehouse: &W) -> Result<()> {
    let mut copies: Vec<(u64, Statement)> = Vec::new();
    for table in &plan.tables {
        // A file without rows is not copied: AWS does not document that COPY accepts one.
        let mut full = files(plan.receipts, table.name);
        full.retain(|file| file.rows > 0);
        if full.is_empty() {
            continue;
        }
        let key = Layout { source: &plan.contract.source }.manifest(table.name, plan.run, attempt);
        lake.put_new(&key, manifest(lake, &full)).await?;
        let bytes = full.iter().map(|file| file.object.bytes).sum();
        copies.push((bytes, plan.copy(table, &lake.location(&key), role)));
    }
    copies.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let copies: Vec<Statement> = copies.into_iter().map(|(_, copy)| copy).collect();
    warehouse.run_parallel(&copies).await
}

/// Returns a manifest for COPY: each file must exist, and Parquet files need their length (Amazon Redshift Database
/// Developer Guide, "Using a manifest to specify data files").
fn manifest(lake: &Lake, files: &[&File]) -> Vec<u8> {
    let entries = files.iter().map(|file| {
        let url = lake.location(&file.object.key);
        json!({ "url": url, "mandatory": true, "meta": { "content_length": file.object.bytes } })
    });
    json!({ "entries": entries.collect::<Vec<_>>() }).to_string().into_bytes()
}

/// Validates every object of a run before anything is written.
pub(super) async fn validate_objects(plan: &Plan<'_>, lake: &Lake) -> Result<()> {
    for table in &plan.tables {
        for file in files(plan.receipts, table.name) {
            object(lake, file, |bytes| validate::file(table, file, bytes)).await?;
        }
    }
    for object in plan.receipts.iter().flat_map(|receipt| &receipt.raw) {
        if lake.size(&object.key).await? != Some(object.bytes) {
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
