//! Repeated loads: rows that are new, changed, deleted or restored, and rows that must not change.

mod clock_ahead;
mod contract_changed;
pub mod incremental;
mod needs_time;
mod plausible;
mod recorded;
mod repeated_keys;

use serde_json::json;

use crate::support::program::transformation;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, animals, stock};

/// A source folder below the first one, and files that do not belong to a collection, are ignored.
#[test]
fn other_files_in_the_folder_are_ignored() {
    let zoo = Zoo::stocked();
    zoo.set_text("animals_latest", "this is not JSON");
    std::fs::create_dir_all(zoo.source().join("older/2021")).expect("folders");
    std::fs::write(zoo.source().join("older/2021/animals.json"), "[{}]").expect("a file");
    assert_eq!(zoo.load("r1")["tables"]["animals"]["rows"], 3);
}

#[test]
fn a_collection_that_is_absent_is_named_before_any_work_is_done() {
    let zoo = Zoo::stocked();
    std::fs::remove_file(zoo.source().join("tickets.json")).expect("the file");
    let missing = "does not contain tickets.json";
    zoo.transformation("r1").run().refused(&[missing, "--collections animals,keepers,about"]);
    assert_eq!(zoo.lake.objects(), [""; 0]);

    // A file in a subfolder does not belong to this source.
    std::fs::create_dir(zoo.source().join("older")).expect("a folder");
    std::fs::write(zoo.source().join("older/tickets.json"), "[]").expect("a file");
    zoo.transformation("r1").run().refused(&[missing, "--collections animals,keepers,about"]);
    assert_eq!(zoo.lake.objects(), [""; 0]);
}

/// AWS Batch passes a parameter without a value as an empty variable.
#[test]
fn empty_variables_are_ignored_and_the_url_of_the_contract_is_used() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    for (name, response) in stock() {
        server.respond(&format!("/{name}"), [Response::json(&response)]);
    }
    zoo.amend("http://zoo.example", &server.url());
    let contract = zoo.contract();
    let program = transformation().env("RUN_ID", "r1").env("CONTRACT", contract.to_str().expect("a plain path"));
    let program = program.env("LAKE_URL", &zoo.lake.url()).env("SOURCE_URL", "").env("COLLECTIONS", "");
    assert_eq!(program.run().done()["collections"].as_object().expect("collections").len(), 4);
    zoo.copy("r1").env("COLLECTIONS", "").run().done();
}

#[test]
fn a_partial_load_creates_every_table_of_the_contract() {
    let zoo = Zoo::stocked();
    let report = zoo.load_only("animals", "r1");
    let names: Vec<&String> = report["tables"].as_object().expect("tables").keys().collect();
    assert_eq!(names, ["animal_meals", "animal_nicknames", "animals"]);
    let rows: Vec<(String, usize)> = zoo.rows().into_iter().map(|(table, rows)| (table, rows.len())).collect();
    let expected =
        [("about", 0), ("animal_meals", 2), ("animal_nicknames", 3), ("animals", 3), ("keepers", 0), ("tickets", 0)];
    assert_eq!(rows, expected.map(|(table, rows)| (table.to_owned(), rows)));
}

#[test]
fn every_type_is_loaded_correctly() {
    let zoo = Zoo::stocked();
    let report = zoo.load("r1");
    let animals = zoo.objects(
        "SELECT id, name, species, legs, weight_kg, tame, born_on, fed_at, tags, keeper_id, _extra, _run_id, \
         length(_row_hash) AS hash, _deleted_at, _loaded_at IS NOT NULL AS loaded FROM zoo.animals ORDER BY id",
    );
    let first = json!({
        "id": 1, "name": "Ada", "species": "tapir", "legs": 4, "weight_kg": 180.5, "tame": true,
        "born_on": "2019-02-28", "fed_at": "2026-01-05T07:30:00.123456", "tags": {"a": [1, 2.5, null]},
        "keeper_id": "kb", "_extra": null, "_run_id": "r1", "hash": 32, "_deleted_at": null, "loaded": true,
    });
    assert_eq!(animals[0], first);
    assert_eq!((&animals[1]["legs"], &animals[1]["weight_kg"]), (&json!(2), &json!(40)));
    assert_eq!((&animals[2]["species"], &animals[2]["tags"]), (&json!(null), &json!(null)));

    // The empty meal is dropped and counted, and its position is not reused.
    let meals = zoo.objects("SELECT animal_id, position, food, grams FROM zoo.animal_meals ORDER BY 1, 2");
    let hay = json!({"animal_id": 1, "position": 1, "food": "hay", "grams": 900});
    assert_eq!(meals, [hay, json!({"animal_id": 1, "position": 3, "food": "figs", "grams": null})]);
    let counts = &report["tables"]["animal_meals"];
    assert_eq!(["read", "rows", "dropped"].map(|name| counts[name].as_u64()), [Some(3), Some(2), Some(1)]);

    let keepers = zoo.objects("SELECT name, since FROM zoo.keepers ORDER BY id");
    assert_eq!(keepers[0], json!({"name": "Käthe B.", "since": "2020-01-01"}));
    assert_eq!(zoo.objects("SELECT motto FROM zoo.about"), [json!({"motto": "Please do not feed the data."})]);
}

