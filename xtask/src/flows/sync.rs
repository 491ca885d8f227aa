//! Folders into buckets: looked at, planned, carried out.

pub mod dags;
pub mod sample;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::edge::s3::{Bucket, Written};
use crate::sync::{Expect, File, Plan, Remote, STAND_IN, Seen, Step, Tree, sha256};

/// Requests under way at once.
const AT_ONCE: usize = 32;

/// Reads what only its content tells apart.
async fn look(bucket: &Bucket, keys: Vec<String>) -> Result<BTreeMap<String, Seen>> {
    let read = |key: String| async move {
        let found = bucket.get(&key).await?;
        anyhow::Ok((key, Seen { sha256: sha256(&found.bytes), version: found.version }))
    };
    stream::iter(keys).map(read).buffer_unordered(AT_ONCE).try_collect().await
}

/// Carries a plan out, a wave after the other; after a wave with a refusal comes none. Gives what became of each object.
async fn apply(bucket: &Bucket, plan: &Plan, tree: &Tree, remote: &Remote) -> Result<BTreeMap<String, Written>> {
    let mut done: BTreeMap<String, Written> = plan
        .settle
        .union(&plan.adopt)
        .filter_map(|key| Some((key.clone(), Written { etag: remote.get(key)?.etag.clone(), version: None })))
        .collect();
    for wave in &plan.waves {
        let written: Vec<_> = {
            let steps = wave.iter().map(|step| carry_out(bucket, step, tree, &done));
            let ended: Vec<Result<_>> = stream::iter(steps).buffer_unordered(AT_ONCE).collect().await;
            ended.into_iter().collect::<Result<_>>()?
        };
        done.extend(written.into_iter().flatten());
    }
    Ok(done)
}

async fn carry_out(
    bucket: &Bucket,
    step: &Step,
    tree: &Tree,
    done: &BTreeMap<String, Written>,
) -> Result<Option<(String, Written)>> {
    let (key, expect, bytes) = match step {
        Step::Delete { key } => {
            bucket.delete(key).await?;
            return Ok(None);
        }
        Step::Put { key, expect } => (key, expect, content(tree, key)?.bytes.clone()),
        Step::StandIn { key, expect } => (key, expect, STAND_IN.to_vec()),
    };
    let over = match expect {
        Expect::Nothing => None,
        Expect::Etag(etag) => Some(etag.as_str()),
        Expect::StandIn => Some(done.get(key).context("a plan without its stand-in")?.etag.as_str()),
    };
    Ok(Some((key.clone(), bucket.put(key, bytes, over).await?)))
}

fn content<'t>(tree: &'t Tree, key: &str) -> Result<&'t File> {
    tree.get(key).with_context(|| format!("the plan sends `{key}`, which is not there"))
}
