//! Eight processes that load from S3 through the emulated Data API in parallel: five load one run, three the other. In half
//! of the races, the writes of each process to S3 have a fault.

use super::Bucket;
use crate::support::database::{Role, WAITING};
use crate::support::program::Program;
use crate::support::proxy::{Fault, Proxy};
use crate::support::wait_or_describe;
use crate::support::workgroup::workgroup_with_s3;
use crate::support::zoo::{Zoo, animals};

const FAULTS: [Fault; 5] =
    [Fault::ResetAfter, Fault::FailedAfter, Fault::Conflict, Fault::ResetBefore, Fault::SlowDown];

/// Lets eight processes compete for the lock, with either assumption about when Redshift takes the snapshot of a
/// transaction.
fn race(name: &str, snapshot_first: bool, faults: &[Fault]) {
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh(name));
    let api = workgroup_with_s3(zoo.database(), snapshot_first, &bucket.endpoint);
    let load = |run: &str, endpoint: &str| -> Program {
        bucket.redshift_load(&zoo, run, &api, endpoint).option("--collections", "animals")
    };
    let copy = |run: &str| load(run, &bucket.endpoint);
    for (run, names) in [("r0", "Ada"), ("r1", "Bo"), ("r2", "Cy")] {
        zoo.set("animals", &animals(&[(1, names)]));
        bucket.transformation(&zoo, run).option("--collections", "animals").run().done();
    }
    copy("r0").run().done();

    // No load commits before all eight have computed their changes.
    let holder = zoo.database().enter(Role::Postgres);
    holder.run("BEGIN; LOCK etl.load_lock");
    let runs = ["r1", "r2", "r1", "r1", "r2", "r1", "r2", "r1"];
    let mut faults = faults.iter().cycle();
    let proxies: Vec<Proxy> = runs.iter().map(|_| Proxy::always(faults.next().copied(), &bucket.endpoint)).collect();
    let running: Vec<_> = runs.iter().zip(&proxies).map(|(run, proxy)| load(run, &proxy.endpoint).start()).collect();
    let watcher = zoo.database().session(Role::Postgres);
    let log = || running.iter().map(|load| format!("{}\n", load.log())).collect::<String>();
    wait_or_describe("eight loads wait for the lock", || watcher.number(WAITING) == 8, log);
    drop(holder);

    let mut outcomes: Vec<(&str, String)> = Vec::new();
    for (run, process) in runs.into_iter().zip(running) {
        let report = process.wait().done();
        outcomes.push((run, report["outcome"].as_str().expect("an outcome").to_owned()));
    }
    let count = |run: &str, outcome: &str| outcomes.iter().filter(|(of, what)| *of == run && what == outcome).count();
    assert_eq!(count("r2", "committed"), 1, "{outcomes:?}");
    assert_eq!(count("r2", "already_committed"), 2, "{outcomes:?}");
    // Either the older run was loaded first, once, or the newer run was first and the older one is superseded.
    let counts = (count("r1", "committed"), count("r1", "already_committed"), count("r1", "superseded"));
    assert!(counts.0 <= 1 && counts.0 + counts.1 + counts.2 == 5 && (counts.0 == 1 || counts.1 == 0), "{outcomes:?}");

    let ledger = watcher.texts("SELECT run_id FROM etl.runs ORDER BY seq");
    let expected = if counts.0 == 1 { vec!["r0", "r1", "r2"] } else { vec!["r0", "r2"] };
    assert_eq!(ledger, expected);
    for run in ["r0", "r1", "r2"] {
        let outcome = copy(run).run().done()["outcome"].clone();
        assert_eq!(outcome, if run == "r2" { "already_committed" } else { "superseded" }, "{run}");
    }
    assert_eq!(watcher.texts("SELECT run_id FROM etl.runs ORDER BY seq"), expected);
    assert_eq!(watcher.texts("SELECT id || ' ' || name FROM zoo.animals WHERE _deleted_at IS NULL"), ["1 Cy"]);
}

#[test]
fn eight_processes_load_each_run_once_if_the_lock_precedes_the_snapshot() {
    race("raced-lock", false, &[]);
}

#[test]
fn eight_processes_load_each_run_once_if_the_snapshot_precedes_the_lock() {
    race("raced-snapshot", true, &[]);
}

#[test]
fn eight_processes_with_faults_load_each_run_once_if_the_lock_precedes_the_snapshot() {
    race("raced-faults-lock", false, &FAULTS);
}

#[test]
fn eight_processes_with_faults_load_each_run_once_if_the_snapshot_precedes_the_lock() {
    race("raced-faults-snapshot", true, &FAULTS);
}
