//! One fault at each write of a run to S3, with one run per fault. The run is committed, or it fails temporarily and is
//! committed by a second attempt. In both cases, every object in the manifests exists, and each row is loaded once.

use serde_json::{Value, json};

use super::Bucket;
use crate::support::lake;
use crate::support::program::{self, Program};
use crate::support::proxy::{Fault, Proxy, Written};
use crate::support::workgroup::workgroup_with_s3;
use crate::support::zoo::Zoo;

const COLLECTIONS: &str = "about,keepers";
/// The size of a response that is larger than one part of a multipart upload.
const LARGE: usize = (5 << 20) + 1;

/// A source whose runs write every kind of object: a large one in parts, small ones, and one with quarantined records.
fn prepared(name: &str) -> (Zoo, Bucket) {
    let zoo = Zoo::empty();
    let keepers = json!([{"id": "kb", "name": "Käthe B."}, {"id": "lm", "name": "Li M."}, {"id": "xx", "age": 7}]);
    zoo.set("keepers", &keepers);
    zoo.set_text("about", &format!("{{\"id\": \"zoo\",{}\"motto\": \"-\"}}", " ".repeat(LARGE)));
    (zoo, Bucket::fresh(name))
}

impl Bucket {
    fn transforms(&self, zoo: &Zoo, run: &str, endpoint: &str) -> Program {
        let program = self.transformation(zoo, run).option("--collections", COLLECTIONS).option("--at-once", "1");
        program.option("--first-wait-ms", "10").env("AWS_ENDPOINT_URL", endpoint)
    }

    fn copies(&self, zoo: &Zoo, run: &str) -> Program {
        self.copy(zoo, run).option("--collections", COLLECTIONS)
    }

    /// Checks that every object in the run's manifests exists with the recorded content.
    #[track_caller]
    fn is_whole(&self, run: &str) {
        for collection in COLLECTIONS.split(',') {
            let receipt = self.receipt(run, collection);
            let tables = receipt["tables"].as_array().expect("tables").iter();
            let files = tables.flat_map(|table| table["files"].as_array().expect("files"));
            let quarantine = receipt.get("quarantine");
            assert_eq!(quarantine.is_some(), collection == "keepers");
            for object in files.chain([&receipt["raw"]]).chain(quarantine) {
                let bytes = self.read(object["key"].as_str().expect("a key"));
                let found = (json!(bytes.len()), json!(lake::sha256(&bytes)));
                assert_eq!(found, (object["bytes"].clone(), object["sha256"].clone()), "{object}");
            }
        }
    }
}

/// Checks that the warehouse has this number of runs, and each row once.
#[track_caller]
fn has_each_row_once(zoo: &Zoo, runs: usize) {
    let ledger = zoo.ledger();
    let ids: Vec<&str> = ledger.iter().map(|line| line.split_once(' ').expect("number and run").1).collect();
    assert_eq!(ids, (0..runs).map(|run| format!("r{run}")).collect::<Vec<_>>());
    let sql = "SELECT id FROM zoo.keepers UNION ALL SELECT id FROM zoo.about ORDER BY id";
    assert_eq!(zoo.objects(sql), [json!({"id": "kb"}), json!({"id": "lm"}), json!({"id": "zoo"})]);
}

#[track_caller]
fn committed(report: &Value) {
    assert_eq!(report["outcome"], "committed");
}

fn transformation_with(name: &str, fault: Fault) {
    let (zoo, bucket) = prepared(name);
    let clean = Proxy::start(&bucket.endpoint);
    bucket.transforms(&zoo, "r0", &clean.endpoint).run().done();
    committed(&bucket.copies(&zoo, "r0").run().done());
    let writes = clean.writes();
    // For `keepers`: response, HTTP metadata, quarantine, Parquet, manifest. For `about`: a multipart upload of the response in two
    // parts; HTTP metadata, Parquet, manifest. Then lineage. Requests that start an upload or upload a part create no object.
    assert_eq!((writes.len(), writes.iter().filter(|write| write.conditional).count()), (13, 10), "{writes:#?}");
    // A persistent conflict takes seconds, so each kind of object is tested once.
    let once = |write: &Written| write.conditional && (!write.key.contains("/about") || write.method == "POST");
    let struck = |write: &Written| fault != Fault::ConflictAlways || once(write);
    let struck: Vec<usize> = (0..writes.len()).filter(|at| struck(&writes[*at])).collect();
    for (at, run) in struck.iter().zip(1..) {
        let (run, write) = (format!("r{run}"), &writes[*at]);
        let proxy = Proxy::injecting(fault, &writes[..=*at], &bucket.endpoint);
        let ended = bucket.transforms(&zoo, &run, &proxy.endpoint);
        let ended = if fault == Fault::ConflictAlways { ended.option("--retries", "0") } else { ended }.run();
        eprintln!("{fault:?} at write {at}, {write:?}:\n{}", ended.stderr);
        assert!(proxy.writes().contains(write), "{:#?}", proxy.writes());
        // A run does not fail because of its lineage.
        if fault == Fault::ConflictAlways && !write.key.starts_with("lineage/") {
            ended.failed_temporarily(&["ConditionalRequestConflict"]);
            bucket.transforms(&zoo, &run, &bucket.endpoint).run().done();
        } else {
            ended.done();
        }
        bucket.is_whole(&run);
        committed(&bucket.copies(&zoo, &run).run().done());
    }
    has_each_row_once(&zoo, 1 + struck.len());
}

