//! `report`: reads the ledger, dbt's results, the marts and earlier reports, and writes the page of a run.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use contract::{Check, Contract, Finding, Layout, RunId, dbt};
use serde::Serialize;

use crate::edge::lake::Lake;
use crate::edge::warehouse::{Warehouse, values};
use crate::failure::{Failure, chain};
use crate::page::{self, Charts};
use crate::report::{Gap, Loaded, Past, Prices, Report, SHOWN, Steps, Until, committed, gap_query, gaps, newest_first};

/// The source of the built-in contract, whose marts have charts.
const WITH_CHARTS: &str = "spacex";

/// What to report on.
#[derive(Debug)]
pub struct Job<'c> {
    /// The contract of the source.
    pub contract: &'c Contract,
    /// The run.
    pub run: RunId,
    /// RFC 3339 in UTC, without fractions of seconds.
    pub written_at: String,
    /// The lake and the warehouse, without passwords.
    pub places: [String; 2],
    /// What the program that started the steps knows about them; empty if it passed nothing.
    pub steps: Steps,
    /// What an hour of each step costs; without it, the page has no costs.
    pub prices: Option<Prices>,
    /// dbt's `run_results.json` and `manifest.json`, if they are not in the lake.
    pub artifacts: Option<[String; 2]>,
}

/// The page that was written.
#[derive(Debug, Serialize)]
pub struct Written {
    /// The run.
    pub run_id: RunId,
    /// The URL of the page.
    pub report: String,
}

/// Writes the page. What cannot be read is missing in it; only a failed write is an error.
pub async fn report<W: Warehouse>(job: Job<'_>, lake: &Lake, warehouse: Result<W>) -> Result<Written> {
    let layout = Layout { source: &job.contract.source };
    let Job { contract, run, written_at, places, steps, prices, artifacts } = job;
    let mut report = Report {
        source: contract.source.clone(),
        run_id: run.to_string(),
        written_at,
        places,
        steps,
        prices,
        ..Report::default()
    };
    let mut unread = Vec::new();
    let mut missing = |what: &str, error: &anyhow::Error| {
        tracing::warn!("{what} could not be read: {}", chain(error.as_ref()));
        unread.push(format!("{what}: {}", chain(error.as_ref())));
    };
    match self::artifacts(lake, &run, artifacts).await {
        Ok(results) => report.dbt = results.filter(|_| report.dbt_has_finished()),
        Err(error) => missing("dbt's results", &error),
    }
    let reported = earlier(lake, &layout).await.unwrap_or_else(|error| {
        missing("earlier reports", &error);
        Vec::new()
    });
    let mut charts = None;
    let mut in_ledger = Vec::new();
    match warehouse {
        Err(error) => missing("the warehouse", &error),
        Ok(warehouse) => {
            match ledger(&warehouse, contract, &run).await {
                Ok((runs, loaded)) => (in_ledger, report.loaded, report.has_ledger) = (runs, loaded, true),
                Err(error) => missing("the ledger", &error),
            }
            let tables = in_ledger.iter().flat_map(|run| run.tables.keys().map(String::as_str)).collect();
            match references(&warehouse, contract, &tables).await {
                Ok(found) => report.gaps = found,
                Err(error) => missing("references", &error),
            }
            if contract.source == WITH_CHARTS {
                match until(&warehouse).await {
                    Ok(found) => report.until = found,
                    Err(error) => missing("the age of the data", &error),
                }
                charts = self::charts(&warehouse).await.map_err(|error| missing("the marts", &error)).ok();
            }
        }
    }
    report.unread = unread;
    let own = report.past();
    let others = reported.into_iter().filter(|past| past.run_id != own.run_id);
    report.history = newest_first(in_ledger, others.chain([own.clone()]).collect());
    lake.replace(&layout.report(&run, "json"), serde_json::to_vec(&own)?).await?;
    let (key, page) = (layout.report(&run, "html"), page::html(&report, charts.as_ref()));
    lake.replace(&key, page.into_bytes()).await?;
    Ok(Written { run_id: run, report: lake.location(&key) })
}

