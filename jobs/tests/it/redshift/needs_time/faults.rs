//! Every fault at every request, and at every statement of the transaction: the run is loaded once or not at all.

use redshift_emulator::Fault;

use crate::redshift::Rig;
use crate::support::zoo::{Zoo, animals};

const FIRST: [(u32, &str); 3] = [(1, "Ada"), (2, "Bo"), (3, "Cy")];
const SECOND: [(u32, &str); 3] = [(1, "Ida"), (2, "Bo"), (4, "Di")];

/// A warehouse with one loaded run; the manifests of the next run are in the lake.
fn ready() -> Rig {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    rig.zoo.set("animals", &animals(&FIRST));
    rig.transform("r0");
    rig.commits("r0");
    rig
}

fn next(rig: &Rig, number: usize) -> (String, &'static [(u32, &'static str)]) {
    let (run, names) = (format!("r{number}"), if number % 2 == 1 { &SECOND } else { &FIRST });
    rig.zoo.set("animals", &animals(names));
    rig.transform(&run);
    (run, names)
}

/// Returns the number of requests in a load without faults.
fn requests(rig: &Rig) -> usize {
    rig.api.operations();
    let (run, _) = next(rig, 1);
    rig.commits(&run);
    let operations = rig.api.operations();
    assert!(operations.len() > 20, "{operations:?}");
    operations.len()
}

/// Returns the number of the batch that is the transaction, which is the last one of a load.
fn commit(rig: &Rig) -> usize {
    rig.api.operations();
    let (run, _) = next(rig, 1);
    rig.commits(&run);
    rig.api.operations().iter().filter(|name| *name == "BatchExecuteStatement").count()
}

#[test]
fn a_load_succeeds_despite_a_fault_at_any_request() {
    let rig = ready();
    let count = requests(&rig);
    let mut number = 1;
    for fault in
        [Fault::LoseRequest, Fault::LoseResponse, Fault::Duplicate, Fault::Delay, Fault::Throttle, Fault::Conflict]
    {
        for at in 0..count {
            number += 1;
            let (run, names) = next(&rig, number);
            rig.api.meets(move |request, _| if request == at { fault } else { Fault::None });
            let report = rig.load(&run).unwrap_or_else(|error| panic!("{fault:?} at request {at}: {error:#}"));
            assert_eq!(report.run_id.as_str(), run);
            rig.holds(&run, names);
        }
    }
}

#[test]
fn a_program_killed_at_any_request_has_loaded_the_run_once_or_not_at_all() {
    let rig = ready();
    let count = requests(&rig);
    let mut number = 1;
    for arrives in [true, false] {
        for at in 0..count {
            number += 1;
            let (run, names) = next(&rig, number);
            assert!(rig.load_and_die(&run, at, arrives), "request {at}");
            // The next attempt does not wait until the statements of the first one have finished.
            rig.load(&run).unwrap_or_else(|error| panic!("after a death at request {at}: {error:#}"));
            rig.api.until_idle();
            rig.holds(&run, names);
        }
    }
}

#[test]
fn a_session_lost_at_any_statement_rolls_everything_back() {
    let rig = ready();
    let mut number = 1;
    let commit = commit(&rig);
    // Lock, check of the head, update of the head, one merge, assertion, ledger; the last session is lost before its commit.
    for statement in 0..=6 {
        number += 1;
        let (run, names) = next(&rig, number);
        let before = rig.zoo.rows();
        let ledger = rig.zoo.ledger();
        let mut batches = 0;
        rig.api.meets(move |_, operation| {
            batches += usize::from(operation == "BatchExecuteStatement");
            if batches == commit { Fault::LoseSession(statement) } else { Fault::None }
        });
        let error = rig.load(&run).expect_err("a lost session");
        assert!(format!("{error:#}").contains("session was lost"), "{error:#}");
        assert_eq!((rig.zoo.rows(), rig.zoo.ledger()), (before, ledger), "statement {statement}");
        rig.api.meets(|_, _| Fault::None);
        rig.commits(&run);
        rig.holds(&run, names);
    }
}

#[test]
fn a_lost_response_whose_token_has_expired_still_commits_once() {
    let rig = ready();
    let (mut batches, commit) = (0, commit(&rig));
    let (run, names) = next(&rig, 2);
    // The transaction starts, its response is lost, and its token expires before the next attempt.
    rig.api.meets(move |_, operation| {
        batches += usize::from(operation == "BatchExecuteStatement");
        if batches >= commit { Fault::LoseResponse } else { Fault::None }
    });
    let error = rig.load(&run).expect_err("no response");
    assert_eq!(jobs::failure::exit_of(&error), contract::Exit::TempFail, "{error:#}");
    rig.api.until_idle();
    rig.api.forget_tokens();
    rig.api.meets(|_, _| Fault::None);
    rig.load(&run).expect("the next start");
    rig.holds(&run, names);
}
