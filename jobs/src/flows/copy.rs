//! `copy`: manifests → validation → stage → reduction → delta → one transaction.

mod accept;
mod counts;
mod stage;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use backon::BackoffBuilder;
use chrono::{DateTime, TimeDelta};
use contract::{Contract, Counts, Finding, Layout, RunId};
use serde::Serialize;

use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::warehouse::{Commit, Warehouse, waits};
use crate::failure::Failure;
use crate::load::{Change, Changes, Plan, Retired, StageNames, Standing, Statement, compared};
use crate::receipt::Receipt;
use crate::validate;

/// The total number of times that the deltas are computed when other transactions commit first.
const TRIES: usize = 10;

/// How far two clocks may differ.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// What to load.
#[derive(Clone, Debug)]
pub struct Job<'c> {
    /// The source's contract.
    pub contract: &'c Contract,
    /// The run.
    pub run: RunId,
    /// This attempt.
    pub attempt: String,
    /// When this attempt started: RFC 3339 in UTC with microseconds.
    pub loaded_at: String,
    /// The collections to load, in the contract's order.
    pub collections: Vec<&'c str>,
    /// The reason to accept an implausible load.
    pub accept: Option<String>,
    /// The command that loads this run with a reason to accept it.
    pub accept_with: String,
    /// The first wait before the deltas are recomputed because of another transaction; doubles, with jitter.
    pub first_wait: Duration,
}

/// The result of a load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The run.
    pub run_id: RunId,
    /// Whether it was loaded.
    pub outcome: Outcome,
    /// For a superseded run, the run that superseded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<RunId>,
    /// Each table's counts.
    pub tables: BTreeMap<String, Counts>,
    /// What was implausible.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The reason for which it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// Whether a run was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The run was loaded.
    Committed,
    /// The run had already been loaded.
    AlreadyCommitted,
    /// A run with newer responses had already been loaded; nothing was written.
    Superseded,
}

/// Loads a run exactly once.
/// After a failure, none of the run's data is visible; failure to reach lake or warehouse is temporary.
pub async fn copy<W: Warehouse>(job: &Job<'_>, lake: &Lake, warehouse: &mut W) -> Result<Report> {
    let receipts = receipts(job, lake).await?;
    let fetched_at = receipts.iter().map(|receipt| receipt.fetched_at.as_str()).min().unwrap_or_default().to_owned();
    let source = job.contract.source.as_str();
    let standing = warehouse.ledger(source, Some(&job.run)).await?.standing(&job.run, &fetched_at);
    if let Some(report) = nothing_to_do(job, &receipts, &standing)? {
        return Ok(report);
    }
    let mut plan = Plan {
        dialect: W::DIALECT,
        contract: job.contract,
        run: &job.run,
        names: StageNames::new(source, &job.run, &job.attempt),
        loaded_at: job.loaded_at.clone(),
        fetched_at,
        tables: job.contract.tables().into_iter().filter(|table| job.collections.contains(&table.collection)).collect(),
        receipts: &receipts,
        retired: Vec::new(),
    };
    if let Err(problem) = plan.fits() {
        let hint = "give the table fewer columns in the contract, for example with child tables";
        return Err(Failure::refused(problem).hint(hint).into());
    }
    stage::validate_objects(&plan, lake).await?;
    // Creates all tables in the contract, including those of other collections, because dbt reads all of them.
    plan.retired = warehouse.ensure_tables(job.contract).await?;
    // A load of some collections does not change what others have left behind.
    let is_whole = job.collections.len() == job.contract.collections.len();
    let loaded = |retired: &Retired| plan.tables.iter().any(|table| table.name == retired.table);
    plan.retired.retain(|retired| is_whole || loaded(retired));
    for name in warehouse.claim_and_drop_leftovers(&plan.names.schema, &plan.names.token).await? {
        tracing::info!("dropped `{name}`, a leftover of an aborted load");
    }
    let loaded = load(job, &plan, lake, warehouse).await;
    if let Err(error) = warehouse.run(&[plan.drop_staging_tables()]).await {
        tracing::debug!(error = format!("{error:#}"), "a later load will drop the staging tables");
    }
    loaded
}

