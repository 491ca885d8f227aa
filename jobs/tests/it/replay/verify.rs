//! `--verify` writes nothing, and reports every difference between a run's files and the result of transforming its
//! responses again.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::support::zoo::Zoo;

fn transformed() -> Zoo {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    zoo
}

/// Returns every object with its modification time.
fn objects(zoo: &Zoo) -> Vec<(String, SystemTime)> {
    let changed =
        |key: &String| std::fs::metadata(zoo.lake.path(key)).and_then(|found| found.modified()).expect("a file");
    zoo.lake.keys("").into_iter().map(|key| (key.clone(), changed(&key))).collect()
}

/// Changes a manifest.
fn alter(zoo: &Zoo, collection: &str, change: impl FnOnce(&mut Value)) {
    let mut receipt = zoo.lake.receipt("zoo", "r1", collection);
    change(&mut receipt);
    zoo.lake.overwrite(&crate::support::lake::receipt_key("zoo", "r1", collection), receipt.to_string().as_bytes());
}

#[test]
fn an_unchanged_run_is_identical_and_nothing_is_written() {
    let zoo = transformed();
    let before = objects(&zoo);
    let report = zoo.raw("r1").flag("--verify").run().done();
    assert_eq!(objects(&zoo), before);
    assert_eq!(report["run_id"], "r1");
    assert_eq!(report["collections"]["animals"]["status"], "identical");
    let tables = zoo.lake.receipt("zoo", "r1", "animals")["tables"].clone();
    assert_eq!(report["collections"]["animals"]["tables"], tables);
    assert_eq!(tables.as_array().map(Vec::len), Some(3));
}

#[test]
fn quarantined_records_are_verified_too() {
    let zoo = Zoo::stocked();
    zoo.set("keepers", &json!([{"id": "kb", "name": "K"}, {"id": "lm"}]));
    zoo.transformation("r1").run().done();
    zoo.raw("r1").flag("--verify").run().done();
    let key = zoo.lake.key("quarantine/zoo/keepers", ".parquet");
    let bytes = zoo.lake.read(&key);
    zoo.lake.overwrite(&key, &[&bytes[..bytes.len() - 1], b"X"].concat());
    zoo.raw("r1").flag("--verify").run().refused(&["collection `keepers`, quarantine", &key, "its SHA-256 is"]);
}

#[test]
fn a_changed_or_missing_file_is_named() {
    let zoo = transformed();
    let key = zoo.lake.key("processed/zoo/animal_meals", ".parquet");
    let bytes = zoo.lake.read(&key);
    let verify = || zoo.raw("r1").flag("--verify").run();
    let named = ["collection `animals`, table `animal_meals`", &key];
    zoo.lake.overwrite(&key, &[&bytes[..], b" "].concat());
    verify().refused(&[&named[..], &["bytes, but the manifest records"]].concat());
    zoo.lake.overwrite(&key, &[&bytes[..bytes.len() - 1], b"X"].concat());
    verify().refused(&[&named[..], &["its SHA-256 is"]].concat());
    zoo.lake.remove(&key);
    verify().refused(&[&named[..], &["it is missing"]].concat());
    zoo.lake.overwrite(&key, &bytes);
    verify().done();
}

#[test]
fn a_difference_names_the_likely_cause() {
    let zoo = transformed();
    let verify = || zoo.raw("r1").flag("--verify").run();
    let zero = "0".repeat(64);
    let key = zoo.lake.key("processed/zoo/animals", ".parquet");
    alter(&zoo, "animals", |receipt| receipt["tables"][0]["files"][0]["sha256"] = json!(zero));
    let named = ["collection `animals`, table `animals`", key.as_str(), "now has", zero.as_str()];
    verify().refused(&[&named[..], &["neither the contract fingerprint nor the code version differs"]].concat());

    alter(&zoo, "animals", |receipt| receipt["made_by"] = json!("dpworld 0.0.1 (transformation 1)"));
    let message = "the code version (dpworld 0.0.1 (transformation 1) then, dpworld";
    verify().refused(&[&named[..], &[message, "the contract fingerprint is the same"]].concat());

    alter(&zoo, "animals", |receipt| receipt["fingerprint"] = json!("f00d"));
    verify().refused(&[&named[..], &["the contract fingerprint (f00d then, ", "both are likely causes"]].concat());
}

#[test]
fn another_contract_is_reported_whether_or_not_its_files_differ() {
    let zoo = transformed();
    let verify = || zoo.raw("r1").flag("--verify").run();
    zoo.amend("doc: Over the gate.", "doc: Above the gate.");
    let report = verify().done();
    assert_eq!(report["collections"]["about"]["status"], "identical_under_another_contract");
    assert_eq!(report["collections"]["animals"]["status"], "identical");

    zoo.amend("food: {type: string(16)", "food: {clean: [trim], type: string(16)");
    zoo.amend(
        "since: {type: date, doc: First day of work.}",
        "begun: {at: since, type: date, doc: First day of work.}",
    );
    let ended = verify();
    let message = ["2 of 4 collections failed", "table `animal_meals`", "collection `keepers`, table `keepers`"];
    ended.refused(&[&message[..], &["the contract fingerprint (", "which is the likely cause"]].concat());

    let zoo = transformed();
    zoo.amend("animal_nicknames:\n", "animal_names:\n");
    let ended = zoo.raw("r1").flag("--verify").run();
    ended.refused(&["table `animal_nicknames`: ", "is no longer written", "the contract fingerprint ("]);
}

#[test]
fn missing_or_changed_responses_fail_the_verification() {
    let zoo = transformed();
    let raw = zoo.lake.raw("zoo", "r1", "about");
    zoo.lake.overwrite(&raw, &zoo.lake.read(&raw).to_ascii_uppercase());
    zoo.raw("r1").flag("--verify").run().refused(&[&raw, "its SHA-256 is"]);
    zoo.lake.remove(&raw);
    zoo.raw("r1").flag("--verify").run().refused(&[&raw, "it is missing"]);
}
