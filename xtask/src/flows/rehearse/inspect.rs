//! The output of a run: container log lines, table counts, dbt results, and the report.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result};
use contract::dbt::Results;
use contract::{Counts, Layout};

use crate::edge::aws::Aws;
use crate::edge::postgres::Login;
use crate::edge::s3::Bucket;
use crate::flows::run::RunProgress;
use crate::report::Loaded;
use crate::settings::Settings;

const LAST: usize = 40;

#[derive(Debug, Default)]
pub(super) struct Logs {
    last: BTreeMap<String, VecDeque<String>>,
    loaded: Option<Loaded>,
}

impl Logs {
    pub(super) fn add(&mut self, progress: &RunProgress) {
        let RunProgress::Line(task, line) = progress else { return };
        // The last line of `copy` is its report.
        if let Ok(loaded) = serde_json::from_str(&line.message) {
            self.loaded = Some(loaded);
        }
        let last = self.last.entry(task.clone()).or_default();
        last.push_back(line.printable());
        if last.len() > LAST {
            last.pop_front();
        }
    }

    pub(super) fn last(&self, task: &str) -> Vec<&str> {
        self.last.get(task).into_iter().flatten().map(String::as_str).collect()
    }
}

/// Returns the counts that `copy` reported for each table, and the number of rows in each warehouse table.
pub(super) fn tables(
    logs: &Logs,
    reader: &Login,
    source: &str,
) -> Result<(BTreeMap<String, Counts>, BTreeMap<String, u64>)> {
    let tables = logs.loaded.as_ref().map(|loaded| loaded.tables.clone()).unwrap_or_default();
    let mut rows = BTreeMap::new();
    for table in tables.keys() {
        let sql = format!("SELECT count(*) FROM \"{source}\".\"{table}\" WHERE _deleted_at IS NULL");
        let found = reader.query(&sql)?.rows.into_iter().flatten().next().flatten();
        rows.insert(table.clone(), found.context("the warehouse did not return a row count")?.parse()?);
    }
    Ok((tables, rows))
}

/// Reads the report of a run from the lake.
pub(super) fn page(aws: &Aws, settings: &Settings, source: &str, run_id: &str) -> Result<Option<String>> {
    let (layout, run) = (Layout { source }, run_id.parse().map_err(anyhow::Error::msg)?);
    aws.wait(async {
        let bucket = Bucket::open(&settings.buckets().lake, &aws.config).await?;
        let key = layout.report(&run, "html");
        if !bucket.list(Some(&layout.reports())).await?.contains_key(&key) {
            return Ok(None);
        }
        String::from_utf8(bucket.get(&key).await?.bytes).context("the report is not valid UTF-8").map(Some)
    })
}

/// Reads the dbt results of a run's last attempt from the lake.
pub(super) fn marts(aws: &Aws, settings: &Settings, run_id: &str) -> Result<Option<Results>> {
    aws.wait(async {
        let bucket = Bucket::open(&settings.buckets().lake, &aws.config).await?;
        let objects = bucket.list(Some(&format!("dbt/run={run_id}"))).await?;
        let newest = |name: &str| objects.keys().rfind(|key| key.ends_with(&format!("/{name}"))).cloned();
        let (Some(run), Some(manifest)) = (newest("run_results.json"), newest("manifest.json")) else {
            return Ok(None);
        };
        let text = async |key: &str| {
            String::from_utf8(bucket.get(key).await?.bytes).context("dbt's results are not valid UTF-8")
        };
        let (run, manifest) = (text(&run).await?, text(&manifest).await?);
        Results::parse(&run, &manifest).context("cannot parse dbt's results").map(Some)
    })
}
