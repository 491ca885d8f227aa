//! Tests the settings file for the DAGs, with changed settings.

use super::*;
use crate::settings::{Document, Variables, resolve};
use serde_json::{Value, json};

fn rendered(change: impl FnOnce(&mut Settings)) -> Value {
    let own = Document { file: "dev.yaml", text: include_str!("../../../infra/settings/dev.yaml") };
    let mut settings = resolve("dev", own, None, &Variables::new()).expect("dev has no problems").settings;
    change(&mut settings);
    serde_json::from_str(&render(&settings, "spacex", "123456789012")).expect("it is JSON")
}

#[test]
fn a_task_outlasts_every_attempt_of_its_job() {
    let found = rendered(|settings| {
        settings.batch.ingestion.name = "ingest".to_owned();
        (settings.batch.ingestion.attempts, settings.batch.ingestion.timeout_seconds) = (3, 1_000);
        (settings.batch.dbt.attempts, settings.batch.dbt.timeout_seconds) = (1, 60);
    });
    let ingestion = json!({"definition": "ingest", "timeout_seconds": 3_900});
    let dbt = json!({"definition": "dbt-transformation-job", "timeout_seconds": 960});
    assert_eq!(
        found["jobs"],
        json!({"transformation": ingestion, "copy_job": ingestion, "dbt_build": dbt}),
        "by task ID"
    );
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
        assert_eq!(found["alarm_topic"], arn);
    }
}

#[test]
fn no_schedule_is_null() {
    assert_eq!(rendered(|settings| settings.dags.schedule = None)["schedule"], Value::Null);
    let found = rendered(|settings| settings.dags.schedule = Some("0 5 * * *".to_owned()));
    assert_eq!(found["schedule"], "0 5 * * *");
}
