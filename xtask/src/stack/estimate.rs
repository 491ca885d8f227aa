//! Estimates the cost of a deployment: one month without runs, and one minimal run. Prices come from AWS pricing pages
//! (`prices.json` records the price, region, page and retrieval date). A price that those pages do not state is
//! reported as unknown, never guessed.

use serde::{Deserialize, Serialize};

use super::template::Template;
use crate::settings::{Platform, Settings};

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

/// Returns the cost items of one minimal run: each of the three jobs and the warehouse is charged for one minute.
pub fn run(settings: &Settings) -> Vec<Line> {
    let (ingestion, dbt) = (&settings.batch.ingestion, &settings.batch.dbt);
    let processor = if settings.batch.platform == Platform::Arm64 { "arm64" } else { "x86_64" };
    // `transformation` and `copy` share a job definition.
    let vcpu = 2.0 * ingestion.vcpu + dbt.vcpu;
    let memory = (2.0 * f64::from(ingestion.memory_mib) + f64::from(dbt.memory_mib)) / 1024.0;
    vec![
        line(settings, format!("Fargate {processor} vCPU"), vcpu, MINUTE),
        line(settings, format!("Fargate {processor} GB"), memory, MINUTE),
        line(settings, "Redshift Serverless RPU", f64::from(settings.warehouse.base_rpu), MINUTE),
    ]
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
