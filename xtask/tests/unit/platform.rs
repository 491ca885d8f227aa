//! Tests the settings file for the DAGs, with changed settings.

use super::*;
use crate::settings::{Document, Source, Variables, resolve};
use serde_json::{Value, json};

fn rendered(change: impl FnOnce(&mut Settings)) -> Value {
    let own = Document { file: "dev.yaml", text: include_str!("../../../infra/settings/dev.yaml") };
    let mut settings = resolve("dev", own, None, &Variables::new()).expect("dev has no problems").settings;
    // The settings may have other sources, too.
    settings.sources.retain(|name, _| name == "spacex");
    change(&mut settings);
    serde_json::from_str(&render(&settings, "123456789012")).expect("it is JSON")
}

#[test]
fn a_task_outlasts_every_attempt_of_its_job() {
    let found = rendered(|settings| {
        settings.batch.ingestion.name = "ingest".to_owned();
        (settings.batch.ingestion.attempts, settings.batch.ingestion.timeout_seconds) = (3, 1_000);
        (settings.batch.dbt.attempts, settings.batch.dbt.timeout_seconds) = (1, 60);
    });
    let jobs = &found["sources"]["spacex"]["jobs"];
    for (task, definition, seconds) in [
        ("transformation", "ingest", 3_900),
        ("copy_job", "ingest", 3_900),
        ("dbt_build", "dbt-transformation-job", 960),
    ] {
        let job = &jobs[task];
        assert_eq!((&job["definition"], &job["timeout_seconds"]), (&json!(definition), &json!(seconds)), "{task}");
    }
}

#[test]
fn the_topic_is_in_the_partition_of_the_region() {
    for (region, arn) in [
        ("eu-west-1", "arn:aws:sns:eu-west-1:123456789012:mine-alarms"),
        ("cn-north-1", "arn:aws-cn:sns:cn-north-1:123456789012:mine-alarms"),
        ("us-gov-west-1", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:mine-alarms"),
    ] {
        let found = rendered(|settings| {
            (settings.region, settings.project) = (region.to_owned(), "mine".to_owned());
        });
        assert_eq!((&found["alarm_topic"], &found["chat_topic"]), (&json!(arn), &Value::Null));
    }
    let found = rendered(|settings| {
        let slack = json!({"workspace": "T1", "channel": "C1"});
        settings.monitoring.slack = serde_json::from_value(slack).expect("a channel");
    });
    assert_eq!(found["chat_topic"], "arn:aws:sns:eu-west-1:123456789012:dpstack-chat");
}

#[test]
fn a_source_with_secrets_has_its_own_job_definition() {
    let found = rendered(|settings| {
        let source = Source { secret: Some("/dpstack/shop".to_owned()), ..Source::default() };
        settings.sources.insert("shop".to_owned(), source);
    });
    let of = |source: &str, task: &str| found["sources"][source]["jobs"][task]["definition"].clone();
    for task in ["transformation", "copy_job"] {
        assert_eq!(of("shop", task), "ingestion-job-source-shop");
        assert_eq!(of("spacex", task), "ingestion-job");
    }
    assert_eq!(of("shop", "dbt_build"), of("spacex", "dbt_build"));
    assert!(!found.to_string().contains("/dpstack/shop"));
}

#[test]
fn every_source_has_its_own_dag_and_limits_with_the_defaults_of_the_deployment() {
    let found = rendered(|settings| {
        settings.dags.schedule = Some("0 5 * * *".to_owned());
        let text = "{schedule: manual, enabled: false, max_load_age_hours: 1, vcpu: 1, memory_mib: 2048, \
                    timeout_seconds: 60, groups: [[agencies], [launches, pads]]}";
        settings.sources.insert("launches".to_owned(), serde_yaml::from_str(text).expect("a source"));
    });
    let (spacex, launches) = (&found["sources"]["spacex"], &found["sources"]["launches"]);
    assert_eq!((&spacex["dag"], &spacex["schedule"]), (&json!("ingestion"), &json!("0 5 * * *")));
    assert_eq!((&spacex["enabled"], &spacex["max_load_age_hours"]), (&json!(true), &json!(48)));
    assert_eq!((&launches["dag"], &launches["schedule"]), (&json!("ingestion_launches"), &Value::Null));
    assert_eq!((&launches["enabled"], &launches["max_load_age_hours"]), (&json!(false), &json!(1)));
    assert_eq!(launches["max_quarantine_share"], json!(0.05));
    assert_eq!(
        (&spacex["groups"], &launches["groups"]),
        (&json!([]), &json!(["agencies", "launches,pads"])),
        "in the order of the map indices"
    );
    assert_eq!(launches["jobs"]["transformation"]["environment"]["SHARED_BY"], "2");
    assert_eq!(spacex["jobs"]["transformation"]["environment"].get("SHARED_BY"), None);
    let job = &launches["jobs"]["copy_job"];
    assert_eq!(job["environment"]["CONTRACT"], "/contracts/launches.yaml");
    assert_eq!(job["overrides"], json!({"vcpu": "1", "memory_mib": "2048", "attempt_seconds": 60}));
    assert_eq!(job["timeout_seconds"], json!(3 * 60 + 900));
    assert_eq!(spacex["jobs"]["copy_job"]["overrides"], json!({}));
    assert_eq!(launches["jobs"]["dbt_build"]["selection"], json!(["--select", "source:launches+"]));
    assert_eq!(spacex["jobs"]["dbt_build"]["selection"], json!(["--exclude", "source:launches+"]));
}
