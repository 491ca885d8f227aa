//! The steps of a run and what they cost, as the program that starts them reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The minimum charge in seconds for the warehouse (Amazon Redshift Management Guide, "Billing for Amazon Redshift
/// Serverless").
const LEAST_SECONDS: f64 = 60.0;
/// The task that builds the marts.
pub(super) const DBT: &str = "dbt_build";
/// The key of the warehouse in [`Prices`].
const WAREHOUSE: &str = "warehouse";

/// The steps of a run, in order. Fields that a newer program passes are ignored.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Steps {
    pub steps: Vec<Step>,
    /// The URL of the run in Airflow.
    pub link: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Step {
    /// The task, such as `copy_job`.
    pub task: String,
    /// `success`, `failed`, or another state of Airflow, such as `skipped` and `upstream_failed`.
    pub state: String,
    /// The time in which its containers ran; `None` if none started.
    pub seconds: Option<f64>,
    /// How long its containers are billed.
    pub billed_seconds: f64,
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

/// Returns the price of each step, and of the warehouse while `copy` and dbt used it.
pub fn cost(steps: &Steps, prices: &Prices) -> Vec<Price> {
    let ran = steps.steps.iter().filter_map(|step| Some((step, step.seconds?)));
    let priced = |what: &str, seconds: f64, billed: f64| {
        let usd = prices.hour.get(what)? * billed / 3600.0;
        Some(Price { what: what.to_owned(), seconds, usd })
    };
    let of_step = |(step, seconds): (&Step, f64)| priced(&step.task, seconds, step.billed_seconds);
    let mut all: Vec<Price> = ran.clone().filter_map(of_step).collect();
    let queried: f64 = ran.filter(|(step, _)| step.task != "transformation").map(|(_, seconds)| seconds).sum();
    all.extend((queried > 0.0).then(|| priced(WAREHOUSE, queried, queried.max(LEAST_SECONDS))).flatten());
    all
}
