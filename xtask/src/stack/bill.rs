//! What a deployment costs: a month in which nothing runs, and one run, at the least. Reckoned from settings and templates
//! by the prices that were seen.

use serde::Serialize;

use super::Template;
use super::prices::{self, EVERYWHERE, Price, STAND_IN, Unit, price};
use crate::settings::{Platform, Settings};

/// Hours in a month, as AWS's own examples count them: 365 × 24 / 12.
const MONTH: f64 = 730.0;
/// Fargate bills a minute at least (AWS Fargate pricing, "Pricing details"), and Redshift Serverless whenever it wakes
/// (Amazon Redshift Management Guide, "Billing for Amazon Redshift Serverless").
const LEAST: f64 = 1.0 / 60.0;

/// What costs whatever one does, and was not found at all.
const NOT_FOUND: [&str; 1] = ["the endpoints that MWAA makes for itself"];

/// A line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What is paid for.
    pub what: String,
    /// How many of it.
    pub number: f64,
    /// For how many hours; nothing if it is paid by the month.
    pub hours: Option<f64>,
    /// For how much each; nothing if that was not found.
    pub price: Option<&'static Price>,
}

impl Line {
    fn new(what: impl Into<String>, number: f64, hours: f64, price: Option<&'static Price>) -> Self {
        let hours = price.is_none_or(|price| price.unit == Unit::Hour).then_some(hours);
        Self { what: what.into(), number, hours, price }
    }

    /// US dollars, if its price is known.
    pub fn usd(&self) -> Option<f64> {
        self.price.map(|price| self.number * self.hours.unwrap_or(1.0) * price.usd)
    }
}

/// A bill of one region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// The region.
    pub region: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What else is to be paid, at a price that was not found.
    pub unknown: Vec<String>,
}

impl Bill {
    /// Whether a price is the region's own, and does not stand in.
    fn owns(&self, price: &Price) -> bool {
        [EVERYWHERE, &self.region].contains(&price.region)
    }

    /// US dollars by prices of the region itself.
    pub fn of_region(&self) -> f64 {
        let own = |line: &&Line| line.price.is_some_and(|price| self.owns(price));
        self.lines.iter().filter(own).filter_map(Line::usd).sum()
    }

    /// The same, with those that stand in where the region's own was not found.
    pub fn usd(&self) -> f64 {
        self.lines.iter().filter_map(Line::usd).sum()
    }
}

/// The sum in words: a lower bound by the region's own prices, what stands in for the others, and what is left out.
pub fn in_words(bill: &Bill, digits: usize) -> String {
    let (own, all) = (bill.of_region(), bill.usd());
    let mut text = format!("at least ${own:.digits$} by prices of {}", bill.region);
    if bill.lines.iter().any(|line| line.price.is_some_and(|price| !bill.owns(price))) {
        text += &format!(", about ${all:.digits$} with those of {STAND_IN} where none was found");
    }
    if !bill.unknown.is_empty() {
        text += &format!("; unknown: {}", bill.unknown.join(", "));
    }
    text
}

fn bill(settings: &Settings, lines: Vec<Line>, mut unknown: Vec<String>) -> Bill {
    unknown.extend(lines.iter().filter(|line| line.price.is_none()).map(|line| line.what.clone()));
    Bill { region: settings.region.clone(), lines, unknown }
}

/// A month in which nothing runs and nothing is stored.
pub fn month(settings: &Settings, templates: &[Template]) -> Bill {
    let seen = |what: &str| price(what, &settings.region);
    let (airflow, network) = (&settings.airflow, &settings.network);
    let class = format!("Airflow {}", airflow.class);
    let mut lines = vec![Line::new(class.clone(), 1.0, MONTH, seen(&class))];
    // One worker is in the environment's price.
    if airflow.min_workers > 1 {
        let worker = format!("Airflow worker {}", airflow.class);
        lines.push(Line::new(worker.clone(), f64::from(airflow.min_workers - 1), MONTH, seen(&worker)));
    }
    let gateways = f64::from(network.nat_gateways);
    lines.push(Line::new("NAT gateways", gateways, MONTH, seen(prices::NAT)));
    lines.push(Line::new("their addresses", gateways, MONTH, seen(prices::ADDRESS)));
    if !network.endpoints.is_empty() {
        let zones = network.endpoints.len() * network.zones.len();
        lines.push(Line::new("endpoints, times zones", count(zones), MONTH, seen(prices::ENDPOINT)));
    }
    let keys = templates.iter().flat_map(|template| template.resources.values());
    let keys = keys.filter(|resource| resource["Type"] == "AWS::KMS::Key").count();
    lines.push(Line::new("keys", count(keys), MONTH, seen(prices::KEY)));
    lines.push(Line::new("the administrator's secret", 1.0, MONTH, seen(prices::SECRET)));
    lines.push(Line::new("warehouse, asleep", 0.0, MONTH, seen(prices::RPU)));
    bill(settings, lines, NOT_FOUND.map(str::to_owned).into())
}

/// One run at the least: each of its three jobs done within the minute that is billed in any case, and the warehouse awake for
/// its own.
pub fn run(settings: &Settings) -> Bill {
    let seen = |what: &str| price(what, &settings.region);
    let (ingestion, dbt) = (&settings.batch.ingestion, &settings.batch.dbt);
    // `transformation` and `copy` are the same definition.
    let vcpu = 2.0 * ingestion.vcpu + dbt.vcpu;
    let memory = (2.0 * f64::from(ingestion.memory_mib) + f64::from(dbt.memory_mib)) / 1024.0;
    let processor = match settings.batch.platform {
        Platform::X86 => "x86_64",
        Platform::Arm64 => "arm64",
    };
    let lines = vec![
        Line::new("three jobs, vCPU", vcpu, LEAST, seen(&format!("{processor} vCPU"))),
        Line::new("three jobs, GB", memory, LEAST, seen(&format!("{processor} GB"))),
        Line::new("warehouse, RPU", f64::from(settings.warehouse.base_rpu), LEAST, seen(prices::RPU)),
    ];
    bill(settings, lines, Vec::new())
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
