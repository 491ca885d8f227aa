//! Faults at the writes of a sync: a lost response is not a conflict, and a conflict is retried. Late responses are tested
//! without a server (`tests/unit/edge/s3.rs`), because the time limit of a request is a minute.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::bench::Bench;
use super::crashes::{AFTER, prepared};
use crate::support::proxy::{Fate, Proxy, Recorded};

/// The writes of the sync: the announcement, data, new modules, the DAG, and the manifest.
const WRITES: usize = 9;
const DELETES: usize = 3;
const FATES: [Fate; 5] = [Fate::FailedAfter, Fate::ClosedAfter, Fate::ClosedBefore, Fate::Conflict, Fate::SlowDown];

/// Starts a proxy with a fault at the first request of each write.
fn each_write(upstream: &str, fate: Fate) -> Proxy {
    let seen = Mutex::new(BTreeSet::new());
    let judge = move |request: &Recorded, _| {
        let is_write = request.method == "PUT" || request.method == "DELETE" && fate != Fate::Conflict;
        let is_new = is_write && seen.lock().expect("no panic").insert((request.line(), request.body.clone()));
        if is_new { fate } else { Fate::Pass }
    };
    Proxy::start(upstream, Box::new(judge))
}

fn count(requests: &[Recorded], method: &str) -> usize {
    requests.iter().filter(|request| request.method == method).count()
}

#[test]
fn a_sync_with_a_fault_at_each_write_does_everything() {
    let mut complete = prepared("complete");
    let (_, requests) = complete.done(&[]);
    assert_eq!((count(&requests, "PUT"), count(&requests, "DELETE")), (WRITES, DELETES));
    for fate in FATES {
        let mut bench = prepared(&format!("{fate:?}").to_lowercase());
        let proxy = each_write(&bench.upstream(), fate);
        let output = bench.through(&proxy, &[]);
        assert!(output.status.success(), "{fate:?}: {}", String::from_utf8_lossy(&output.stderr));
        let deletes = if fate == Fate::Conflict { DELETES } else { 2 * DELETES };
        let sent = proxy.requests();
        assert!(count(&sent, "PUT") >= 2 * WRITES && count(&sent, "DELETE") == deletes, "{fate:?}: {sent:#?}");
        bench.holds(&AFTER);
        // The manifest has the ETags and versions that are in the bucket: nothing remains to be done.
        let (report, requests) = bench.done(&[]);
        assert!(report["update"] == "none" && requests.len() == 2, "{fate:?}: {report}");
        assert_eq!(report["requirements_version"], bench.version("requirements.txt"));
    }
}

#[test]
fn a_sample_with_a_fault_at_each_write_is_complete() {
    for fate in FATES {
        let bench = Bench::lake(&format!("sample-{fate:?}").to_lowercase());
        // Another version of one file, so that both kinds of conditional writes are sent.
        bench.put("sample/spacex/crew.json", b"[]");
        let proxy = each_write(&bench.upstream(), fate);
        assert!(bench.sample_through(&proxy.endpoint, &[]).contains("\n14 uploaded, 0 unchanged,"), "{fate:?}");
        assert!(count(&proxy.requests(), "PUT") >= 2 * 14, "{fate:?}");
        assert!(bench.sample(&[]).contains("0 uploaded, 14 unchanged,"), "{fate:?}");
    }
}

#[test]
fn a_write_that_stays_in_conflict_fails_for_now_and_the_next_sync_does_the_rest() {
    // A new object and one that is replaced.
    stays_in_conflict("conflicts-new", "PUT dags/package/new.py");
    stays_in_conflict("conflicts-old", "PUT dags/.dpworld-sync.json");
}

fn stays_in_conflict(name: &str, line: &'static str) {
    let mut bench = prepared(name);
    let judge = move |request: &Recorded, _| if request.line() == line { Fate::Conflict } else { Fate::Pass };
    let proxy = Proxy::start(&bench.upstream(), Box::new(judge));
    let output = bench.through(&proxy, &[]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(75), "{message}");
    assert!(
        message.contains("ConditionalRequestConflict") && message.contains("hint: run the same command again"),
        "{message}"
    );
    bench.done(&[]);
    bench.holds(&AFTER);
}
