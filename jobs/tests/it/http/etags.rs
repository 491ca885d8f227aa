//! An ETag is sent only if its run was loaded into the warehouse as it was fetched. Only then can a 304 response replace
//! its rows.

use serde_json::{Value, json};

use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, animals};

const PATHS: [&str; 4] = ["/animals", "/keepers", "/tickets", "/about"];

/// A server whose responses have an ETag.
fn server(zoo: &[(&str, Value)], etag: &str) -> Server {
    let server = Server::start();
    for (name, response) in zoo {
        server.respond(&format!("/{name}"), [Response::json(response).header("ETag", etag)]);
    }
    server
}

/// A zoo whose first run was fetched over HTTP with the ETag `"one"`, but is not loaded yet.
fn transformed() -> (Zoo, Server) {
    let (zoo, server) = (Zoo::empty(), server(&crate::support::zoo::stock(), "\"one\""));
    zoo.transformation_with_ledger(&server.url(), "r1").run().done();
    (zoo, server)
}

fn loaded() -> (Zoo, Server) {
    let (zoo, server) = transformed();
    zoo.copy("r1").run().done();
    (zoo, server)
}

/// Returns whether the next run sends an ETag for animals.
fn sends(zoo: &Zoo, server: &Server, run: &str) -> Option<String> {
    let report = zoo.transformation_with_ledger(&server.url(), run).run().done();
    assert_eq!(report["collections"]["animals"]["status"], "fetched");
    server.last("/animals").header("If-None-Match").map(str::to_owned)
}

#[test]
fn a_304_after_a_committed_run_skips_the_collection_and_its_load_changes_nothing() {
    let (zoo, server) = loaded();
    let rows = zoo.rows();
    for path in PATHS {
        server.respond(path, [Response::new(304, "").header("ETag", "\"one\"")]);
    }
    // The second 304 refers to a run that itself received a 304.
    for run in ["r2", "r3"] {
        let report = zoo.transformation_with_ledger(&server.url(), run).run().done();
        for path in PATHS {
            assert_eq!(report["collections"][&path[1..]]["status"], "not_modified");
            assert_eq!(server.last(path).header("If-None-Match"), Some("\"one\""));
        }
        assert_eq!(zoo.lake.receipt("zoo", run, "animals")["unchanged_since"], "r1");
        assert!(zoo.lake.keys(&format!("processed/zoo/animals/run={run}")).is_empty());

        let report = zoo.copy(run).run().done();
        assert_eq!((&report["outcome"], &report["tables"]["animals"]["unchanged"]), (&json!("committed"), &json!(3)));
        assert_eq!(zoo.rows(), rows);
    }
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2", "3 r3"]);
    assert!(zoo.lake.key("raw/zoo/animals/run=r3", ".http.json").contains("/run=r3/"));
}

#[test]
fn one_collection_may_be_unchanged_while_another_is_new() {
    let (zoo, server) = loaded();
    server.respond("/keepers", [Response::new(304, "")]);
    server.respond("/animals", [Response::json(&animals(&[(1, "Ada"), (5, "Eli")])).header("ETag", "\"two\"")]);
    zoo.transformation_with_ledger(&server.url(), "r2").run().done();
    let report = zoo.copy("r2").run().done();
    assert_eq!(
        (&report["tables"]["keepers"]["unchanged"], &report["tables"]["animals"]["inserted"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(sends(&zoo, &server, "r3").as_deref(), Some("\"two\""));
}

#[test]
fn no_etag_is_sent_without_a_committed_load() {
    let (zoo, server) = transformed();
    assert_eq!(sends(&zoo, &server, "never-loaded"), None);

    // This load fails: one of its files does not match its manifest.
    let file = zoo.lake.key("processed/zoo/animals/run=r1", ".parquet");
    zoo.lake.overwrite(&file, b"altered");
    zoo.copy("r1").run().refused(&["does not match its manifest"]);
    assert_eq!(sends(&zoo, &server, "after-a-failed-load"), None);

    zoo.copy("after-a-failed-load").run().done();
    assert_eq!(sends(&zoo, &server, "after-a-good-one").as_deref(), Some("\"one\""));
}

#[test]
fn no_etag_is_sent_if_the_contract_has_changed() {
    let (zoo, server) = loaded();
    zoo.amend("weight_kg: {type: double", "weight_kg: {clean: [], type: double");
    assert_eq!(sends(&zoo, &server, "r2"), None);
    assert_eq!(server.last("/tickets").header("If-None-Match"), Some("\"one\""), "another collection's is the same");
}

#[test]
fn no_etag_is_sent_if_an_object_of_the_earlier_run_is_missing() {
    let (zoo, server) = loaded();
    // Each run after such a loss fetches the response again, and the next run refers to its objects.
    for (place, next) in [
        ("raw/zoo/animals/run=r1", "r2"),
        ("processed/zoo/animals/run=r2", "r3"),
        ("processed/zoo/animal_meals/run=r3", "r4"),
    ] {
        let lost = zoo.lake.keys(place).into_iter().find(|key| !key.ends_with(".http.json")).expect("an object");
        zoo.lake.remove(&lost);
        assert_eq!(sends(&zoo, &server, next), None);
        assert_eq!(zoo.copy(next).run().done()["tables"]["animals"]["unchanged"], 3);
    }
}

#[test]
fn a_304_without_an_etag_in_the_request_is_refused() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [Response::new(304, "")]);
    let ended = zoo.transformation_with_ledger(&server.url(), "r1").option("--collections", "animals").run();
    ended.refused(&["returned 304 Not Modified"]);
    assert!(zoo.lake.keys("stage").is_empty());
}

#[test]
fn a_304_with_another_etag_is_not_believed() {
    let (zoo, server) = loaded();
    let changed = Response::json(&animals(&[(1, "Ada"), (5, "Eli")])).header("ETag", "\"two\"");
    server.respond("/animals", [Response::new(304, "").header("ETag", "\"two\""), changed]);
    let ended = zoo.transformation_with_ledger(&server.url(), "r2").run();
    assert_eq!(ended.done()["collections"]["animals"]["status"], "fetched");
    assert!(ended.stderr.contains("returned 304 with another ETag"), "{}", ended.stderr);
    let requests = server.requests("/animals");
    let sent: Vec<Option<&str>> = requests.iter().map(|request| request.header("If-None-Match")).collect();
    assert_eq!(sent, [None, Some("\"one\""), None]);

    // A weak ETag is the same.
    zoo.copy("r2").run().done();
    server.respond("/animals", [Response::new(304, "").header("ETag", "W/\"two\"")]);
    let report = zoo.transformation_with_ledger(&server.url(), "r3").run().done();
    assert_eq!(report["collections"]["animals"]["status"], "not_modified");

    // A second 304 answers no condition.
    server.respond("/animals", [Response::new(304, "").header("ETag", "\"three\"")]);
    let ended = zoo.transformation_with_ledger(&server.url(), "r4").run();
    ended.refused(&["returned 304 Not Modified"]);
}

#[test]
fn an_unreachable_warehouse_is_reported_before_any_request() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let nowhere = "postgres://loader:very-secret@127.0.0.1:1/dpstack";
    let ended = zoo.transformation_from(&server.url(), "r1").warehouse(nowhere).run();
    ended.failed_temporarily(&["cannot connect to database"]);
    assert!(server.requests("/animals").is_empty());
}