#[test]
fn newer_responses_insert_update_delete_and_restore_rows() {
    let zoo = Zoo::empty();
    zoo.set("animals", &animals(&[(1, "Ada"), (2, "Bo"), (3, "Cy")]));
    zoo.load_only("animals", "monday");

    zoo.set("animals", &animals(&[(1, "Ada"), (2, "Bob"), (4, "Di")]));
    let counts = zoo.load_only("animals", "tuesday")["tables"]["animals"].clone();
    let expected = json!({
        "read": 3, "rows": 3, "inserted": 1, "updated": 1, "revived": 0, "deleted": 1, "unchanged": 1,
        "quarantined": 0, "dropped": 0,
    });
    assert_eq!(counts, expected);
    let all = "SELECT id, name, _run_id AS run, _deleted_at IS NOT NULL AS gone FROM zoo.animals ORDER BY id";
    let row = |id, name, run, gone| json!({"id": id, "name": name, "run": run, "gone": gone});
    let [one, four] = [row(1, "Ada", "monday", false), row(4, "Di", "tuesday", false)];
    assert_eq!(zoo.objects(all), [one, row(2, "Bob", "tuesday", false), row(3, "Cy", "tuesday", true), four]);

    zoo.set("animals", &animals(&[(3, "Cy"), (4, "Di")]));
    let counts = zoo.load_only("animals", "wednesday")["tables"]["animals"].clone();
    let of = |name: &str| counts[name].as_u64().expect("a count");
    assert_eq!(["inserted", "updated", "revived", "deleted", "unchanged"].map(of), [0, 1, 1, 2, 1]);
    assert_eq!(zoo.objects("SELECT id FROM zoo.animals WHERE _deleted_at IS NULL ORDER BY id").len(), 2);
    assert_eq!(zoo.ledger(), ["1 monday", "2 tuesday", "3 wednesday"]);

    // The ledger has the same counts as the report.
    let ledger = zoo.objects("SELECT tables->'animals' AS animals FROM etl.runs WHERE run_id = 'wednesday'");
    assert_eq!((&ledger[0]["animals"]["revived"], &ledger[0]["animals"]["deleted"]), (&json!(1), &json!(2)));
}

#[test]
fn loading_the_same_data_again_writes_no_rows() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let rows = zoo.rows();
    let report = zoo.load("r2");
    assert_eq!(report["outcome"], "committed");
    for (table, counts) in report["tables"].as_object().expect("tables") {
        assert_eq!(counts["unchanged"], counts["rows"], "{table}");
    }
    assert_eq!(zoo.rows(), rows);
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2"]);
}

#[test]
fn a_committed_run_is_not_loaded_again_and_an_older_one_is_superseded() {
    let zoo = Zoo::stocked();
    zoo.load("monday");
    zoo.set("animals", &animals(&[(1, "Ada")]));
    zoo.load("tuesday");
    let state = zoo.state();

    // The manifest is used, even if the source has changed since.
    zoo.set("animals", &animals(&[(9, "Zoe")]));
    let again = zoo.transformation("tuesday").run().done();
    assert_eq!(again["collections"]["animals"]["status"], "reused");
    assert_eq!(zoo.copy("tuesday").run().done()["outcome"], "already_committed");

    let replayed = zoo.load("monday");
    assert_eq!((&replayed["outcome"], &replayed["superseded_by"]), (&json!("superseded"), &json!("tuesday")));
    assert_eq!(replayed["tables"]["animals"]["inserted"], 0);
    assert_eq!(zoo.state(), state);
}

#[test]
fn a_run_fetched_before_the_head_is_superseded_even_if_it_was_never_loaded() {
    let zoo = Zoo::stocked();
    zoo.transformation("late").run().done();
    zoo.load("head");
    let state = zoo.state();
    let report = zoo.copy("late").run().done();
    assert_eq!((&report["outcome"], &report["superseded_by"]), (&json!("superseded"), &json!("head")));
    assert_eq!(zoo.state(), state);
}

#[test]
fn the_same_response_gives_the_same_parquet_bytes() {
    let zoo = Zoo::stocked();
    let hashes = |run: &str| {
        zoo.transformation(run).run().done();
        let receipts = ["animals", "keepers", "tickets", "about"].map(|name| zoo.lake.receipt("zoo", run, name));
        receipts.map(|receipt| {
            let tables = receipt["tables"].as_array().expect("tables").clone();
            let files = tables.iter().flat_map(|table| table["files"].as_array().expect("files"));
            files.map(|file| file["sha256"].clone()).collect::<Vec<_>>()
        })
    };
    assert_eq!(hashes("r1"), hashes("r2"));
}

#[test]
fn a_new_column_is_added_and_only_rows_with_a_value_in_it_change() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let hash = "SELECT _row_hash AS hash FROM zoo.animals WHERE id = 2";
    let before = zoo.objects(hash);
    zoo.amend("      tags:", "      mood: {type: string(8), doc: How it feels.}\n      tags:");
    let mut response = stock()[0].1.clone();
    response[0]["mood"] = "calm".into();
    zoo.set("animals", &response);
    let counts = zoo.load("r2")["tables"]["animals"].clone();
    assert_eq!((&counts["updated"], &counts["unchanged"]), (&json!(1), &json!(2)));
    assert_eq!(zoo.objects(hash), before);
    let moods = zoo.objects("SELECT mood FROM zoo.animals ORDER BY id");
    assert_eq!(moods, [json!({"mood": "calm"}), json!({"mood": null}), json!({"mood": null})]);
}
