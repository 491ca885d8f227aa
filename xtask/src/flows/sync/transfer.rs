//! Executes a sync by sending its requests to S3.

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::digest::sha256;
use crate::edge::aws::Aws;
use crate::edge::s3::{Bucket, Written};
use crate::settings::{Settings, Variables};
use crate::sync::{Plan, Seen, SyncInput, SyncStep};

/// Maximum number of requests in parallel.
const PARALLEL: usize = 32;

/// A plan, and the data needed to run it.
#[derive(Debug)]
pub struct Sync {
    pub plan: Plan,
    pub bucket: String,
    pub(super) input: SyncInput,
    pub(super) aws: Aws,
    pub(super) store: Bucket,
}

pub(super) fn open(settings: &Settings, variables: &Variables, bucket: &str) -> Result<(Aws, Bucket)> {
    let aws = Aws::for_settings(settings, variables)?;
    let store = aws.wait(Bucket::open(bucket, &aws.config))?;
    Ok((aws, store))
}

/// Reads the objects whose owner can be determined only from their content.
pub(super) async fn read(bucket: &Bucket, keys: Vec<String>) -> Result<BTreeMap<String, Seen>> {
    let read = |key: String| async move {
        let found = bucket.get(&key).await?;
        anyhow::Ok((key, Seen { sha256: sha256(&found.bytes), version: found.version }))
    };
    stream::iter(keys).map(read).buffer_unordered(PARALLEL).try_collect().await
}

impl Sync {
    /// Runs the plan wave by wave, and stops after a wave with an error. Returns the objects that the manifest must record.
    pub(super) fn run(&self) -> Result<BTreeMap<String, Written>> {
        let unchanged = self.plan.settle.union(&self.plan.adopt);
        let written = |key: &String| Written { etag: self.input.remote[key].etag.clone(), version: None };
        let mut done: BTreeMap<String, Written> = unchanged.map(|key| (key.clone(), written(key))).collect();
        for wave in &self.plan.waves {
            let steps = stream::iter(wave).map(|step| self.request(step)).buffer_unordered(PARALLEL);
            // All requests of a wave finish, even after an error.
            let results: Vec<Result<_>> = self.aws.wait(steps.collect());
            done.extend(results.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten());
        }
        Ok(done)
    }

    async fn request(&self, step: &SyncStep) -> Result<Option<(String, Written)>> {
        match step {
            SyncStep::Delete { key } => {
                self.store.delete(key).await?;
                Ok(None)
            }
            SyncStep::Put { key, expect } => {
                let bytes = self.input.tree[key].bytes.clone();
                Ok(Some((key.clone(), self.store.put(key, bytes, expect.as_deref()).await?)))
            }
        }
    }
}