async fn load<W: Warehouse>(job: &Job<'_>, plan: &Plan<'_>, lake: &Lake, warehouse: &mut W) -> Result<Report> {
    stage::stage(plan, &job.attempt, lake, warehouse).await?;
    let source = job.contract.source.as_str();
    let mut waits = waits(job.first_wait, TRIES).build();
    loop {
        let ledger = warehouse.ledger(source, Some(plan.run)).await?;
        let standing = ledger.standing(plan.run, &plan.fetched_at);
        let Standing::Load { head } = standing else {
            return nothing_to_do(job, plan.receipts, &standing)?
                .context("the ledger does not show why the run cannot be loaded");
        };
        for statements in plan.reduce() {
            warehouse.run(&statements).await?;
        }
        let audit = warehouse.audit(&plan.audit()).await?;
        if audit.head == head {
            if let Some(problem) = audit.repeated_keys(source) {
                let cause = "the table was modified manually";
                let hint = format!("{cause}: delete the additional rows, or drop the table, and run `copy` again");
                return Err(Failure::refused(problem).hint(hint).into());
            }
            for difference in audit.differences(&ledger, source) {
                tracing::warn!("{difference}");
            }
            let deltas: Vec<Statement> = plan.tables.iter().map(|table| plan.create_delta(table)).collect();
            warehouse.run(&deltas).await?;
            let changes = warehouse.changes(&plan.count_changes()).await?;
            let known = |name: &String| plan.tables.iter().any(|table| table.name == name);
            ensure!(changes.keys().all(known), "the change counts include tables that are not part of the load");
            let findings = plan.findings(&audit, &changes);
            let counted = counts::refuse_wrong(plan, &audit, &changes, warehouse).await;
            match counted.and_then(|()| Ok(accept::accept(job, &findings)?)) {
                Err(refused) => {
                    // If another load has committed since the audit, the counts belong to different states of the tables.
                    let ledger = warehouse.ledger(source, Some(plan.run)).await?;
                    if ledger.standing(plan.run, &plan.fetched_at) == standing {
                        return Err(refused);
                    }
                }
                Ok(accepted) => {
                    if warehouse.commit(&plan.commit((&ledger, &audit), &changes, &findings, accepted)).await?
                        == Commit::Done
                    {
                        warehouse.retire(plan, &audit).await;
                        let accepted = accepted.map(str::to_owned);
                        return Ok(Report { findings, accepted, ..report(job, plan.receipts, &changes) });
                    }
                }
            }
        }
        let Some(wait) = waits.next() else {
            let message = format!("another transaction committed first, {TRIES} times in a row");
            let hint = "run `copy` again when fewer loads are running at the same time";
            return Err(Failure::temporary(message).hint(hint).into());
        };
        tracing::info!("another transaction committed first; recomputing the changes in {:.1} s", wait.as_secs_f64());
        tokio::time::sleep(wait).await;
        warehouse.run(&[plan.drop_deltas()]).await?;
    }
}

async fn receipts(job: &Job<'_>, lake: &Lake) -> Result<Vec<Receipt>> {
    let layout = Layout { source: &job.contract.source };
    let (mut receipts, mut missing) = (Vec::new(), Vec::new());
    for collection in &job.collections {
        let key = layout.receipt(collection, &job.run);
        let Some(bytes) = lake.get(&key).await? else {
            missing.push(*collection);
            continue;
        };
        let wrong = |problem: String| {
            Failure::refused(format!("the manifest `{}` is not valid: {problem}", lake.location(&key)))
        };
        let receipt: Receipt = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        validate::receipt(job.contract, &job.run, collection, &receipt).map_err(wrong)?;
        receipts.push(receipt);
    }
    if missing.is_empty() {
        return Ok(receipts);
    }
    let message = format!("run `{}` has no manifest for {}", job.run, missing.join(", "));
    let hint = "run `transformation` for these collections first, or load only the others with --collections";
    Err(Failure::refused(message).hint(hint).into())
}

fn nothing_to_do(job: &Job<'_>, receipts: &[Receipt], standing: &Standing) -> Result<Option<Report>> {
    let unchanged = report(job, receipts, &Changes::new());
    let Standing::Superseded { by, fetched_at } = standing else {
        let report = Report { outcome: Outcome::AlreadyCommitted, ..unchanged };
        return Ok((*standing == Standing::AlreadyCommitted).then_some(report));
    };
    ensure!(*fetched_at <= clock::rfc3339(clock::now() + AHEAD), {
        let (source, run) = (&job.contract.source, &job.run);
        let message = format!(
            "run `{run}` is superseded by run `{by}`, whose fetch time {fetched_at} is in the future: no run can be loaded \
             until then"
        );
        Failure::refused(message).hint(format!(
            "as the owner of `etl.runs`, set that run's fetch time to its commit time: UPDATE etl.runs SET \
             fetched_at = committed_at WHERE source = '{source}' AND run_id = '{by}'; then load this run again"
        ))
    });
    // Two requests may overlap for some time.
    let late = DateTime::parse_from_rfc3339(fetched_at).map(|time| clock::rfc3339(time.to_utc() + AHEAD)).ok();
    if let Some(receipt) = receipts.iter().find(|receipt| late.is_some() && receipt.sent_at > late) {
        let (collection, run) = (&receipt.collection, &job.run);
        let message = format!(
            "run `{run}` would be superseded by run `{by}`, which was fetched at {fetched_at}, but the source sent \
             `{collection}` later: the clock of the machine that ran `transformation` was behind"
        );
        return Err(Failure::refused(message).hint("correct the clock, then fetch again with a new run ID").into());
    }
    tracing::warn!(
        "nothing was loaded: run `{}` is superseded by run `{by}`, whose responses were fetched later, at {fetched_at}",
        job.run
    );
    let tables = unchanged.tables.into_keys().map(|table| (table, Counts::default())).collect();
    Ok(Some(Report { outcome: Outcome::Superseded, superseded_by: Some(by.clone()), tables, ..unchanged }))
}

fn report(job: &Job<'_>, receipts: &[Receipt], changes: &Changes) -> Report {
    let tables = receipts.iter().flat_map(|receipt| &receipt.tables).map(|table| {
        let count = |change: Change| change.count(changes, &table.table);
        let (inserted, revived) = (count(Change::Inserted), count(Change::Revived));
        let (updated, rows) = (count(Change::Updated) + revived, compared(changes, table));
        let counts = Counts {
            read: table.read,
            rows,
            inserted,
            updated,
            revived,
            deleted: count(Change::Deleted),
            unchanged: rows.saturating_sub(inserted + updated),
            quarantined: table.quarantined,
            dropped: table.dropped,
            superseded: table.rows.saturating_sub(rows),
        };
        (table.table.clone(), counts)
    });
    Report {
        run_id: job.run.clone(),
        outcome: Outcome::Committed,
        superseded_by: None,
        tables: tables.collect(),
        findings: Vec::new(),
        accepted: None,
    }
}
