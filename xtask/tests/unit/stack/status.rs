//! Every status, and the next step of each command.

use super::*;

/// Every state, and what follows from it: deploy, destroy, recover.
const TABLE: [(State, Next, Next, Next); 8] = [
    (State::Absent, Next::Create, Next::Nothing, Next::Nothing),
    (State::Ready, Next::Update, Next::Delete, Next::Nothing),
    (State::Busy, Next::Wait, Next::Wait, Next::Wait),
    (State::ReviewInProgress, Next::Delete, Next::Delete, Next::Delete),
    (State::Broken, Next::Refuse, Next::Delete, Next::Delete),
    (State::UpdateFailed, Next::Refuse, Next::Delete, Next::RollBack),
    (State::RollbackFailed, Next::Refuse, Next::Delete, Next::ContinueRollback),
    (State::Manual, Next::Refuse, Next::Delete, Next::Refuse),
];

#[test]
fn each_state_has_its_legal_steps() {
    for (state, deploy, destroy, recover) in TABLE {
        assert_eq!((state.deploy(), state.destroy(), state.recover()), (deploy, destroy, recover), "{state:?}");
        assert_eq!(state.remedy().is_none(), matches!(state, State::Absent | State::Ready | State::Busy), "{state:?}");
    }
    assert!(STATUSES.iter().all(|(_, state)| TABLE.iter().any(|row| row.0 == *state)));
}

/// CloudFormation's own words: what is under way ends with IN_PROGRESS, but for a stack that waits for a review.
#[test]
fn operations_in_progress_are_waited_for() {
    for (status, state) in STATUSES {
        let in_progress = status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS";
        assert_eq!(state == State::Busy, in_progress, "{status}");
    }
    assert_eq!(State::of("SOMETHING_NEW"), State::Manual);
}

#[cfg(feature = "cloud")]
#[test]
fn the_table_has_every_status_that_the_sdk_knows() {
    let mut known: Vec<&str> = aws_sdk_cloudformation::types::StackStatus::values().to_vec();
    known.sort_unstable();
    let ours: Vec<&str> = STATUSES.iter().map(|(status, _)| *status).collect();
    assert_eq!(ours, known);
}
