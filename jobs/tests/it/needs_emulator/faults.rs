//! One fault at each write of a run to S3, with one run per fault. The run is committed, or it fails temporarily and is
//! committed by a second attempt. In both cases, every object in the manifests exists, and each row is loaded once.

mod late;

use redshift_emulator::Emulator;
use serde_json::{Value, json};

use super::Bucket;
use crate::support::program::Program;
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

    fn copies(&self, zoo: &Zoo, run: &str, endpoint: &str) -> Program {
        self.copy(zoo, run).option("--collections", COLLECTIONS).env("AWS_ENDPOINT_URL", endpoint)
    }

    fn loads(&self, zoo: &Zoo, run: &str, api: &Emulator, endpoint: &str) -> Program {
        self.redshift_load(zoo, run, api, endpoint).option("--collections", COLLECTIONS)
    }

    /// Runs both programs again, without faults: the run is complete.
    #[track_caller]
    fn is_complete(&self, zoo: &Zoo, run: &str, load: Program) {
        reused(&self.transforms(zoo, run, &self.endpoint).run().done());
        assert_eq!(load.run().done()["outcome"], "already_committed");
        self.is_whole(run, COLLECTIONS);
    }
}

#[track_caller]
fn reused(report: &Value) {
    for collection in COLLECTIONS.split(',') {
        assert_eq!(report["collections"][collection]["status"], "reused", "{report}");
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
    let writes = clean.writes();
    committed(&bucket.copies(&zoo, "r0", &clean.endpoint).run().done());
    let copied = clean.writes().split_off(writes.len());
    assert!(matches!(copied.as_slice(), [lineage] if lineage.key.starts_with("lineage/")), "{copied:#?}");
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
        let uploads = String::from_utf8(bucket.read("?uploads")).expect("text");
        assert!(!fault.is_conflict() || !uploads.contains("<Upload>"), "an unfinished upload: {uploads}");
        // Neither does a load. A persistent conflict takes seconds, so it is tested once.
        let proxy = Proxy::injecting(fault, &copied, &bucket.endpoint);
        let endpoint = if fault == Fault::ConflictAlways && run != "r1" { &bucket.endpoint } else { &proxy.endpoint };
        committed(&bucket.copies(&zoo, &run, endpoint).run().done());
        bucket.is_complete(&zoo, &run, bucket.copies(&zoo, &run, &bucket.endpoint));
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
    let load = |run: &str, endpoint: &str| bucket.loads(&zoo, run, &api, endpoint);
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
            assert_eq!(load(&run, &bucket.endpoint).run().done()["outcome"], "already_committed");
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
            bucket.is_whole(&run, COLLECTIONS);
        }
    }
}

/// The first attempt fails at the file of the second table; the second attempt is made by the same program.
#[test]
fn an_attempt_that_a_retry_replaces_leaves_no_files() {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("replaced"));
    let transform = |run: &str, endpoint: &str| {
        let program =
            bucket.transformation(&zoo, run).option("--collections", "animals").env("AWS_ENDPOINT_URL", endpoint);
        program.option("--retries", "1").option("--first-wait-ms", "10").run().done()
    };
    let clean = Proxy::start(&bucket.endpoint);
    transform("r0", &clean.endpoint);
    let files: Vec<Written> = clean.writes().into_iter().filter(|write| write.key.starts_with("processed/")).collect();
    assert_eq!(files.len(), 3, "{files:#?}");
    let proxy = Proxy::injecting(Fault::ConflictAlways, &files[..2], &bucket.endpoint);
    assert_eq!(transform("r1", &proxy.endpoint)["collections"]["animals"]["status"], "fetched");
    assert!(proxy.injected() > 1, "{:#?}", proxy.writes());
    bucket.is_whole("r1", "animals");
}
