//! Receipts in the lake: which one lets an ETag be sent or is replayed, and how a new one is published.

use anyhow::{Context, Result};
use contract::{Layout, RunId};

use super::{Collected, Shared, Status, Transformation};
use crate::edge::lake::Created;
use crate::failure::Failure;
use crate::receipt::Receipt;

impl Transformation {
    /// The receipt of the run whose rows are in the warehouse now, if an ETag may be sent for it: same contract, and
    /// every object still there.
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
                    "an object of the last run is gone; fetching again"
                );
                return Ok(None);
            }
        }
        Ok(Some(receipt))
    }

    /// The receipt of the run that is replayed. After a 304 it names the objects of an earlier run, which is where the
    /// bytes are; its time is that of the 304, when they were still the source's answer.
    pub(super) async fn replayed(&self, name: &str, run: &RunId) -> Result<Receipt> {
        let key = Layout { source: &self.0.job.contract.source }.receipt(name, run);
        let gone = || Failure::refused(format!("the receipt `{}` is gone", self.0.lake.location(&key)));
        Ok(self.receipt(&key).await?.ok_or_else(gone)?)
    }

    pub(super) async fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        let lake = &self.0.lake;
        let Some(bytes) = lake.get(key).await? else { return Ok(None) };
        let receipt = serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("`{}` is no receipt", lake.location(key));
            Failure::refused(message).because(error).hint("transform again under a new run id")
        })?;
        Ok(Some(receipt))
    }

    /// Writes the receipt. If another process was first, its receipt counts, and those of our objects that it does not
    /// name are removed.
    pub(super) async fn publish(&self, key: &str, receipt: Receipt) -> Result<Collected> {
        let lake = &self.0.lake;
        let mut own: Vec<String> = if receipt.unchanged_since.is_some() {
            Vec::new()
        } else {
            receipt.files().map(|object| object.key.clone()).collect()
        };
        // From here on the objects may be vouched for, whatever becomes of the answer to the next request.
        self.unclaimed(|keys| keys.retain(|key| !own.contains(key)));
        if lake.create(key, serde_json::to_vec_pretty(&receipt)?).await? == Created::Identical {
            let status = match (&receipt.unchanged_since, &receipt.replayed_from) {
                (Some(_), _) => Status::NotModified,
                (None, Some(_)) => Status::Replayed,
                (None, None) => Status::Fetched,
            };
            return Ok(Collected { status, tables: receipt.tables });
        }
        let winner = self.receipt(key).await?.context("a receipt that was there a moment ago")?;
        own.retain(|key| winner.files().all(|object| object.key != *key));
        lake.remove(&own).await;
        Ok(Collected { status: Status::Reused, tables: winner.tables })
    }
}
