//! Random schedules of faults, kills and restarts, generated from seeds. `SCHEDULES` sets the number of schedules (400
//! unless set; try thousands after a change of the load), and `SCHEDULE` selects one seed.

use std::ops::Range;

use redshift_emulator::Fault;

use crate::redshift::Rig;
use crate::support::database::Role;
use crate::support::random::Random;
use crate::support::zoo::{Zoo, animals};

const FAULTS: [Fault; 6] =
    [Fault::LoseRequest, Fault::LoseResponse, Fault::Duplicate, Fault::Delay, Fault::Throttle, Fault::Conflict];

/// Returns the faults of the Data API: one in so many requests has one.
pub fn api_faults(mut chance: Random, one_in: usize) -> impl FnMut(usize, &str) -> Fault + Send + 'static {
    move |_, operation| match chance.below(one_in) {
        0 if operation == "BatchExecuteStatement" && chance.below(3) == 0 => Fault::LoseSession(chance.below(9)),
        0 => *chance.one(&FAULTS),
        _ => Fault::None,
    }
}

fn schedule(rig: &Rig, seed: u64) {
    let mut chance = Random::of(seed);
    let names = ["Ada", "Bo", "Cy", "Di", "Ed"];
    let mut zoo: Vec<(u32, &str)> = Vec::new();
    for id in 1..=6 {
        if chance.below(3) > 0 {
            zoo.push((id, *chance.one(&names)));
        }
    }
    if zoo.is_empty() {
        zoo.push((1, "Ada"));
    }
    rig.zoo.set("animals", &animals(&zoo));
    let run = format!("s{seed}");
    rig.transform(&run);
    // A few attempts that are killed, fail or succeed, each with its own faults; then one attempt without faults.
    for _ in 0..chance.below(4) {
        if chance.below(2) == 0 {
            let at = chance.below(30);
            rig.load_and_die(&run, at, chance.below(2) == 0);
        } else {
            let faults = chance.clone();
            rig.api.meets(api_faults(faults, 3 + chance.below(20)));
            let _ = rig.load(&run);
            if chance.below(8) == 0 {
                rig.api.forget_tokens();
            }
        }
    }
    rig.api.meets(|_, _| Fault::None);
    rig.load(&run).unwrap_or_else(|error| panic!("the undisturbed start: {error:#}"));
    rig.api.until_idle();
    rig.holds(&run, &zoo);
}

/// Runs the schedules for these seeds.
pub fn some(seeds: Range<u64>) {
    // A new warehouse from time to time limits the size of the ledger and the number of leftovers.
    for (batch, seeds) in seeds.collect::<Vec<_>>().chunks(50).enumerate() {
        let rig = Rig::entered(Zoo::stocked(), Role::Loader, batch % 2 == 1).only("animals");
        for seed in seeds {
            let run = std::panic::AssertUnwindSafe(|| schedule(&rig, *seed));
            if let Err(panic) = std::panic::catch_unwind(run) {
                eprintln!("the schedule {seed} failed; SCHEDULE={seed} runs it alone");
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// One of four parts that run in parallel.
fn part(number: u64) {
    let variable = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    match variable("SCHEDULE") {
        Some(seed) if seed % 4 == number => some(seed..seed + 1),
        Some(_) => {}
        None => {
            let each = variable("SCHEDULES").unwrap_or(400).div_ceil(4);
            some(number * each..(number + 1) * each);
        }
    }
}

#[test]
fn every_run_is_loaded_exactly_once_first_part() {
    part(0);
}

#[test]
fn every_run_is_loaded_exactly_once_second_part() {
    part(1);
}

#[test]
fn every_run_is_loaded_exactly_once_third_part() {
    part(2);
}

#[test]
fn every_run_is_loaded_exactly_once_fourth_part() {
    part(3);
}
