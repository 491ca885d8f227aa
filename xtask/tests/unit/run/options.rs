//! Tests that the options of a run have the same effect with and without Airflow.

use super::*;
use crate::settings::{Document, Settings, Variables, chain, resolve};
use serde_json::json;

fn settings() -> Settings {
    let base = Document { file: "dev.yaml", text: include_str!("../../../../infra/settings/dev.yaml") };
    let text = "extends: dev\nsources: {launches: {vcpu: 1, memory_mib: 2048, timeout_seconds: 60}}";
    let own = Document { file: "own.yaml", text };
    let mut settings = resolve("own", own, Some(base), &Variables::new()).expect("no problems").settings;
    // The settings may have other sources, too.
    settings.sources.retain(|name, _| ["launches", "spacex"].contains(&name.as_str()));
    settings
}

fn options(value: &Value) -> RunOptions {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let collections = value["collections"].as_array().into_iter().flatten();
    RunOptions {
        full_refresh: value["full_refresh"] == true,
        collections: collections.filter_map(Value::as_str).map(str::to_owned).collect(),
        from_raw: text("from_raw"),
        accept: text("accept"),
        source_url: text("source_url"),
        from: text("from"),
        to: text("to"),
        select: text("select"),
    }
}

#[test]
fn options_match_the_dags() {
    let examples: Vec<Value> =
        serde_json::from_str(include_str!("../../../../dags/tests/run_options.json")).expect("examples");
    let settings = settings();
    let of = settings.ingestion(None).expect("the default source");
    for example in examples {
        let options = options(&example["options"]);
        assert_eq!(options.conf(), example["options"]);
        for group in example["groups"].as_array().into_iter().flatten() {
            let collections = group[0].as_str().expect("the collections of a group").to_owned();
            let environment = [("COLLECTIONS".to_owned(), collections)].into();
            let task = RunTask { task: "transformation", map_index: Some(1), environment, ..RunTask::default() };
            assert_eq!(options.select(&task), group[1].is_string(), "{group}");
            if let Some(selected) = group[1].as_str() {
                assert_eq!(options.of(&task).1["COLLECTIONS"], selected);
            }
        }
        for task in chain(&settings, &of) {
            let (command, mut environment) = options.of(&task);
            environment.retain(|name, _| !task.environment.contains_key(name));
            let (more, none) = (&command[task.command.len()..], environment.is_empty());
            if task.task == "dbt_build" {
                let mut expected: Vec<String> = serde_json::from_value(example["dbt_build"].clone()).expect("texts");
                if example["options"].get("select").is_none() {
                    expected.extend(task.selection.clone());
                }
                assert!(more == expected && none, "{example}: {command:?}");
            } else if task.task == "report" {
                assert!(more.is_empty() && none, "{example}: {environment:?}");
            } else {
                assert!(json!(environment) == example[task.task] && more.is_empty(), "{example}: {environment:?}");
            }
        }
    }
}

#[test]
fn the_jobs_of_a_source_have_its_contract_and_size_and_build_its_models() {
    let settings = settings();
    let [transformation, copy, dbt, _] = chain(&settings, &settings.ingestion(Some("launches")).expect("a source"));
    assert_eq!(transformation.environment["CONTRACT"], "/contracts/launches.yaml");
    assert_eq!(copy.environment["ACCEPT_WITH"], "cargo xtask run launches --env MODULE --accept 'REASON'");
    assert_eq!(
        json!(copy.overrides),
        json!({"vcpu": "1", "memory_mib": "2048", "attempt_seconds": 60}),
        "both values of the size are sent"
    );
    assert_eq!(transformation.overrides, copy.overrides);
    assert_eq!(json!(dbt.overrides), json!({}));
    let command = RunOptions::default().of(&dbt).0;
    assert_eq!(command, ["dbt", "build", "--select", "source:launches+"]);
    let selected = RunOptions { select: Some("fct_launches".to_owned()), ..RunOptions::default() };
    assert_eq!(selected.of(&dbt).0, ["dbt", "build", "--select", "fct_launches"]);
    let [_, copy, dbt, _] = chain(&settings, &settings.ingestion(None).expect("the default source"));
    assert_eq!(json!(copy.overrides), json!({}));
    let command = RunOptions::default().of(&dbt).0;
    assert_eq!(command, ["dbt", "build", "--exclude", "source:launches+"]);
    assert_eq!(selected.of(&dbt).0, ["dbt", "build", "--select", "fct_launches"], "not also `--exclude`");
}
