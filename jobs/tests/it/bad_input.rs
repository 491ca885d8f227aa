//! Bad input gives a clear error and the right exit code, and changes nothing.
//!
//! `support/program.rs` checks that the output never contains the warehouse password.

mod objects;

use serde_json::json;

use crate::support::database::{Database, Role};
use crate::support::program::Program;
use crate::support::zoo::{State, Zoo, animals, stock};

/// A zoo with one load, and its state.
fn loaded() -> (Zoo, State) {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let state = zoo.state();
    (zoo, state)
}

/// A loaded zoo whose second run is transformed but not loaded.
fn transformed() -> (Zoo, State) {
    let (zoo, _) = loaded();
    zoo.set("animals", &animals(&[(1, "Ada"), (9, "Zoe")]));
    zoo.transformation("r2").run().done();
    let state = zoo.state();
    (zoo, state)
}

#[test]
fn an_unknown_key_in_the_contract_is_reported_with_file_and_line() {
    let (zoo, state) = transformed();
    zoo.amend("    key: id\n    doc: One row an animal.", "    kee: id\n    doc: One row an animal.");
    let place = format!("{}:11: collections.animals: unknown field `kee`", zoo.contract().display());
    for program in [zoo.transformation("r3"), zoo.copy("r2")] {
        program.run().refused(&[&place, "expected one of"]);
    }
    assert_eq!(zoo.state(), state);
}