#[test]
fn a_transformation_whose_write_is_stored_but_returns_500_is_committed() {
    transformation_with("failed-after", Fault::FailedAfter);
}

#[test]
fn a_transformation_whose_write_is_stored_and_the_connection_reset_is_committed() {
    transformation_with("reset-after", Fault::ResetAfter);
}

#[test]
fn a_transformation_whose_write_is_lost_with_its_connection_is_committed() {
    transformation_with("reset-before", Fault::ResetBefore);
}

#[test]
fn a_transformation_with_one_conflict_is_committed() {
    transformation_with("conflict", Fault::Conflict);
}

#[test]
fn a_transformation_with_a_persistent_conflict_fails_temporarily_and_is_committed_later() {
    transformation_with("conflicts", Fault::ConflictAlways);
}

#[test]
fn a_throttled_transformation_is_committed() {
    transformation_with("slowed", Fault::SlowDown);
}

#[test]
fn a_load_into_redshift_is_committed_despite_a_fault_at_any_write() {
    let (zoo, bucket) = prepared("load");
    let api = workgroup_with_s3(zoo.database(), true, &bucket.endpoint);
    let load = |run: &str, endpoint: &str| {
        let program = bucket.program(program::copy(), &zoo, run).env("AWS_ENDPOINT_URL_REDSHIFT_DATA", api.url());
        let program = program.warehouse("redshift://zoo-workgroup/zoo").env("AWS_ENDPOINT_URL", endpoint);
        program.option("--collections", COLLECTIONS)
    };
    let transform = |run: &str| bucket.transforms(&zoo, run, &bucket.endpoint).run().done();
    transform("r0");
    let clean = Proxy::start(&bucket.endpoint);
    committed(&load("r0", &clean.endpoint).run().done());
    let writes = clean.writes();
    // The manifest of each table, and lineage.
    assert_eq!((writes.len(), writes.iter().all(|write| write.conditional)), (3, true), "{writes:#?}");
    let mut runs = 1;
    for fault in [
        Fault::FailedAfter,
        Fault::ResetAfter,
        Fault::ResetBefore,
        Fault::Conflict,
        Fault::ConflictAlways,
        Fault::SlowDown,
    ] {
        for (at, write) in writes.iter().enumerate() {
            let run = format!("r{runs}");
            transform(&run);
            let proxy = Proxy::injecting(fault, &writes[..=at], &bucket.endpoint);
            let ended = load(&run, &proxy.endpoint).run();
            eprintln!("{fault:?} at write {at}, {write:?}:\n{}", ended.stderr);
            if fault == Fault::ConflictAlways && !write.key.starts_with("lineage/") {
                ended.failed_temporarily(&["ConditionalRequestConflict"]);
                committed(&load(&run, &bucket.endpoint).run().done());
            } else {
                committed(&ended.done());
            }
            runs += 1;
        }
    }
    has_each_row_once(&zoo, runs);
}

#[test]
fn if_the_manifests_of_two_processes_return_500_one_wins_and_the_other_removes_only_its_own_files() {
    let (zoo, bucket) = prepared("two");
    let clean = Proxy::start(&bucket.endpoint);
    bucket.transforms(&zoo, "r0", &clean.endpoint).run().done();
    let writes = clean.writes();
    for collection in COLLECTIONS.split(',') {
        let receipt = format!("/receipts/{collection}.json");
        let at = writes.iter().position(|write| write.key.ends_with(&receipt)).expect("a receipt");
        for race in 0..3 {
            let run = format!("{collection}-{race}");
            let start = |_| {
                let proxy = Proxy::injecting(Fault::FailedAfter, &writes[..=at], &bucket.endpoint);
                bucket.transforms(&zoo, &run, &proxy.endpoint).start()
            };
            let running: Vec<_> = [0, 1].map(start).into();
            let reports: Vec<Value> = running.into_iter().map(|running| running.wait().done()).collect();
            let fetched = reports.iter().filter(|report| report["collections"][collection]["status"] == "fetched");
            assert_eq!(fetched.count(), 1, "{reports:?}");
            bucket.is_whole(&run);
            let named = bucket.receipt(&run, collection)["tables"][0]["files"][0]["key"].clone();
            assert_eq!(json!(bucket.keys(&format!("processed/zoo/{collection}/run={run}/"))), json!([named]));
        }
    }
}
