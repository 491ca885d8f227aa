//! Responses to writes that arrive too late: after the time limit of the request, or after the program was killed.

use std::time::Duration;

use jobs::flows::copy::Outcome;
use nix::sys::signal::Signal;

use super::{COLLECTIONS, has_each_row_once, prepared, reused};
use crate::redshift::Rig;
use crate::support::program::Running;
use crate::support::proxy::{Fault, Proxy, Written};
use crate::support::wait_until;
use crate::support::workgroup::workgroup_with_s3;

/// Both jobs run in this process, because the time limit of a program is a minute, and ten for the end of a large upload.
#[test]
fn a_run_whose_write_is_stored_but_returns_too_late_is_committed() {
    let (zoo, bucket) = prepared("late");
    let api = workgroup_with_s3(zoo.database(), true, &bucket.endpoint);
    let rig = Rig::before(zoo, api).only(COLLECTIONS);
    let clean = Proxy::start(&bucket.endpoint);
    rig.lake.replace(bucket.lake(&clean.endpoint));
    rig.transform("r0");
    rig.commits("r0");
    let writes = clean.writes();
    // Those of the programs, except lineage.
    assert_eq!((writes.len(), writes.iter().filter(|write| write.conditional).count()), (14, 11), "{writes:#?}");
    for (at, run) in (0..writes.len()).zip(1..) {
        let run = format!("r{run}");
        let proxy = Proxy::injecting(Fault::Late, &writes[..=at], &bucket.endpoint);
        rig.lake.replace(bucket.lake(&proxy.endpoint));
        rig.transform(&run);
        rig.commits(&run);
        assert_eq!(proxy.injected(), 1, "{:?} in {:#?}", writes[at], proxy.writes());

        rig.lake.replace(bucket.lake(&bucket.endpoint));
        reused(&rig.transform(&run));
        assert_eq!(rig.load(&run).expect("a report").outcome, Outcome::AlreadyCommitted);
        bucket.is_whole(&run, COLLECTIONS);
    }
    has_each_row_once(&rig.zoo, 1 + writes.len());
}

/// A program waits at most five seconds for its lineage.
#[test]
fn a_run_whose_lineage_is_stored_but_returns_too_late_is_committed() {
    let (zoo, bucket) = prepared("late-lineage");
    let clean = Proxy::start(&bucket.endpoint);
    bucket.transforms(&zoo, "r0", &clean.endpoint).run().done();
    bucket.copies(&zoo, "r0", &clean.endpoint).run().done();
    let lineage: Vec<Written> = clean.writes().into_iter().filter(|write| write.key.starts_with("lineage/")).collect();
    let late = |at| Proxy::injecting(Fault::Late, std::slice::from_ref(&lineage[at]), &bucket.endpoint);
    let (transformation, copy) = (late(0), late(1));
    for (program, proxy) in [
        (bucket.transforms(&zoo, "r1", &transformation.endpoint), &transformation),
        (bucket.copies(&zoo, "r1", &copy.endpoint), &copy),
    ] {
        let ended = program.run();
        ended.done();
        assert!(ended.took < Duration::from_secs(60) && proxy.injected() == 1, "{:?}: {}", ended.took, ended.stderr);
    }
    bucket.is_complete(&zoo, "r1", bucket.copies(&zoo, "r1", &bucket.endpoint));
    has_each_row_once(&zoo, 2);
}

/// The program is killed when its object is stored, before it receives the response.
#[test]
fn after_a_kill_at_any_write_the_same_run_is_committed_once() {
    let (zoo, bucket) = prepared("killed-late");
    let api = workgroup_with_s3(zoo.database(), true, &bucket.endpoint);
    let clean = Proxy::start(&bucket.endpoint);
    bucket.transforms(&zoo, "r0", &clean.endpoint).run().done();
    let transformed = clean.writes();
    bucket.loads(&zoo, "r0", &api, &clean.endpoint).run().done();
    let loaded = clean.writes().split_off(transformed.len());
    assert_eq!((transformed.len(), loaded.len()), (13, 3), "{loaded:#?}");
    let kill = |running: Running, proxy: &Proxy| {
        wait_until("the write is stored", || proxy.injected() == 1);
        running.signal(Signal::SIGKILL);
        running.wait().was_killed(Signal::SIGKILL);
    };
    let creates = |at: &usize| transformed.iter().chain(&loaded).nth(*at).is_some_and(|write| write.conditional);
    let positions: Vec<usize> = (0..transformed.len() + loaded.len()).filter(creates).collect();
    for (at, run) in positions.iter().copied().zip(1..) {
        let run = format!("r{run}");
        if let Some(writes) = transformed.get(..=at) {
            let proxy = Proxy::injecting(Fault::Late, writes, &bucket.endpoint);
            kill(bucket.transforms(&zoo, &run, &proxy.endpoint).start(), &proxy);
        }
        bucket.transforms(&zoo, &run, &bucket.endpoint).run().done();
        if let Some(at) = at.checked_sub(transformed.len()) {
            let proxy = Proxy::injecting(Fault::Late, &loaded[..=at], &bucket.endpoint);
            kill(bucket.loads(&zoo, &run, &api, &proxy.endpoint).start(), &proxy);
        }
        bucket.loads(&zoo, &run, &api, &bucket.endpoint).run().done();
        bucket.is_complete(&zoo, &run, bucket.loads(&zoo, &run, &api, &bucket.endpoint));
    }
    has_each_row_once(&zoo, 1 + positions.len());
}