#[test]
fn all_mistakes_in_a_contract_are_reported_together() {
    let (zoo, state) = loaded();
    zoo.amend("path: /keepers", "path: keepers");
    zoo.amend("references: keepers.id", "references: keeper.id");
    let file = zoo.contract();
    let lines = ["23: collections.animals.columns.keeper_id.references", "40: collections.keepers.path"];
    let places = lines.map(|line| format!("{}:{line}", file.display()));
    zoo.transformation("r2").run().refused(&[&places[0], &places[1]]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn a_contract_is_utf8_with_or_without_a_byte_order_mark() {
    let zoo = Zoo::stocked();
    let text = std::fs::read(zoo.contract()).expect("the contract");
    let line = format!("line {} is not UTF-8", text.iter().filter(|byte| **byte == b'\n').count() + 1);
    for (run, before, after, problem) in
        [("r1", &b"\xef\xbb\xbf"[..], &b""[..], None), ("r2", b"", b"# \xe4\n", Some(line.as_str()))]
    {
        std::fs::write(zoo.contract(), [before, &text, after].concat()).expect("the contract");
        let ended = zoo.transformation(run).run();
        match problem {
            None => drop(ended.done()),
            Some(problem) => ended.refused(&["cannot read the contract", problem]),
        }
    }
}

#[test]
fn a_missing_contract_is_named() {
    let (zoo, state) = loaded();
    std::fs::remove_file(zoo.contract()).expect("the contract");
    let message = format!("cannot read the contract `{}`", zoo.contract().display());
    zoo.transformation("r2").run().refused(&[&message]);
    zoo.copy("r1").run().refused(&[&message]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn an_unknown_collection_is_named_with_the_known_ones() {
    let (zoo, state) = transformed();
    for program in [zoo.transformation("r3"), zoo.copy("r2")] {
        let ended = program.option("--collections", "animals,dinosaurs,dodos").run();
        let known = "its collections are animals, keepers, tickets, about";
        ended.refused(&["source `zoo` has no collection `dinosaurs`, `dodos`", known]);
    }
    assert_eq!(zoo.state(), state);
}

#[test]
fn invalid_options_are_misuse() {
    let (zoo, state) = loaded();
    for run in ["a b", "2026-11-22T09:30:00+00:00", "", "../r1"] {
        zoo.transformation(run).run().misused(&["is not a run ID: use 1 to 64 characters of A-Z a-z 0-9 _ -"]);
        zoo.copy(run).run().misused(&["is not a run ID"]);
    }
    zoo.transformation("r2").option("--fast", "yes").run().misused(&["unexpected argument '--fast'"]);
    crate::support::program::copy().run().misused(&["--run-id", "--lake-url", "--warehouse-url"]);
    assert_eq!(zoo.state(), state);
}

/// Not even root can create a file below a regular file.
#[test]
fn a_lake_that_cannot_be_written_is_named() {
    let (zoo, state) = transformed();
    let file = zoo.contract();
    let lake = format!("{}/lake", crate::support::file_url(&file));
    let make = format!("cannot create the folder `{}/lake`", file.display());
    let at = |program: Program| program.option("--run-id", "r2").option("--lake-url", &lake);
    let contract = file.to_str().expect("a plain path");
    let source = crate::support::file_url(&zoo.source());
    let transform = at(crate::support::program::transformation()).option("--contract", contract);
    transform.option("--source-url", &source).run().refused(&[&make]);
    let copy = at(crate::support::program::copy()).option("--contract", contract);
    let open = format!("cannot open the folder `{}/lake`", file.display());
    copy.warehouse(&zoo.database().url(Role::Loader)).run().refused(&[&open]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn a_part_of_the_lake_that_cannot_be_written_is_named() {
    let zoo = Zoo::stocked();
    std::fs::write(zoo.lake.path("processed"), "a file where a folder should be").expect("a file");
    let ended = zoo.transformation("r1").option("--collections", "about").run();
    ended.refused(&["cannot write `file:///", "processed/zoo/about/run=r1/", "is writable"]);
    assert!(zoo.lake.keys("stage").is_empty());
}

#[test]
fn a_refused_login_is_reported_without_its_password() {
    let (zoo, state) = transformed();
    let wrong = zoo.database().url_with_password("very-wrong");
    zoo.copy_to(&wrong, "r2").run().refused(&["password authentication failed", "check the user and password"]);
    let mysql = "mysql://loader:very-secret@127.0.0.1:3306/zoo";
    zoo.copy_to(mysql, "r2").run().refused(&["unsupported warehouse URL scheme `mysql`", "postgres://user:password@"]);
    zoo.copy_to("loader:very-secret", "r2").run().refused(&["WAREHOUSE_URL is not a URL"]);
    zoo.copy_to("postgres://loader:very-secret@host:nineteen/zoo", "r2")
        .run()
        .refused(&["WAREHOUSE_URL is not a PostgreSQL URL"]);
    let closed = "postgres://loader:very-secret@127.0.0.1:1/zoo";
    zoo.copy_to(closed, "r2").run().failed_temporarily(&["cannot connect to database `zoo` as `loader`"]);

    let unprepared = Database::unprepared();
    let ended = zoo.copy_to(&unprepared.url(Role::Loader), "r2").run();
    ended.refused(&["cannot read the ledger", "etl.runs", "prepare the warehouse with `cargo xtask warehouse-init`"]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn the_transformation_reports_the_same_warehouse_errors() {
    let zoo = Zoo::empty();
    let source = "http://127.0.0.1:1";
    let ask = |warehouse: &str| zoo.transformation_from(source, "r1").warehouse(warehouse).run();
    ask(&zoo.database().url_with_password("very-wrong")).refused(&["password authentication failed"]);
    ask("mysql://loader:very-secret@127.0.0.1:3306/zoo").refused(&["unsupported warehouse URL scheme `mysql`"]);
    let unprepared = Database::unprepared();
    ask(&unprepared.url(Role::Loader)).refused(&["cannot read the ledger", "cargo xtask warehouse-init"]);
}

#[test]
fn a_source_and_a_lake_of_an_unknown_kind_are_named() {
    let (zoo, state) = loaded();
    let of = |source: &str| {
        let contract = zoo.contract();
        let program = crate::support::program::transformation().option("--contract", contract.to_str().expect("plain"));
        program.option("--run-id", "r2").option("--source-url", source)
    };
    let lake = zoo.lake.url();
    of("ftp://zoo.example").option("--lake-url", &lake).run().refused(&["`ftp://zoo.example` is not a source URL"]);
    of("file:///nowhere/at/all")
        .option("--lake-url", &lake)
        .run()
        .refused(&["cannot open the folder `/nowhere/at/all`"]);
    of("http://[::1").option("--lake-url", &lake).option("--retries", "0").run().refused(&["is not a valid URL"]);
    of("http://zoo.example").option("--lake-url", "gs://bucket").run().refused(&["unknown scheme `gs`"]);
    of("http://zoo.example").option("--lake-url", "lake").run().refused(&["`lake` is not a lake URL"]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn more_quarantined_records_than_the_contract_allows_refuse_the_collection() {
    let (zoo, state) = loaded();
    let mut response = stock()[0].1.clone();
    response[0]["weight_kg"] = json!("heavy");
    response[2]["tame"] = json!("maybe");
    zoo.set("animals", &response);
    let ended = zoo.transformation("r2").option("--collections", "animals").run();
    let quarantined = zoo.lake.key("quarantine/zoo/animals/run=r2", ".parquet");
    ended.refused(&[
        "2 of 3 records do not fit the contract (66.7 %, at most 50.0 % may be quarantined)",
        "record 1 (1): weight_kg: expected a double, found the string `heavy`",
        "record 3 (3): tame: expected a boolean, found the string `maybe`",
        &format!(
            "inspect the quarantined records and their reasons: {}/{quarantined}",
            zoo.lake.url().trim_end_matches('/')
        ),
    ]);
    assert_eq!(zoo.lake.quarantined("zoo", "r2", "animals").len(), 2);
    assert!(zoo.lake.keys("processed/zoo/animals/run=r2").is_empty());
    assert_eq!(zoo.state(), state);
}

#[test]
fn an_empty_response_for_a_table_with_rows_must_be_accepted() {
    let (zoo, _) = loaded();
    zoo.set("animals", &json!([]));
    zoo.transformation("r2").run().done();
    let state = zoo.state();
    let message = [
        "the response for collection `animals` is empty, but the table has 3 rows",
        "copy --run-id r2 --accept 'REASON'",
    ];
    zoo.copy("r2").run().refused(&message);
    assert_eq!(zoo.state(), state);

    let report = zoo.copy("r2").option("--accept", "they fled").run().done();
    assert_eq!(
        (&report["tables"]["animals"]["deleted"], &report["tables"]["animal_meals"]["deleted"]),
        (&json!(3), &json!(2))
    );
    assert!(zoo.objects("SELECT id FROM zoo.animals WHERE _deleted_at IS NULL").is_empty());

    // A second empty response changes nothing.
    let report = zoo.load("r3");
    assert_eq!(report["tables"]["animals"]["deleted"], 0);
}

#[test]
fn a_response_whose_records_are_all_quarantined_is_not_called_empty() {
    let (zoo, _) = loaded();
    zoo.amend("max_quarantine_share: 0.5", "max_quarantine_share: 1.0");
    zoo.set("animals", &json!([{"id": 1, "name": 7}, {"id": 2}]));
    zoo.transformation("r2").option("--collections", "animals").run().done();
    let state = zoo.state();
    let ended = zoo.copy("r2").option("--collections", "animals").run();
    ended.refused(&[
        "the response for collection `animals` has only quarantined records, but the table has 3 rows",
        "the source is probably broken",
    ]);
    assert_eq!(zoo.state(), state);
}
