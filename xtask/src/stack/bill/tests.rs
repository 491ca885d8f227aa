//! Bills of the committed settings, and of some that are not.

use std::collections::BTreeMap;

use super::*;
use crate::settings::{Document, Endpoint, resolve};

fn settings(text: &str) -> Settings {
    resolve("x", Document { file: "x", text }, None, &BTreeMap::new()).expect("sound settings").settings
}

fn dev() -> Settings {
    settings(include_str!("../../../../infra/settings/dev.yaml"))
}

fn templates() -> Vec<Template> {
    let text = include_str!("../../../../infra/warehouse.yaml");
    vec![Template::parse("warehouse", Document { file: "warehouse", text }).expect("a template")]
}

fn line<'b>(bill: &'b Bill, what: &str) -> &'b Line {
    bill.lines.iter().find(|line| line.what == what).expect("the line")
}

/// To a hundredth of a cent.
fn usd(line: &Line) -> String {
    line.usd().map_or_else(|| "unknown".to_owned(), |usd| format!("{usd:.4}"))
}

#[test]
fn a_month_of_dev_is_airflow_a_gateway_with_its_address_keys_and_a_secret() {
    let bill = month(&dev(), &templates());
    let found: Vec<(&str, f64, String)> =
        bill.lines.iter().map(|line| (line.what.as_str(), line.number, usd(line))).collect();
    let wanted = [
        ("Airflow mw1.micro", 1.0, "211.7000"),
        ("NAT gateways", 1.0, "35.0400"),
        ("their addresses", 1.0, "3.6500"),
        ("keys", 1.0, "1.0000"),
        ("the administrator's secret", 1.0, "0.4000"),
        ("warehouse, asleep", 0.0, "0.0000"),
    ];
    assert_eq!(found, wanted.map(|(what, number, usd)| (what, number, usd.to_owned())));
    let words = "at least $39.69 by prices of eu-west-1, about $251.79 with those of us-east-1 where none was found; \
                 unknown: the endpoints that MWAA makes for itself";
    assert_eq!(in_words(&bill, 2), words);
}

#[test]
fn gateways_endpoints_in_each_zone_and_workers_beyond_the_first_are_paid_for() {
    let mut settings = dev();
    settings.network.nat_gateways = 3;
    settings.network.endpoints = vec![Endpoint::Kms, Endpoint::Logs];
    settings.airflow.class = "mw1.small".to_owned();
    settings.airflow.min_workers = 3;
    let bill = month(&settings, &[]);
    assert_eq!(usd(line(&bill, "NAT gateways")), "105.1200");
    assert_eq!(usd(line(&bill, "their addresses")), "10.9500");
    assert_eq!(
        (line(&bill, "endpoints, times zones").number, usd(line(&bill, "endpoints, times zones"))),
        (6.0, "48.1800".to_owned())
    );
    assert_eq!(usd(line(&bill, "Airflow worker mw1.small")), "80.3000");
    assert_eq!(line(&bill, "keys").number, 0.0, "as many as the templates have");
}

#[test]
fn what_has_no_price_is_unknown_and_not_nothing() {
    let mut settings = dev();
    settings.airflow.class = "mw1.xlarge".to_owned();
    settings.airflow.min_workers = 2;
    let bill = month(&settings, &[]);
    assert_eq!(usd(line(&bill, "Airflow mw1.xlarge")), "unknown");
    let words = in_words(&bill, 2);
    assert!(words.starts_with("at least $38.69 by prices of eu-west-1, about $39.09 with"), "{words}");
    assert!(words.ends_with("itself, Airflow mw1.xlarge, Airflow worker mw1.xlarge"), "{words}");
}

#[test]
fn a_region_whose_prices_are_all_there_has_no_stand_in() {
    let mut settings = dev();
    settings.region = "us-east-1".to_owned();
    let bill = run(&settings);
    assert_eq!(bill.of_region(), bill.usd());
    assert_eq!(in_words(&bill, 4), "at least $0.0266 by prices of us-east-1");
}

#[test]
fn a_run_is_three_minutes_of_jobs_and_one_of_the_warehouse() {
    let bill = run(&dev());
    // 0.5 + 0.5 + 1 vCPU, 1 + 1 + 2 GB, 4 RPU.
    let numbers: Vec<f64> = bill.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [2.0, 4.0, 4.0]);
    let each: Vec<String> = bill.lines.iter().map(usd).collect();
    assert_eq!(each, ["0.0013", "0.0003", "0.0250"]);
    let mut graviton = dev();
    graviton.batch.platform = Platform::Arm64;
    assert!(run(&graviton).usd() < bill.usd());
}
