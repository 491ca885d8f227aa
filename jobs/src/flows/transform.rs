//! `transformation`: fetch → raw → typed Parquet → manifest, collection by collection. A replay starts at raw, and a
//! verification writes nothing.

mod fetch;
mod files;
mod receipts;
mod records;
mod report;
mod tables;
mod verify;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use backon::Retryable;
use contract::{Collection, Contract, Layout, RunId};
use indicatif::MultiProgress;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::warehouse::waits;
use crate::failure::{Failure, failure_of, hint_of};
use crate::incremental::{Choice, Window};
use crate::load::Ledger;
use crate::receipt::{self, Receipt, Redaction, fingerprint};
use crate::table::HashKey;

use self::fetch::Pages;
use self::tables::Made;
pub use fetch::Origin;
pub(crate) use report::{Collected, Report, Status};

/// What to transform.
#[derive(Clone, Debug)]
pub struct Job {
    /// The source's contract.
    pub contract: Contract,
    /// The run to create or to verify.
    pub run: RunId,
    /// Whether to write nothing, and only compare the run's files with a new transformation of its responses.
    pub verifies: bool,
    /// The name of this attempt.
    pub attempt: String,
    /// The collections, in the contract's order.
    pub collections: Vec<String>,
    /// The number of collections to process in parallel.
    pub at_once: usize,
    /// The number of retries after a temporary failure.
    pub retries: usize,
    /// The wait before the first retry; it doubles, with jitter, up to 30 s.
    pub first_wait: Duration,
    /// Which records to request.
    pub choice: Choice,
    /// The key of the contract's hashes.
    pub hash_key: Option<HashKey>,
}

/// A transformation, which the tasks of the collections share.
pub struct Transformation {
    job: Job,
    origin: Origin,
    lake: Lake,
    ledger: Ledger,
    bars: MultiProgress,
    /// Objects in the lake that no manifest lists yet.
    unclaimed: Mutex<HashSet<String>>,
    /// One task for each collection; [`Transformation::clean_up`] stops them.
    tasks: tokio::sync::Mutex<JoinSet<(String, Result<Collected>)>>,
}

impl Transformation {
    /// Creates a transformation; `ledger` determines which ETags may be sent, and `bars` shows the progress.
    pub fn new(job: Job, origin: Origin, lake: Lake, ledger: Ledger, bars: MultiProgress) -> Arc<Self> {
        let (unclaimed, tasks) = (Mutex::default(), tokio::sync::Mutex::default());
        Arc::new(Self { job, origin, lake, ledger, bars, unclaimed, tasks })
    }

    /// Transforms all collections. Those that succeed keep their manifests when others fail, so a retry with the same
    /// run ID transforms only the rest.
    /// The error names every collection that failed; it is temporary only if all failures are.
    pub async fn run(self: &Arc<Self>) -> Result<Report> {
        let job = &self.job;
        self.origin.check(job, &self.lake).await?;
        for name in &job.collections {
            self.window(name)?;
        }
        let at_once = job.contract.request.concurrency.map_or(job.at_once, |most| job.at_once.min(most.into()));
        let (mut tasks, gate) = (self.tasks.lock().await, Arc::new(Semaphore::new(at_once)));
        for name in &job.collections {
            let (work, gate, name) = (Arc::clone(self), Arc::clone(&gate), name.clone());
            tasks.spawn(async move {
                let _place = gate.acquire().await;
                let result = work.collection(&name).await;
                (name, result)
            });
        }
        let (mut collections, mut failures) = (BTreeMap::new(), Vec::new());
        while let Some(done) = tasks.join_next().await {
            match done.context("a collection task panicked")? {
                (name, Ok(collected)) => {
                    tracing::info!(collection = name, status = ?collected.status, "{name}: {}", report::summary(&collected));
                    collections.insert(name, collected);
                }
                (name, Err(error)) => failures.push((name, error)),
            }
        }
        failures.sort_by(|(left, _), (right, _)| left.cmp(right));
        match failed(failures, job.collections.len()) {
            None => Ok(Report { run_id: job.run.clone(), collections }),
            Some(error) => Err(error),
        }
    }

    /// Removes objects that no manifest lists; call it when [`Transformation::run`] has ended or was dropped.
    pub async fn clean_up(&self) {
        self.tasks.lock().await.shutdown().await;
        let unclaimed: Vec<String> = self.unclaimed(|keys| keys.drain().collect());
        self.lake.remove(&unclaimed).await;
        self.lake.settle().await;
    }

