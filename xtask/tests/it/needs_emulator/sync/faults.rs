//! One fault at each write of a sync, one sync for each: a lost response is not a conflict, and a conflict is retried.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::bench::Bench;
use super::crashes::{AFTER, prepared};
use crate::support::proxy::{Fate, Proxy, Recorded};

/// The writes of the sync: the announcement, data, new modules, the DAG, and the manifest.
const WRITES: usize = 9;

/// Starts a proxy with a fault at one of the PUTs, counted from 0.
fn injecting(bench: &Bench, fate: Fate, at: usize) -> Proxy {
    let puts = AtomicUsize::new(0);
    let judge = move |request: &Recorded, _| {
        let struck = request.method == "PUT" && puts.fetch_add(1, Ordering::SeqCst) == at;
        if struck { fate } else { Fate::Pass }
    };
    Proxy::start(&bench.upstream(), Box::new(judge))
}

fn each_write(fate: Fate, name: &str, positions: impl IntoIterator<Item = usize>) {
    let mut complete = prepared(name);
    let (_, requests) = complete.done(&[]);
    assert_eq!(requests.iter().filter(|request| request.method == "PUT").count(), WRITES);
    for at in positions {
        let mut bench = prepared(&format!("{name}{at}"));
        let proxy = injecting(&bench, fate, at);
        let output = bench.through(&proxy, &[]);
        assert!(output.status.success(), "write {at}: {}", String::from_utf8_lossy(&output.stderr));
        bench.holds(&AFTER);
        // The manifest has the ETags and versions that are in the bucket: nothing remains to be done.
        let (report, requests) = bench.done(&[]);
        assert!(report["update"] == "none" && requests.len() == 2, "write {at}: {report}");
        assert_eq!(report["requirements_version"], bench.version("requirements.txt"));
    }
}

#[test]
fn a_write_that_is_stored_and_answered_with_500_is_our_own() {
    each_write(Fate::FailedAfter, "failed-after", 0..WRITES);
}

#[test]
fn a_write_that_is_stored_and_whose_connection_is_closed_is_our_own() {
    // The announcement, a new module, and the manifest.
    each_write(Fate::ClosedAfter, "closed-after", [0, 4, WRITES - 1]);
}

#[test]
fn a_write_in_conflict_is_sent_again() {
    each_write(Fate::Conflict, "conflict", 0..WRITES);
}

#[test]
fn a_write_that_stays_in_conflict_fails_for_now_and_the_next_sync_does_the_rest() {
    let mut bench = prepared("conflicts");
    let judge =
        |request: &Recorded, _| if request.line() == "PUT dags/package/new.py" { Fate::Conflict } else { Fate::Pass };
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
