//! Loads the recorded responses from October 2021, and then those from 2022; then those from 2022 with implausible changes.
//! The recordings are not in the repository; without them, these tests do nothing, and `load.rs` tests the same with the
//! fictional source.

use std::fs;

use serde_json::{Value, json};

use crate::support::database::{Database, Role};
use crate::support::lake::Lake;
use crate::support::program::{Program, copy, transformation};
use crate::support::{file_url, recorded};

const OLDER: &str = "launches,cores,crew,rockets,starlink,company";

fn run_id(program: Program, lake: &Lake, run: &str) -> Program {
    program.option("--run-id", run).option("--lake-url", &lake.url())
}

/// The counts of inserted, updated, deleted and unchanged rows.
fn moved(report: &Value, table: &str) -> [u64; 4] {
    let counts = &report["tables"][table];
    ["inserted", "updated", "deleted", "unchanged"].map(|name| counts[name].as_u64().expect("a count"))
}

#[test]
fn a_newer_recording_is_loaded_over_an_older_one() {
    let Some(newer) = recorded() else {
        eprintln!("skipped: the recorded responses (../shared/spacex) do not exist");
        return;
    };
    let (database, lake, older) = (Database::fresh(), Lake::fresh(), newer.join("older/2021-10"));
    let transform = |run, source| run_id(transformation(), &lake, run).option("--source-url", &file_url(source));
    let load = |run| run_id(copy(), &lake, run).warehouse(&database.url(Role::Loader));

    let absent = [
        "does not contain payloads.json, capsules.json, dragons.json",
        "--collections launches,cores,crew,rockets,starlink,company",
    ];
    transform("r1", &older).run().refused(&absent);
    transform("r1", &older).option("--collections", OLDER).run().done();
    let report = load("r1").option("--collections", OLDER).run().done();
    assert_eq!((moved(&report, "launches"), moved(&report, "cores")), ([148, 0, 0, 0], [73, 0, 0, 0]));
    assert_eq!(database.versions("spacex").len(), 23, "every table is there");

    transform("r2", &newer).run().done();
    let report = load("r2").run().done();
    assert_eq!(moved(&report, "launches"), [61, 144, 4, 0]);
    assert_eq!(moved(&report, "cores"), [10, 13, 0, 60]);
    assert_eq!((moved(&report, "starlink"), moved(&report, "crew")), ([0, 0, 0, 1791], [0, 0, 0, 18]));
    assert_eq!(moved(&report, "payloads"), [225, 0, 0, 0]);
    let reader = database.session(Role::Reader);
    let gone = "SELECT count(*) FROM spacex.launches WHERE _deleted_at IS NOT NULL AND _run_id = 'r2'";
    assert_eq!((reader.number(gone), reader.number("SELECT count(*) FROM spacex.launches")), (4, 209));

    transform("r3", &newer).run().done();
    let before = database.versions("spacex");
    let report = load("r3").run().done();
    assert_eq!(moved(&report, "launches"), [0, 0, 0, 205]);
    assert!(database.versions("spacex") == before, "a load without news wrote new versions of rows");

    let ledger = database.versions("etl");
    let replayed = load("r1").option("--collections", OLDER).run().done();
    assert_eq!((replayed["outcome"].as_str(), replayed["superseded_by"].as_str()), (Some("superseded"), Some("r3")));
    assert_eq!(load("r3").run().done()["outcome"], "already_committed");
    assert!(database.versions("spacex") == before && database.versions("etl") == ledger, "a replay wrote something");
    assert!(database.versions("staging_spacex").is_empty(), "a load left staging tables behind");
}

#[test]
fn an_implausible_recording_is_refused_with_its_numbers_and_loaded_with_a_reason() {
    let Some(newer) = recorded() else {
        eprintln!("skipped: the recorded responses (../shared/spacex) do not exist");
        return;
    };
    let text = fs::read_to_string(newer.join("launches.json")).expect("the launches");
    let launches: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let every = |change: &dyn Fn(&mut Value)| {
        let mut launches = launches.clone();
        launches.iter_mut().for_each(change);
        Value::from(launches)
    };
    let renamed = |launch: &mut Value| {
        let fields = launch.as_object_mut().expect("an object");
        let cores = fields.remove("cores").expect("a list");
        fields.insert("core_list".to_owned(), cores);
    };
    let cases: [(&str, Value, &[&str]); 5] = [
        (
            "launches",
            every(&renamed),
            &["`launch_cores` would lose 209 of its 209 rows (100.0 %; the limit is 25.0 %)"],
        ),
        (
            "launches",
            launches[..20].to_vec().into(),
            &[
                "exactly 20 records",
                "`launches` would lose 185 of its 205 rows (90.2 %",
                "`launch_cores` would lose 189 of its 209 rows (90.4 %",
                "`launch_payloads` would lose 199 of its 222 rows (89.6 %",
            ],
        ),
        ("payloads", json!([]), &["the response for collection `payloads` is empty, but the table has 225 rows"]),
        (
            "launches",
            every(&|launch| launch["success"] = Value::Null),
            &["table `launches` would lose 186 of the 186 values of `success` (100.0 %; the limit is 95.0 %)"],
        ),
        (
            "launches",
            every(&|launch| launch["payloads"] = json!([])),
            &["`launch_payloads` would lose 222 of its 222 rows (100.0 %; the limit is 25.0 %)"],
        ),
    ];

    let lake = Lake::fresh();
    run_id(transformation(), &lake, "whole").option("--source-url", &file_url(&newer)).run().done();
    for (number, (collection, response, problems)) in cases.iter().enumerate() {
        // Shows which case a failed assertion belongs to.
        println!("{collection}: {}", problems[0]);
        let (database, source, run) =
            (Database::fresh(), tempfile::tempdir().expect("a folder"), format!("case{number}"));
        run_id(copy(), &lake, "whole").warehouse(&database.url(Role::Loader)).run().done();
        fs::write(source.path().join(format!("{collection}.json")), response.to_string()).expect("a new file");
        let of_collection = |program| run_id(program, &lake, &run).option("--collections", collection);
        of_collection(transformation()).option("--source-url", &file_url(source.path())).run().done();
        let load = || of_collection(copy()).warehouse(&database.url(Role::Loader));
        let state = || ["spacex", "etl", "staging_spacex"].map(|schema| database.versions(schema));

        let before = state();
        let ended = load().run();
        ended.refused(problems);
        ended.refused(&["--accept 'REASON'"]);
        assert!(state() == before, "a refused load changed something");

        let report = load().option("--accept", "checked by hand").run().done();
        let found = (report["outcome"].as_str(), report["accepted"].as_str());
        assert_eq!(found, (Some("committed"), Some("checked by hand")));
        let reasons = "SELECT DISTINCT reason FROM etl.findings WHERE refused";
        assert_eq!(database.session(Role::Postgres).texts(reasons), ["checked by hand"]);
    }
}
