//! The requests of a sync.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::edge::s3::{Bucket, Written};
use crate::sync::{Expect, File, Plan, Remote, Seen, SyncStep, Tree, sha256};

/// Requests in parallel.
const PARALLEL: usize = 32;

/// Reads the objects whose owner depends on their content.
pub(super) async fn read(bucket: &Bucket, keys: Vec<String>) -> Result<BTreeMap<String, Seen>> {
    let read = |key: String| async move {
        let found = bucket.get(&key).await?;
        anyhow::Ok((key, Seen { sha256: sha256(&found.bytes), version: found.version }))
    };
    stream::iter(keys).map(read).buffer_unordered(PARALLEL).try_collect().await
}

/// Runs a plan wave by wave, and stops after a wave with an error. Returns the objects that the manifest must record.
pub(super) async fn apply(
    bucket: &Bucket,
    plan: &Plan,
    tree: &Tree,
    remote: &Remote,
) -> Result<BTreeMap<String, Written>> {
    let unchanged = plan.settle.union(&plan.adopt);
    let mut done: BTreeMap<String, Written> = unchanged
        .filter_map(|key| Some((key.clone(), Written { etag: remote.get(key)?.etag.clone(), version: None })))
        .collect();
    for wave in &plan.waves {
        let steps = wave.iter().map(|step| run(bucket, step, tree));
        // All of a wave finish, also after an error.
        let results: Vec<Result<_>> = stream::iter(steps).buffer_unordered(PARALLEL).collect().await;
        done.extend(results.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten());
    }
    Ok(done)
}

async fn run(bucket: &Bucket, step: &SyncStep, tree: &Tree) -> Result<Option<(String, Written)>> {
    match step {
        SyncStep::Delete { key } => {
            bucket.delete(key).await?;
            Ok(None)
        }
        SyncStep::Put { key, expect } => {
            let over = match expect {
                Expect::Nothing => None,
                Expect::Etag(etag) => Some(etag.as_str()),
            };
            Ok(Some((key.clone(), bucket.put(key, content(tree, key)?.bytes.clone(), over).await?)))
        }
    }
}

pub(super) fn content<'t>(tree: &'t Tree, key: &str) -> Result<&'t File> {
    tree.get(key).with_context(|| format!("the plan uploads `{key}`, which is not in the folder"))
}
