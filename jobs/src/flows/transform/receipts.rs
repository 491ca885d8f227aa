//! Reads manifests of earlier runs from the lake and publishes new ones.

use anyhow::{Context, Result};
use contract::{Layout, RunId};

use super::{Collected, Shared, Status, Transformation};
use crate::edge::lake::Created;
use crate::failure::Failure;
use crate::receipt::Receipt;

impl Transformation {
    /// Returns the manifest of the run that is currently in the warehouse, if its ETag may be sent: the contract must
    /// be the same, and every object must exist.
    pub(super) async fn previous(&self, name: &str, fingerprint: &str) -> Result<Option<Receipt>> {
        let Shared { job, lake, ledger, .. } = &*self.0;
        let Some(run) = ledger.current(name, fingerprint) else { return Ok(None) };
        let key = Layout { source: &job.contract.source }.receipt(name, run);
        let Some(receipt) = self.receipt(&key).await? else { return Ok(None) };
        if receipt.etag.is_none() || receipt.fingerprint != fingerprint {
            return Ok(None);
        }
        for object in receipt.files().chain([&receipt.raw]) {
            if !lake.has(object).await? {
                tracing::warn!(
                    collection = name,
                    key = object.key,
                    "an object of the last run is missing; fetching again"
                );
                return Ok(None);
            }
        }
        Ok(Some(receipt))
    }

    /// Returns the manifest of the run to replay. After a 304, it lists the objects of an earlier run, with the time of
    /// the 304.
    pub(super) async fn replayed(&self, name: &str, run: &RunId) -> Result<Receipt> {
        let key = Layout { source: &self.0.job.contract.source }.receipt(name, run);
        let missing = || Failure::refused(format!("the manifest `{}` is missing", self.0.lake.location(&key)));
        Ok(self.receipt(&key).await?.ok_or_else(missing)?)
    }

    pub(super) async fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        let lake = &self.0.lake;
        let Some(bytes) = lake.get(key).await? else { return Ok(None) };
        let receipt = serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("`{}` is not a valid manifest", lake.location(key));
            Failure::refused(message).because(error).hint("run `transformation` again with a new run ID")
        })?;
        Ok(Some(receipt))
    }

    /// Writes the manifest. If another process has already written one, that manifest is used, and this attempt's other
    /// objects are removed.
    pub(super) async fn publish(&self, key: &str, receipt: Receipt) -> Result<Collected> {
        let lake = &self.0.lake;
        let mut own: Vec<String> = if receipt.unchanged_since.is_some() {
            Vec::new()
        } else {
            receipt.files().map(|object| object.key.clone()).collect()
        };
        // The next request may create the manifest even if its response is lost, so the objects must be kept.
        self.unclaimed(|keys| keys.retain(|key| !own.contains(key)));
        if lake.create(key, serde_json::to_vec_pretty(&receipt)?).await? == Created::Identical {
            let status = match (&receipt.unchanged_since, &receipt.replayed_from) {
                (Some(_), _) => Status::NotModified,
                (None, Some(_)) => Status::Replayed,
                (None, None) => Status::Fetched,
            };
            return Ok(Collected { status, tables: receipt.tables });
        }
        let winner = self.receipt(key).await?.context("the manifest of another process was removed")?;
        own.retain(|key| winner.files().all(|object| object.key != *key));
        lake.remove(&own).await;
        Ok(Collected { status: Status::Reused, tables: winner.tables })
    }
}
