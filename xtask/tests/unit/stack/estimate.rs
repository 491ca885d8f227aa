//! Tests the estimates for the committed settings and for changed ones.

use std::collections::BTreeMap;

use super::*;
use crate::settings::{Document, Endpoint, resolve};

fn dev() -> Settings {
    let text = include_str!("../../../../infra/settings/dev.yaml");
    resolve("x", Document { file: "x", text }, None, &BTreeMap::new()).expect("valid settings").settings
}

fn usd(lines: &[Line], what: &str) -> String {
    let line = lines.iter().find(|line| line.what == what).expect("the line");
    line.usd().map_or_else(|| "unknown".to_owned(), |usd| format!("{usd:.4}"))
}

#[test]
fn each_price_is_from_a_page_of_aws_with_its_day() {
    let prices: Vec<Price> = serde_json::from_str(include_str!("../../../src/stack/prices.json")).expect("prices");
    for (index, price) in prices.iter().enumerate() {
        let twice = prices[..index].iter().any(|other| (&other.what, &other.region) == (&price.what, &price.region));
        let day: Vec<usize> = price.read.split('-').map(str::len).collect();
        assert!(!twice && price.usd > 0.0 && day == [4, 2, 2], "{price:?}");
        assert!(["hour", "month"].contains(&price.unit.as_str()), "{price:?}");
        assert!(price.page.starts_with("https://aws.amazon.com/"), "{price:?}");
    }
}

#[test]
fn a_month_counts_what_the_settings_and_templates_have() {
    let text = include_str!("../../../../infra/warehouse.yaml");
    let template = Template::parse("warehouse", Document { file: "warehouse", text }).expect("a template");
    let mut settings = dev();
    let lines = month(&settings, &[template]);
    assert_eq!((usd(&lines, "NAT gateway"), usd(&lines, "KMS key")), ("32.8500".to_owned(), "1.0000".to_owned()));
    let unknown = "MWAA mw1.micro environment, public IPv4 address, MWAA's own endpoints";
    assert_eq!(sum(&lines, 2), format!("$34.25, plus unknown: {unknown}"));

    settings.network.nat_gateways = 3;
    settings.network.endpoints = vec![Endpoint::Kms, Endpoint::Logs];
    settings.airflow.min_workers = 3;
    let lines = month(&settings, &[]);
    assert_eq!(usd(&lines, "NAT gateway"), "98.5500");
    let number = |what: &str| lines.iter().find(|line| line.what == what).map(|line| line.number);
    let counts = ["interface endpoint, per zone", "MWAA mw1.micro worker", "KMS key"].map(number);
    assert_eq!(counts, [Some(6.0), Some(2.0), None]);
}

#[test]
fn a_run_is_four_minutes_of_jobs_and_one_of_the_warehouse() {
    let lines = run(&dev());
    // Three times 0.5 and 1 vCPU, three times 1 and 2 GB, 4 RPU.
    assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [2.5, 5.0, 4.0]);
    assert_eq!(sum(&lines, 4), "$0.0267, plus unknown: Fargate x86_64 GB");
    let other = price("Redshift Serverless RPU", "eu-west-1").expect("a price");
    assert_eq!(other.region, "us-east-1", "the line names the other region");
}

#[test]
fn an_hour_of_a_step_costs_what_its_container_does() {
    let settings = dev();
    let found = hourly(&settings, &settings.ingestions()[0]);
    // 0.5 and 1 vCPU, and 4 RPU.
    let hour = json!({"transformation": 0.0202392, "copy_job": 0.0202392, "dbt_build": 0.0404784, "warehouse": 1.5});
    assert_eq!(found["hour"], hour);
    let note = "Estimated from AWS's list prices in us-east-1, without earlier attempts of a task in Airflow, the report itself, and the \
         time to download images. Not included, because its price is unknown: Fargate x86_64 GB.";
    assert_eq!(found["note"], note);
}