/// Returns the results of the run's last dbt job; `None` if it has none.
async fn artifacts(lake: &Lake, run: &RunId, given: Option<[String; 2]>) -> Result<Option<dbt::Results>> {
    let [results, manifest] = match given {
        Some(texts) => texts,
        None => {
            let found = lake.newest(&Layout::artifacts(run), "/run_results.json", 1).await?;
            let Some(key) = found.first() else { return Ok(None) };
            let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
            [text(lake, key).await?, text(lake, &format!("{folder}/manifest.json")).await?]
        }
    };
    dbt::Results::parse(&results, &manifest).map(Some).context("cannot parse dbt's results")
}

async fn text(lake: &Lake, key: &str) -> Result<String> {
    let bytes = lake.get(key).await?.with_context(|| format!("`{}` does not exist", lake.location(key)))?;
    Ok(String::from_utf8(bytes.into())?)
}

/// Returns what the reports of earlier runs say about them. A report that cannot be parsed is of another version.
async fn earlier(lake: &Lake, layout: &Layout<'_>) -> Result<Vec<Past>> {
    let mut found = Vec::new();
    for key in lake.newest(&layout.reports(), ".json", SHOWN).await? {
        let Some(bytes) = lake.get(&key).await? else { continue };
        match serde_json::from_slice(&bytes) {
            Ok(past) => found.push(past),
            Err(error) => tracing::warn!("the report `{}` is ignored: {error}", lake.location(&key)),
        }
    }
    Ok(found)
}

/// Returns the last runs, and what this run loaded.
async fn ledger<W: Warehouse>(warehouse: &W, contract: &Contract, run: &RunId) -> Result<(Vec<Past>, Option<Loaded>)> {
    let source = &contract.source;
    let rows = warehouse.query("read the last runs", &Past::query(W::DIALECT, source, run)).await?.into_iter();
    let runs: Vec<Past> =
        rows.map(|row| Ok(committed(values(row)?).map_err(Failure::refused)?)).collect::<Result<_>>()?;
    let Some(own) = runs.iter().find(|past| past.run_id == run.as_str()) else { return Ok((runs, None)) };
    let findings = format!(
        "SELECT check_name, table_name, problem, refused, coalesce(reason, '') AS reason FROM etl.findings \
         WHERE source = '{source}' AND seq = {} ORDER BY table_name, problem",
        own.seq.unwrap_or_default()
    );
    let mut loaded = Loaded { tables: own.tables.clone(), ..Loaded::default() };
    for row in warehouse.query("read the findings of the run", &findings).await? {
        let [check, table, problem, refused, reason] = values(row)?;
        let check = serde_json::from_value(check.into()).unwrap_or(Check::Incomplete);
        loaded.findings.push(Finding { check, table, problem, refused: refused.starts_with('t') });
        loaded.accepted = Some(reason).filter(|reason| !reason.is_empty()).or(loaded.accepted);
    }
    Ok((runs, Some(loaded)))
}

async fn references<W: Warehouse>(warehouse: &W, contract: &Contract, tables: &BTreeSet<&str>) -> Result<Vec<Gap>> {
    let Some(sql) = gap_query(contract, tables) else { return Ok(Vec::new()) };
    let mut counted = BTreeMap::new();
    for row in warehouse.query("count references without a match", &sql).await? {
        let [column, count] = values(row)?;
        counted.insert(column, count.parse()?);
    }
    Ok(gaps(contract, &counted))
}

async fn until<W: Warehouse>(warehouse: &W) -> Result<Vec<Until>> {
    let rows = warehouse.query("read the mart `data_until`", &Until::query()).await?;
    rows.into_iter().map(|row| values(row).map(Until::read)).collect()
}

async fn charts<W: Warehouse>(warehouse: &W) -> Result<Charts> {
    let mut rows = Vec::new();
    for sql in page::QUERIES {
        rows.push(warehouse.query("read the marts", sql).await?);
    }
    let rows: Option<[_; 4]> = rows.try_into().ok();
    rows.and_then(Charts::read).context("a mart has other columns than the report expects")
}
