//! The steps of a run and what they cost, as the program that starts them reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The minimum charge in seconds, for a container (AWS Fargate pricing, "Pricing details") and for the warehouse (Amazon
/// Redshift Management Guide, "Billing for Amazon Redshift Serverless").
const LEAST_SECONDS: f64 = 60.0;
/// The key of the warehouse in [`Prices`].
const WAREHOUSE: &str = "warehouse";

/// The steps of a run, in order.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Steps {
    pub steps: Vec<Step>,
    /// The URL of the run in Airflow.
    pub link: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// The task, such as `copy_job`.
    pub task: String,
    /// `success`, `failed`, or another state of Airflow, such as `skipped` and `upstream_failed`.
    pub state: String,
    /// The time in which its containers ran; `None` if none started.
    pub seconds: Option<f64>,
    /// The number of containers.
    pub containers: u32,
    /// Why it failed, in one line.
    pub cause: Option<String>,
    /// The URL of its log.
    pub log: Option<String>,
}

/// What an hour costs, in US dollars without tax.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// By task, and `warehouse`.
    pub hour: BTreeMap<String, f64>,
    /// What the prices do not contain, and where they apply.
    pub note: String,
}

/// The price of something that ran for some seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    pub what: String,
    pub seconds: f64,
    pub usd: f64,
}

impl Steps {
    /// Returns the first step that failed.
    pub fn failed(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.state == "failed")
    }
}

/// Returns the price of each step, and of the warehouse while `copy` and dbt used it. Each container is charged for at
/// least a minute.
pub fn cost(steps: &Steps, prices: &Prices) -> Vec<Price> {
    let ran = steps.steps.iter().filter_map(|step| Some((step, step.seconds?)));
    let priced = |what: &str, seconds: f64, least: f64| {
        let usd = prices.hour.get(what)? * seconds.max(least) / 3600.0;
        Some(Price { what: what.to_owned(), seconds, usd })
    };
    let mut all: Vec<Price> = ran
        .clone()
        .filter_map(|(step, seconds)| priced(&step.task, seconds, LEAST_SECONDS * f64::from(step.containers)))
        .collect();
    let queried: f64 = ran.filter(|(step, _)| step.task != "transformation").map(|(_, seconds)| seconds).sum();
    all.extend((queried > 0.0).then(|| priced(WAREHOUSE, queried, LEAST_SECONDS)).flatten());
    all
}
