//! A load that is implausible is refused; a person may accept it once, and the ledger keeps the reason.

use serde_json::{Value, json};

use crate::support::zoo::Zoo;

const FINDINGS: &str = "SELECT seq, table_name, check_name, refused, reason FROM etl.findings ORDER BY seq, table_name";

/// Ten animals: their number, name, weight and nicknames, the last two under these names.
fn herd(weight: &str, nicknames: &str) -> Value {
    (1..=10).map(|id| json!({"id": id, "name": "Ada", weight: 1.5, nicknames: ["a", "b"]})).collect()
}

fn transform(zoo: &Zoo, run: &str, response: &Value) {
    zoo.set("animals", response);
    zoo.transformation(run).option("--collections", "animals").run().done();
}

/// A zoo with a herd, which has been loaded as `r1`.
fn loaded() -> Zoo {
    let zoo = Zoo::empty().limited();
    zoo.set("animals", &herd("weight_kg", "nicknames"));
    let report = zoo.load_only("animals", "r1");
    assert_eq!(report["findings"], Value::Null);
    assert!(zoo.objects(FINDINGS).is_empty());
    zoo
}

#[test]
fn a_renamed_field_is_refused_with_numbers_and_its_likely_cause() {
    let zoo = loaded();
    transform(&zoo, "r2", &herd("mass_kg", "nicknames"));
    let state = zoo.state();
    zoo.copy("r2").option("--collections", "animals").run().refused(&[
        "table `animals` would lose 10 of the 10 values of `weight_kg` (100.0 %; the limit is 95.0 %)",
        "a field was probably renamed, because every row of `animals` has fields that the contract does not define: `mass_kg`",
        "accept it once with `copy --run-id r2 --accept 'REASON'`",
    ]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn a_renamed_list_empties_its_table_and_is_refused() {
    let zoo = loaded();
    transform(&zoo, "r2", &herd("weight_kg", "petnames"));
    let state = zoo.state();
    zoo.copy("r2").option("--collections", "animals").run().refused(&[
        "table `animal_nicknames` would lose 20 of its 20 rows (100.0 %; the limit is 25.0 %)",
        "a field was probably renamed, because every row of `animals` has fields that the contract does not define: `petnames`",
    ]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn an_accepted_load_keeps_the_reason_in_the_ledger() {
    let zoo = loaded();
    transform(&zoo, "r2", &herd("mass_kg", "petnames"));
    let reason = r"it's \ renamed, said K. B.";
    let ended = zoo.copy("r2").option("--collections", "animals").option("--accept", reason).run();
    let report = ended.done();
    assert!(ended.stderr.contains(&format!("accepted: {reason}")), "{}", ended.stderr);
    assert_eq!(report["accepted"], reason);
    let checks: Vec<&Value> = report["findings"].as_array().expect("a list").iter().map(|one| &one["check"]).collect();
    assert_eq!(checks, ["deleted", "emptied", "unknown_fields"]);
    let finding = |table: &str, check: &str, reason: Option<&str>| json!({"seq": 2, "table_name": table, "check_name": check, "refused": reason.is_some(), "reason": reason});
    let mut found = zoo.objects(FINDINGS);
    found.sort_by_key(|one| one["check_name"].to_string());
    let expected = [
        finding("animal_nicknames", "deleted", Some(reason)),
        finding("animals", "emptied", Some(reason)),
        finding("animals", "unknown_fields", None),
    ];
    assert_eq!(found, expected);

    // The next load starts from the accepted state.
    let report = zoo.load_only("animals", "r3");
    assert_eq!((&report["accepted"], &report["findings"][1]), (&Value::Null, &Value::Null), "only the unknown fields");
    // A reason for a plausible load is not kept.
    zoo.set("animals", &herd("weight_kg", "nicknames"));
    zoo.transformation("r4").option("--collections", "animals").run().done();
    let report = zoo.copy("r4").option("--collections", "animals").option("--accept", "it is fine").run().done();
    assert_eq!((&report["accepted"], &report["findings"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_reason_must_fit_the_ledger() {
    let zoo = loaded();
    for reason in ["line\nbreak", &"ä".repeat(251)] {
        zoo.copy("r1").option("--accept", reason).run().refused(&["--accept: write the reason in 1 to 500 bytes"]);
    }
    // AWS Batch passes an empty variable for a parameter without a value.
    zoo.copy("r1").option("--collections", "animals").env("ACCEPT", "").run().done();
}

/// A manifest of an older version has no counts of values.
#[test]
fn a_manifest_without_counts_is_loaded() {
    let zoo = loaded();
    transform(&zoo, "r2", &herd("mass_kg", "nicknames"));
    let key = "stage/zoo/run=r2/receipts/animals.json";
    let mut receipt = zoo.lake.json(key);
    for table in receipt["tables"].as_array_mut().expect("a list") {
        table.as_object_mut().expect("an object").retain(|name, _| !["values", "unknown"].contains(&name.as_str()));
    }
    zoo.lake.overwrite(key, receipt.to_string().as_bytes());
    zoo.copy("r2").option("--collections", "animals").run().done();
}
