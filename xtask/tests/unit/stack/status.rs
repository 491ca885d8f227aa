//! Every status, and what `recover` does; the suite "stacks" runs each command from each status.

use super::*;

#[test]
fn a_state_without_operation_in_progress_has_a_remedy_unless_it_is_fine() {
    for (status, state) in STATUSES {
        let fine = matches!(state, State::Absent | State::Ready | State::Busy);
        assert_eq!((state.remedy().is_none(), state.recovery() == Recovery::Nothing), (fine, fine), "{status}");
    }
    assert_eq!(State::of("UPDATE_ROLLBACK_FAILED").recovery(), Recovery::ContinueRollback);
}

/// CloudFormation's names: an operation in progress ends with IN_PROGRESS, except a stack under review.
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
