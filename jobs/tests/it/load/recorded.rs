//! Loads the recorded responses from October 2021, and then those from 2022. The recordings are not in the repository;
//! without them, this test does nothing, and `load.rs` tests the same with the fictional source.

use serde_json::Value;

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
