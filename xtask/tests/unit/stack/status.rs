//! Tests the state of every status; the suite "stacks" runs each command in each status.

use super::*;

#[cfg(feature = "cloud")]
#[test]
fn every_status_that_the_sdk_knows_has_a_meaning() {
    for status in aws_sdk_cloudformation::types::StackStatus::values() {
        let state = State::of(status);
        // An operation in progress ends with IN_PROGRESS, except a stack under review.
        let in_progress = status.ends_with("_IN_PROGRESS") && *status != "REVIEW_IN_PROGRESS";
        assert_eq!(state == State::Busy, in_progress, "{status}");
        assert_eq!(state == State::Manual, *status == "IMPORT_ROLLBACK_FAILED", "{status}");
        let fine = matches!(state, State::Absent | State::Ready | State::Busy);
        assert_eq!(state.remedy().is_none(), fine, "{status}");
        let failed = status.ends_with("_FAILED") || ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"].contains(status);
        assert_eq!(fine, !failed, "{status}");
    }
}

#[test]
fn an_unknown_status_needs_an_administrator() {
    assert_eq!(["SOMETHING_NEW", "SOMETHING_COMPLETE"].map(State::of), [State::Manual; 2]);
}
