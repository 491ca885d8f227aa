//! Replays: the same code gives the same files, a changed contract gives different files, and the order in the ledger
//! is preserved.

mod verify;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::http::bodies::{sent, zipped};
use crate::support::program::Program;
use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, animals, stock};

/// Replays the stored responses of `from` as the run `to`.
fn replay(zoo: &Zoo, from: &str, to: &str) -> Program {
    zoo.raw(from).option("--run-id", to)
}

/// Returns the size and SHA-256 of every file in a run's manifests.
pub fn recorded(zoo: &Zoo, run: &str) -> BTreeMap<String, Vec<Value>> {
    let receipts = stock().map(|(name, _)| zoo.lake.receipt("zoo", run, name));
    let tables = receipts.iter().flat_map(|receipt| receipt["tables"].as_array().expect("tables"));
    let of = |file: &Value| json!([file["bytes"], file["sha256"], file["rows"]]);
    let files = |table: &Value| table["files"].as_array().expect("files").iter().map(of).collect();
    tables.map(|table| (table["table"].to_string(), files(table))).collect()
}

/// A server whose responses have an ETag, and a loaded run of its responses.
fn loaded() -> (Zoo, Server) {
    let (zoo, server) = (Zoo::empty(), Server::start());
    for (name, response) in stock() {
        server.respond(&format!("/{name}"), [Response::json(&response).header("ETag", "\"one\"")]);
    }
    zoo.transformation_with_ledger(&server.url(), "r1").run().done();
    zoo.copy("r1").run().done();
    (zoo, server)
}

#[test]
fn a_replay_writes_the_same_files_and_refers_to_the_stored_responses() {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    let raw = zoo.lake.keys("raw");
    // A replay sends no request to the source, which may be missing.
    std::fs::remove_dir_all(zoo.source()).expect("a folder");
    let report = replay(&zoo, "r1", "r2").run().done();
    assert_eq!(report["run_id"], "r2");
    assert_eq!(recorded(&zoo, "r2"), recorded(&zoo, "r1"));
    assert_eq!(zoo.lake.keys("raw"), raw, "no second copy");
    for (name, _) in stock() {
        assert_eq!(report["collections"][name]["status"], "replayed");
        let (one, two) = (zoo.lake.receipt("zoo", "r1", name), zoo.lake.receipt("zoo", "r2", name));
        for kept in ["raw", "fetched_at", "etag", "fingerprint", "made_by"] {
            assert_eq!(one[kept], two[kept], "{name}: {kept}");
        }
        assert_eq!((&two["run_id"], &two["replayed_from"]), (&json!("r2"), &json!("r1")));
    }
    // A second attempt finds the manifests, and a replay of the replay reads the same bytes.
    assert_eq!(replay(&zoo, "r1", "r2").run().done()["collections"]["animals"]["status"], "reused");
    replay(&zoo, "r2", "r3").run().done();
    assert_eq!(recorded(&zoo, "r3"), recorded(&zoo, "r1"));
    assert_eq!(zoo.copy("r3").run().done()["tables"]["animals"]["inserted"], 3);
}

#[test]
fn compressed_responses_are_replayed() {
    let (zoo, body) = (Zoo::empty(), zipped(animals(&[(1, "Ada"), (2, "Bo")]).to_string().as_bytes()));
    let head = format!("Content-Encoding: gzip\r\nContent-Length: {}", body.len());
    let server = Rogue::sending([sent(&head, &body)]);
    zoo.transformation_from(&server.url(), "r1").option("--collections", "animals").run().done();
    assert!(zoo.lake.raw("zoo", "r1", "animals").ends_with(".json.gz"));
    let report = replay(&zoo, "r1", "r2").option("--collections", "animals").run().done();
    assert_eq!(report["collections"]["animals"]["tables"][0]["rows"], 2);
}

#[test]
fn the_head_run_is_loaded_again_under_a_changed_contract_and_its_etag_is_sent_from_then_on() {
    let (zoo, server) = loaded();
    zoo.amend("name: {type: string(16)", "name: {clean: [], type: string(16)");
    replay(&zoo, "r1", "r2").run().done();
    assert_eq!(zoo.lake.receipt("zoo", "r2", "animals")["etag"], "\"one\"");
    let report = zoo.copy("r2").run().done();
    assert_eq!((&report["outcome"], &report["tables"]["animals"]["updated"]), (&json!("committed"), &json!(1)));
    assert_eq!(report["tables"]["keepers"]["unchanged"], 2);
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2"]);
    assert_eq!(zoo.objects("SELECT name FROM zoo.animals WHERE id = 1"), [json!({"name": " Ada "})]);

    // The server returns 304; the manifest lists the objects of the replay.
    for (name, _) in stock() {
        server.respond(&format!("/{name}"), [Response::new(304, "")]);
    }
    let report = zoo.transformation_with_ledger(&server.url(), "r3").run().done();
    assert_eq!(report["collections"]["animals"]["status"], "not_modified");
    let receipt = zoo.lake.receipt("zoo", "r3", "animals");
    assert_eq!((&receipt["unchanged_since"], &receipt["replayed_from"]), (&json!("r2"), &Value::Null));
    assert_eq!(zoo.copy("r3").run().done()["tables"]["animals"]["unchanged"], 3);
}