    fn unclaimed<T>(&self, with: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        with(&mut self.unclaimed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn collection(&self, name: &str) -> Result<Collected> {
        let Self { job, origin, .. } = self;
        let collection = job.contract.collections.get(name).context("a selected collection is not in the contract")?;
        let fingerprint = fingerprint(&job.contract, name, collection);
        let receipt_key = Layout { source: &job.contract.source }.receipt(name, &job.run);
        let found = if job.verifies { None } else { self.receipt(&receipt_key).await? };
        if let Some(receipt) = found {
            let message = if receipt.fingerprint != fingerprint {
                format!("run `{}` was transformed with a different contract", job.run)
            } else if receipt.replayed_from.as_ref() != origin.replayed()
                || is_narrower(&receipt, &job.choice, collection)
            {
                format!("run `{}` already exists with different responses", job.run)
            } else {
                self.remove_leftovers(&receipt).await;
                return Ok(Collected { status: Status::Reused, tables: receipt.tables });
            };
            return Err(Failure::refused(message).hint("run `transformation` again with a new run ID").into());
        }
        let earlier = match origin.replayed() {
            Some(run) => Some(self.replayed(name, run).await?),
            None => self.previous(name, collection, &fingerprint).await?,
        };
        let replayed = earlier.as_ref().filter(|_| origin.replayed().is_some());
        let window = replayed.map_or_else(|| self.window(name), |receipt| Ok(Window::replayed(receipt)))?;
        let made = AtomicUsize::new(0);
        let attempt = || async {
            let attempt = match made.fetch_add(1, Ordering::Relaxed) {
                0 => job.attempt.clone(),
                more => format!("{}-{more}", job.attempt),
            };
            self.attempt((name, collection), &attempt, &fingerprint, &window, earlier.as_ref()).await
        };
        let receipt = attempt
            .retry(waits(job.first_wait, job.retries + 1))
            .when(fetch::may_help)
            .adjust(fetch::asked_to_wait)
            .notify(|error, wait| {
                tracing::warn!(collection = name, "{name}: {error:#}; next retry in {:.1} s", wait.as_secs_f64());
            })
            .await?;
        match earlier {
            Some(kept) if job.verifies => self.compare(name, &kept, &receipt).await,
            _ => self.publish(&receipt_key, receipt).await,
        }
    }

    /// Returns what to request of a collection; only an API is asked for less than all records.
    fn window(&self, name: &str) -> Result<Window> {
        let Self { job, origin, ledger, .. } = self;
        let collection = job.contract.collections.get(name).context("a selected collection is not in the contract")?;
        let (nothing, fingerprint) = (Ledger::default(), fingerprint(&job.contract, name, collection));
        let ledger = if matches!(origin, Origin::Api(_)) { ledger } else { &nothing };
        Ok(Window::of((name, collection), &fingerprint, ledger, &job.choice)?)
    }

    /// Makes one attempt: fetches the response or reads it again, and transforms it unless nothing has changed.
    async fn attempt(
        &self,
        (name, collection): (&str, &Collection),
        attempt: &str,
        fingerprint: &str,
        window: &Window,
        earlier: Option<&Receipt>,
    ) -> Result<Receipt> {
        let Self { job, origin, lake, bars, .. } = self;
        let now = clock::rfc3339(clock::now());
        let layout = Layout { source: &job.contract.source };
        let (run, stores) = (&job.run, !job.verifies);
        let claim = |key: String| {
            if stores {
                self.unclaimed(|keys| keys.insert(key));
            }
        };
        let to = fetch::Target { lake, layout, run, name, attempt, stores, claim: &claim };
        let request = job.contract.request_of(collection);
        let plan = fetch::Plan {
            base: &job.contract.base_url,
            path: &collection.path,
            request: &request,
            parameters: &window.parameters,
            earlier,
            now: &now,
            retries: job.retries,
            first_wait: job.first_wait,
            bars,
        };
        let replayed = earlier.filter(|_| origin.replayed().is_some());
        for Redaction { at, request, records, rows } in replayed.iter().flat_map(|receipt| &receipt.redactions) {
            tracing::warn!(
                collection = name,
                "{name}: {records} records of the responses and {rows} rows were removed at {at} by the request `{request}`"
            );
        }
        let mut pages = Pages::new(origin, to, plan).await?;
        let Some(made) =
            tables::make(&job.contract, collection, &request, job.hash_key.as_ref(), &to, &mut pages).await?
        else {
            let previous = earlier.context("the source returned 304 to a request without an ETag")?;
            let since = previous.unchanged_since.clone().unwrap_or_else(|| previous.run_id.clone());
            return Ok(Receipt {
                run_id: job.run.clone(),
                fetched_at: now,
                sent_at: None,
                unchanged_since: Some(since),
                replayed_from: None,
                ..previous.clone()
            });
        };
        let Made { raw, tables, quarantine, incomplete, cursor } = made;
        let fetch::Facts { etag, url, fetched_at, sent_at, .. } = pages.facts;
        // What is missing must be requested again.
        let cursor = window.cursor(collection, cursor, &fetched_at).filter(|_| incomplete.is_none());
        Ok(Receipt {
            source: job.contract.source.clone(),
            collection: name.to_owned(),
            run_id: job.run.clone(),
            fetched_at,
            sent_at,
            fingerprint: fingerprint.to_owned(),
            etag,
            url,
            incomplete,
            unchanged_since: None,
            replayed_from: origin.replayed().cloned(),
            part: window.part,
            cursor,
            made_by: Some(receipt::made_by()),
            redactions: replayed.map(|receipt| receipt.redactions.clone()).unwrap_or_default(),
            raw,
            tables,
            quarantine,
        })
    }
}

/// Returns whether a run has requested fewer or other records of a collection than are requested now.
fn is_narrower(receipt: &Receipt, choice: &Choice, collection: &Collection) -> bool {
    match choice {
        Choice::Changes => false,
        Choice::All => receipt.part && collection.incremental.is_some(),
        Choice::Range(..) => receipt.cursor.is_some(),
    }
}

fn failed(failures: Vec<(String, anyhow::Error)>, of: usize) -> Option<anyhow::Error> {
    let again = failures.iter().all(|(_, error)| failure_of(error).is_some_and(Failure::is_temporary));
    let message = match failures.as_slice() {
        [] => return None,
        [(name, _)] => format!("collection `{name}` failed"),
        several => format!("{} of {of} collections failed", several.len()),
    };
    let failure = if again { Failure::temporary(message) } else { Failure::refused(message) };
    let hints: Vec<&str> = failures.iter().filter_map(|(_, error)| hint_of(error)).collect();
    let failure = hints.first().map(|hint| (*hint).to_owned()).into_iter().fold(failure, Failure::hint);
    let one = failures.len() == 1;
    let lines =
        failures.iter().map(|(name, error)| if one { format!("{error:#}") } else { format!("{name}: {error:#}") });
    Some(failure.because(lines.collect::<Vec<_>>().join("\n")).into())
}
