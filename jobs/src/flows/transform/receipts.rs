//! Reads manifests of earlier runs from the lake and publishes new ones.

use anyhow::{Context, Result};
use contract::{Collection, Layout, Method, Mode, RunId};

use super::{Collected, Status, Transformation};
use crate::edge::lake::Created;
use crate::failure::Failure;
use crate::receipt::Receipt;

impl Transformation {
    /// Returns the manifest of the run that is currently in the warehouse, if its ETag may be sent: the contract must
    /// be the same, every object must exist, and one response must have all records.
    pub(super) async fn previous(
        &self,
        name: &str,
        collection: &Collection,
        fingerprint: &str,
    ) -> Result<Option<Receipt>> {
        let Self { job, lake, ledger, .. } = self;
        let request = job.contract.request_of(collection);
        // An ETag belongs to one response, and a condition to a GET (RFC 9110, section 13.1.2).
        let has_etag = request.paginator.is_none() && request.method() == Method::Get;
        if !has_etag || collection.incremental.is_some() || collection.mode == Mode::Append {
            return Ok(None);
        }
        let Some(run) = ledger.current(name, fingerprint) else { return Ok(None) };
        let key = Layout { source: &job.contract.source }.receipt(name, run);
        let Some(receipt) = self.receipt(&key).await? else { return Ok(None) };
        if receipt.etag.is_none() || receipt.fingerprint != fingerprint {
            return Ok(None);
        }
        for object in receipt.files().chain(&receipt.raw) {
            if lake.size(&object.key).await? != Some(object.bytes) {
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

    /// Returns the manifest of the run to replay. After a 304, it has an earlier run's objects and the time of the 304.
    pub(super) async fn replayed(&self, name: &str, run: &RunId) -> Result<Receipt> {
        let key = Layout { source: &self.job.contract.source }.receipt(name, run);
        let missing = || Failure::refused(format!("the manifest `{}` is missing", self.lake.location(&key)));
        Ok(self.receipt(&key).await?.ok_or_else(missing)?)
    }

    pub(super) async fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        let lake = &self.lake;
        let Some(bytes) = lake.get(key).await? else { return Ok(None) };
        let receipt = serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("`{}` is not a valid manifest", lake.location(key));
            Failure::refused(message).because(error).hint("run `transformation` again with a new run ID")
        })?;
        Ok(Some(receipt))
    }

    /// Writes the manifest. If another process has already written one, that manifest is used.
    pub(super) async fn publish(&self, key: &str, receipt: Receipt) -> Result<Collected> {
        // The next request may create the manifest even if its response is lost, so the objects must be kept.
        self.unclaimed(|keys| keys.retain(|key| !receipt.lists(key)));
        let created = self.lake.create(key, serde_json::to_vec_pretty(&receipt)?).await?;
        let (status, receipt) = match (created, &receipt.unchanged_since, &receipt.replayed_from) {
            (Created::Different, ..) => {
                let winner = self.receipt(key).await?.context("the manifest of another process was removed")?;
                (Status::Reused, winner)
            }
            (_, Some(_), _) => (Status::NotModified, receipt),
            (_, None, Some(_)) => (Status::Replayed, receipt),
            (_, None, None) => (Status::Fetched, receipt),
        };
        self.remove_leftovers(&receipt).await;
        Ok(Collected { status, tables: receipt.tables })
    }

    /// Removes derived objects of the run's other, killed attempts: with the manifest written, they can no longer
    /// become part of the run. They would only waste storage, so an error does not matter.
    pub(super) async fn remove_leftovers(&self, receipt: &Receipt) {
        let Self { job, lake, .. } = self;
        let layout = Layout { source: &job.contract.source };
        let tables = receipt.tables.iter().map(|table| layout.processed_in(&table.table, &job.run));
        for folder in tables.chain([layout.quarantine_in(&receipt.collection, &job.run)]) {
            match lake.names(&folder).await {
                Ok(names) => {
                    let keys = names.iter().map(|name| format!("{folder}/{name}"));
                    lake.remove(&keys.filter(|key| !receipt.lists(key)).collect::<Vec<_>>()).await;
                }
                Err(error) => tracing::debug!("{error:#}"),
            }
        }
    }
}