#[test]
fn a_replay_of_a_304_run_reads_the_bytes_of_the_earlier_run() {
    let (zoo, server) = loaded();
    for (name, _) in stock() {
        server.respond(&format!("/{name}"), [Response::new(304, "")]);
    }
    zoo.transformation_with_ledger(&server.url(), "r2").run().done();
    zoo.copy("r2").run().done();
    // Its time is that of the 304 response: with the time of the first response, the head could not be loaded again.
    replay(&zoo, "r2", "r3").run().done();
    let [first, asked, replayed] = ["r1", "r2", "r3"].map(|run| zoo.lake.receipt("zoo", run, "animals"));
    assert_eq!((&replayed["fetched_at"], &replayed["raw"]), (&asked["fetched_at"], &first["raw"]));
    assert_eq!(recorded(&zoo, "r3"), recorded(&zoo, "r1"));
    assert_eq!(zoo.copy("r3").run().done()["outcome"], "committed");
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2", "3 r3"]);
}

#[test]
fn a_replay_of_an_old_run_is_superseded_by_a_newer_one() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.set("animals", &animals(&[(1, "Ada")]));
    zoo.load("r2");
    let rows = zoo.rows();
    replay(&zoo, "r1", "r3").run().done();
    let report = zoo.copy("r3").run().done();
    assert_eq!((&report["outcome"], &report["superseded_by"]), (&json!("superseded"), &json!("r2")));
    assert_eq!((zoo.rows(), zoo.ledger()), (rows, vec!["1 r1".to_owned(), "2 r2".to_owned()]));
}

#[test]
fn only_some_collections_can_be_replayed() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.amend("motto: {type: string(64)", "motto: {type: string(65)");
    replay(&zoo, "r1", "r2").option("--collections", "about").run().done();
    assert_eq!(zoo.lake.keys("stage/zoo/run=r2"), ["stage/zoo/run=r2/receipts/about.json"]);
    assert_eq!(zoo.copy("r2").option("--collections", "about").run().done()["outcome"], "committed");
}

#[test]
fn missing_or_changed_responses_are_named_and_nothing_is_published() {
    for (problem, message) in [
        ("gone", "it is missing"),
        ("longer", "bytes, but the manifest records"),
        ("altered", "its SHA-256 is"),
        ("broken", "its SHA-256 is"),
    ] {
        let zoo = Zoo::stocked();
        zoo.transformation("r1").run().done();
        let before = zoo.lake.keys("processed");
        let raw = zoo.lake.raw("zoo", "r1", "animals");
        let bytes = zoo.lake.read(&raw);
        match problem {
            "gone" => zoo.lake.remove(&raw),
            "longer" => zoo.lake.overwrite(&raw, &[bytes, b" ".to_vec()].concat()),
            "altered" => {
                zoo.lake.overwrite(&raw, &String::from_utf8(bytes).expect("text").replace("Bo", "Bu").into_bytes())
            }
            _ => zoo.lake.overwrite(&raw, &[b"}".to_vec(), bytes[1..].to_vec()].concat()),
        }
        let ended = replay(&zoo, "r1", "r2").option("--collections", "animals").run();
        ended.refused(&["collection `animals` failed", &raw, "does not match its manifest", message]);
        assert!(zoo.lake.keys("stage/zoo/run=r2").is_empty());
        assert_eq!(zoo.lake.keys("processed"), before, "{problem}");
    }
}

#[test]
fn a_missing_run_is_reported_with_the_existing_collections() {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").option("--collections", "animals,about").run().done();
    replay(&zoo, "r1", "r2").run().refused(&[
        "run `r1`",
        "does not contain keepers.json, tickets.json",
        "animals,about",
    ]);
    replay(&zoo, "r0", "r2").run().refused(&[
        "run `r0`",
        "does not contain animals.json",
        "pass a --from-raw run that is in this lake",
    ]);
}

#[test]
fn a_run_id_of_other_responses_is_refused() {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    zoo.transformation("r2").run().done();
    replay(&zoo, "r1", "r2").run().refused(&["run `r2` already exists with different responses"]);
    replay(&zoo, "r1", "r3").run().done();
    zoo.transformation("r3").run().refused(&["run `r3` already exists with different responses"]);
}

#[test]
fn options_that_contradict_each_other_are_misuse() {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    replay(&zoo, "r1", "r2").option("--source-url", "file:///responses").run().misused(&["--source-url"]);
    replay(&zoo, "r1", "r2").env("SOURCE_URL", "file:///responses").run().misused(&["SOURCE_URL"]);
    replay(&zoo, "r1", "r2").flag("--verify").run().misused(&["--verify does not create a run"]);
    replay(&zoo, "r1", "r1").run().misused(&["specify the same run"]);
    zoo.raw("r1").run().misused(&["--run-id"]);
    zoo.raw("r 1").option("--run-id", "r2").run().misused(&["`r 1` is not a run ID"]);
    zoo.transformation("r2").flag("--verify").run().misused(&["--verify requires --from-raw"]);
    assert!(zoo.lake.keys("stage/zoo/run=r2").is_empty());

    // AWS Batch passes a parameter without a value as an empty variable.
    zoo.raw("").option("--run-id", "r2").env("SOURCE_URL", &crate::support::file_url(&zoo.source())).run().done();
    for (verify, run) in [("", "r3"), ("false", "r4")] {
        let ended = replay(&zoo, "r2", run).env("SOURCE_URL", "").env("VERIFY", verify).run();
        assert_eq!(ended.done()["collections"]["about"]["status"], "replayed");
    }
    zoo.raw("").env("VERIFY", "true").run().misused(&["--verify requires --from-raw"]);
}
