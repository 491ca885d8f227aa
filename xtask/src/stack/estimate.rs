//! Estimates the cost of a deployment: one month without runs, and one minimal run. Prices come from AWS pricing pages
//! (`prices.json` records the price, region, page and retrieval date). A price that those pages do not state is
//! reported as unknown, never guessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::template::Template;
use crate::settings::{Ingestion, Platform, Settings};

/// Hours per month, as in AWS's pricing examples: 365 × 24 / 12.
const MONTH: f64 = 730.0;
/// The minimum charge of one minute, in hours: for Fargate (AWS Fargate pricing, "Pricing details") and for Redshift
/// Serverless (Amazon Redshift Management Guide, "Billing for Amazon Redshift Serverless").
const MINUTE: f64 = 1.0 / 60.0;
/// The region of a price that applies to all regions.
const ANY: &str = "any";

/// A price from an AWS pricing page, in US dollars without tax.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub what: String,
    /// `hour` or `month`.
    pub unit: String,
    pub usd: f64,
    /// The region that the page states, or `any`.
    pub region: String,
    pub read: String,
    pub page: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub what: String,
    pub number: f64,
    /// Number of hours; ignored for a monthly price.
    pub hours: f64,
    pub price: Option<Price>,
}

impl Line {
    pub fn usd(&self) -> Option<f64> {
        let price = self.price.as_ref()?;
        let units = if price.unit == "month" { 1.0 } else { self.hours };
        Some(self.number * units * price.usd)
    }
}

pub fn prices() -> Vec<Price> {
    // A unit test parses the committed file.
    serde_json::from_str(include_str!("prices.json")).unwrap_or_default()
}

/// Returns the price for a region or, if that is unknown, for a different region, which the line then names.
fn price(what: &str, region: &str) -> Option<Price> {
    let prices = prices().into_iter().filter(|price| price.what == what);
    prices.min_by_key(|price| price.region != region && price.region != ANY)
}

fn line(settings: &Settings, what: impl Into<String>, number: f64, hours: f64) -> Line {
    let what = what.into();
    let price = price(&what, &settings.region);
    Line { what, number, hours, price }
}

/// Returns the cost items of a month without runs and without stored data.
pub fn month(settings: &Settings, templates: &[Template]) -> Vec<Line> {
    let (airflow, network) = (&settings.airflow, &settings.network);
    let resources = templates.iter().flat_map(|template| template.resources.values());
    let keys = resources.filter(|resource| resource["Type"] == "AWS::KMS::Key").count();
    let gateways = f64::from(network.nat_gateways);
    let endpoints = (network.endpoints.len() * network.zones.len()) as f64;
    let lines = [
        (format!("MWAA {} environment", airflow.class), 1.0),
        // The environment's price includes one worker.
        (format!("MWAA {} worker", airflow.class), f64::from(airflow.min_workers.saturating_sub(1))),
        ("NAT gateway".to_owned(), gateways),
        ("public IPv4 address".to_owned(), gateways),
        ("interface endpoint, per zone".to_owned(), endpoints),
        // MWAA creates these itself.
        ("MWAA's own endpoints".to_owned(), 1.0),
        ("KMS key".to_owned(), keys as f64),
        ("Secrets Manager secret".to_owned(), 1.0),
    ];
    let used = lines.into_iter().filter(|(_, number)| *number > 0.0);
    used.map(|(what, number)| line(settings, what, number, MONTH)).collect()
}

/// Returns what an hour of each step of a source's run costs, as the report of a run reads it, with a note on what the prices
/// leave out.
pub fn hourly(settings: &Settings, of: &Ingestion) -> Value {
    let of_size = |vcpu: f64, memory_mib: u32| container(settings, vcpu, f64::from(memory_mib) / 1024.0, 1.0).to_vec();
    let (job, dbt) = (&of.job, &settings.batch.dbt);
    let ingestion = of_size(job.vcpu, job.memory_mib);
    let warehouse = vec![rpu(settings, 1.0)];
    let all = [
        ("transformation", ingestion.clone()),
        ("copy_job", ingestion),
        ("dbt_build", of_size(dbt.vcpu, dbt.memory_mib)),
        ("warehouse", warehouse),
    ];
    let lines: Vec<&Line> = all.iter().flat_map(|(_, lines)| lines).collect();
    let names = |of: &dyn Fn(&Line) -> Option<String>| {
        let names: BTreeSet<String> = lines.iter().filter_map(|line| of(line)).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let unknown = names(&|line| line.price.is_none().then(|| line.what.clone()));
    let regions = names(&|line| Some(line.price.as_ref()?.region.clone()));
    let without = if unknown.is_empty() {
        String::new()
    } else {
        format!(" Not included, because its price is unknown: {unknown}.")
    };
    let note = format!(
        "Estimated from AWS's list prices in {regions}, without earlier attempts of a task in Airflow, the report itself, and the \
         time to download images.{without}"
    );
    let usd = |lines: &[Line]| lines.iter().filter_map(Line::usd).sum::<f64>();
    let hour: BTreeMap<_, _> = all.iter().map(|(what, lines)| (*what, usd(lines))).collect();
    json!({ "hour": hour, "note": note })
}

fn container(settings: &Settings, vcpu: f64, gb: f64, hours: f64) -> [Line; 2] {
    let processor = if settings.batch.platform == Platform::Arm64 { "arm64" } else { "x86_64" };
    [
        line(settings, format!("Fargate {processor} vCPU"), vcpu, hours),
        line(settings, format!("Fargate {processor} GB"), gb, hours),
    ]
}

fn rpu(settings: &Settings, hours: f64) -> Line {
    line(settings, "Redshift Serverless RPU", f64::from(settings.warehouse.base_rpu), hours)
}

/// Returns the cost items of one minimal run: each of the four jobs and the warehouse is charged for one minute.
pub fn run(settings: &Settings) -> Vec<Line> {
    let (ingestion, dbt) = (&settings.batch.ingestion, &settings.batch.dbt);
    // `transformation`, `copy` and `report` share a job definition.
    let vcpu = 3.0 * ingestion.vcpu + dbt.vcpu;
    let memory = (3.0 * f64::from(ingestion.memory_mib) + f64::from(dbt.memory_mib)) / 1024.0;
    container(settings, vcpu, memory, MINUTE).into_iter().chain([rpu(settings, MINUTE)]).collect()
}

/// Formats the sum: the known total, and the items with an unknown price.
pub fn sum(lines: &[Line], digits: usize) -> String {
    let usd: f64 = lines.iter().filter_map(Line::usd).sum();
    let unknown: Vec<&str> = lines.iter().filter(|line| line.price.is_none()).map(|line| line.what.as_str()).collect();
    let rest = if unknown.is_empty() { String::new() } else { format!(", plus unknown: {}", unknown.join(", ")) };
    format!("${usd:.digits$}{rest}")
}

#[cfg(test)]
#[path = "../../tests/unit/stack/estimate.rs"]
mod tests;
