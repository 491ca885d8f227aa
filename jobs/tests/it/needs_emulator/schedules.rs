//! Random schedules of faults and kills, generated from seeds, like those of the "exactly once" suite, but with faults of S3
//! and of the Data API at the same time. `SCHEDULE` selects one seed.

use std::sync::Mutex;

use jobs::flows::copy::Outcome;
use redshift_emulator::Fault as ApiFault;

use super::Bucket;
use crate::redshift::{Rig, api_faults};
use crate::support::proxy::{Fault, Proxy};
use crate::support::random::Random;
use crate::support::workgroup::workgroup_with_s3;
use crate::support::zoo::{Zoo, animals};

const SEEDS: u64 = 12;
const FAULTS: [Fault; 6] =
    [Fault::FailedAfter, Fault::ResetAfter, Fault::ResetBefore, Fault::Conflict, Fault::SlowDown, Fault::Late];

/// Starts a proxy where each write may have any fault.
fn faulty(bucket: &Bucket, chance: &Random, one_in: usize) -> Proxy {
    let chance = Mutex::new(chance.clone());
    let judge = move |_: &_| {
        let mut chance = chance.lock().expect("no panic");
        chance.once_in(one_in).then(|| *chance.one(&FAULTS))
    };
    Proxy::judging(&bucket.endpoint, Box::new(judge))
}

/// Runs a schedule; returns the number of faults in S3.
fn schedule(rig: &Rig, bucket: &Bucket, seed: u64) -> usize {
    let (mut chance, run, mut faults) = (Random::of(seed), format!("s{seed}"), 0);
    let zoo: Vec<(u32, &str)> = (1..=4).map(|id| (id, *chance.one(&["Ada", "Bo", "Cy"]))).collect();
    rig.zoo.set("animals", &animals(&zoo));
    for _ in 0..1 + chance.below(3) {
        let one_in = 2 + chance.below(6);
        let proxy = faulty(bucket, &chance, one_in);
        rig.lake.replace(bucket.lake(&proxy.endpoint));
        if rig.try_transform(&run).is_ok() {
            if chance.once_in(2) {
                rig.load_and_die(&run, chance.below(30), chance.once_in(2));
            } else {
                rig.api.meets(api_faults(chance.clone(), 5 + chance.clone().below(20)));
                let _ = rig.load(&run);
                rig.api.meets(|_, _| ApiFault::None);
            }
        }
        faults += proxy.injected();
        chance.next();
    }
    rig.lake.replace(bucket.lake(&bucket.endpoint));
    rig.transform(&run);
    rig.load(&run).unwrap_or_else(|error| panic!("the last attempt: {error:#}"));
    rig.api.until_idle();
    rig.holds(&run, &zoo);
    let again = rig.load(&run).expect("a report");
    assert_eq!(again.outcome, Outcome::AlreadyCommitted);
    bucket.is_whole(&run, "animals");
    faults
}

#[test]
fn every_run_is_loaded_exactly_once_despite_faults_in_s3_and_in_the_data_api() {
    let seeds = match std::env::var("SCHEDULE") {
        Ok(seed) => vec![seed.parse().expect("a seed")],
        Err(_) => (0..SEEDS).collect(),
    };
    let (zoo, bucket) = (Zoo::stocked(), Bucket::fresh("schedules"));
    let api = workgroup_with_s3(zoo.database(), true, &bucket.endpoint);
    let rig = Rig::before(zoo, api).only("animals");
    let mut faults = 0;
    for seed in &seeds {
        eprintln!("schedule {seed}; SCHEDULE={seed} runs it alone");
        faults += schedule(&rig, &bucket, *seed);
    }
    assert!(faults >= seeds.len(), "{faults} faults");
}
