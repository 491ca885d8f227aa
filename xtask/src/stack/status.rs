//! What a stack's status means, and which steps are legal from there: the one place that knows, so that no call is sent
//! that CloudFormation must refuse.
//!
//! | status | `deploy` | `destroy` | `recover` |
//! |---|---|---|---|
//! | not there, DELETE_COMPLETE | creates | – | – |
//! | …_COMPLETE, and not one of those below | updates | deletes | – |
//! | …_IN_PROGRESS | waits, then looks again | the same | the same |
//! | REVIEW_IN_PROGRESS, ROLLBACK_COMPLETE | deletes what is left, creates | deletes | deletes |
//! | CREATE_FAILED, ROLLBACK_FAILED, DELETE_FAILED | refuses: `recover` | deletes | deletes, `--retain` what cannot go |
//! | UPDATE_FAILED | refuses: `recover` | deletes | rolls back |
//! | UPDATE_ROLLBACK_FAILED | refuses: `recover` | deletes | goes on rolling back, `--skip` what cannot |
//! | IMPORT_ROLLBACK_FAILED | refuses, by hand | deletes | refuses, by hand |
//!
//! Source: AWS CloudFormation User Guide, "Stack status codes" and "Continue rolling back an update"; API Reference of
//! DeleteStack, RollbackStack and ContinueUpdateRollback.

use serde::Serialize;

/// What a status comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No stack.
    Absent,
    /// At rest, and can be changed.
    Ready,
    /// CloudFormation is at work.
    Busy,
    /// It never came to be; it can only be deleted, and there is nothing in it.
    ReviewInProgress,
    /// It can only be deleted, and something may be in it.
    Broken,
    /// A failed change that can be rolled back.
    UpdateFailed,
    /// A rollback that failed and can go on.
    RollbackFailed,
    /// Only people can tell what is to be done.
    Manual,
}

/// Every status that there is.
pub const STATUSES: [(&str, State); 23] = [
    ("CREATE_COMPLETE", State::Ready),
    ("CREATE_FAILED", State::Broken),
    ("CREATE_IN_PROGRESS", State::Busy),
    ("DELETE_COMPLETE", State::Absent),
    ("DELETE_FAILED", State::Broken),
    ("DELETE_IN_PROGRESS", State::Busy),
    ("IMPORT_COMPLETE", State::Ready),
    ("IMPORT_IN_PROGRESS", State::Busy),
    ("IMPORT_ROLLBACK_COMPLETE", State::Ready),
    ("IMPORT_ROLLBACK_FAILED", State::Manual),
    ("IMPORT_ROLLBACK_IN_PROGRESS", State::Busy),
    ("REVIEW_IN_PROGRESS", State::ReviewInProgress),
    ("ROLLBACK_COMPLETE", State::ReviewInProgress),
    ("ROLLBACK_FAILED", State::Broken),
    ("ROLLBACK_IN_PROGRESS", State::Busy),
    ("UPDATE_COMPLETE", State::Ready),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", State::Busy),
    ("UPDATE_FAILED", State::UpdateFailed),
    ("UPDATE_IN_PROGRESS", State::Busy),
    ("UPDATE_ROLLBACK_COMPLETE", State::Ready),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", State::Busy),
    ("UPDATE_ROLLBACK_FAILED", State::RollbackFailed),
    ("UPDATE_ROLLBACK_IN_PROGRESS", State::Busy),
];

/// What a command does about a stack next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Nothing.
    Nothing,
    /// Make it.
    Create,
    /// Change it where something differs.
    Update,
    /// Look on until it is at rest.
    Wait,
    /// Delete it.
    Delete,
    /// Roll a failed change back (RollbackStack).
    RollBack,
    /// Go on with a rollback (ContinueUpdateRollback).
    ContinueRollback,
    /// Send nothing, and say why.
    Refuse,
}

impl State {
    /// What a status means; one that AWS adds later is for people.
    pub fn of(status: &str) -> Self {
        STATUSES.iter().find(|(name, _)| *name == status).map_or(Self::Manual, |(_, state)| *state)
    }

    /// What `deploy` does first.
    pub fn deploy(self) -> Next {
        match self {
            Self::Absent => Next::Create,
            Self::Ready => Next::Update,
            Self::Busy => Next::Wait,
            Self::ReviewInProgress => Next::Delete,
            Self::Broken | Self::UpdateFailed | Self::RollbackFailed | Self::Manual => Next::Refuse,
        }
    }

    /// What `destroy` does first. A stack in any state of rest may be deleted.
    pub fn destroy(self) -> Next {
        match self {
            Self::Absent => Next::Nothing,
            Self::Busy => Next::Wait,
            _ => Next::Delete,
        }
    }

    /// What `recover` does first.
    pub fn recover(self) -> Next {
        match self {
            Self::Absent | Self::Ready => Next::Nothing,
            Self::Busy => Next::Wait,
            Self::ReviewInProgress | Self::Broken => Next::Delete,
            Self::UpdateFailed => Next::RollBack,
            Self::RollbackFailed => Next::ContinueRollback,
            Self::Manual => Next::Refuse,
        }
    }

    /// For whoever reads that nothing can be done by itself: what happened, in words, and the command that goes on.
    pub fn remedy(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Absent | Self::Ready | Self::Busy => None,
            Self::ReviewInProgress => Some((
                "it was never made: there is nothing in it",
                "mend the cause; `cargo xtask deploy` then deletes it and makes it anew",
            )),
            Self::Broken => Some((
                "it could not be made or deleted to the end, and something may be left in it",
                "`cargo xtask recover` deletes it; what cannot be deleted stays with --stack NAME --retain RESOURCE",
            )),
            Self::UpdateFailed => {
                Some(("a change failed and was not rolled back", "`cargo xtask recover` rolls it back"))
            }
            Self::RollbackFailed => Some((
                "a change failed, and so did its rollback",
                "mend what the events name, then `cargo xtask recover`; what cannot be mended is left out with --stack NAME --skip RESOURCE",
            )),
            Self::Manual => Some((
                "no step is safe from here without looking",
                "see the stack's events in the console; AWS's page \"Troubleshooting CloudFormation\" has this status",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
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
            assert_eq!(
                state.remedy().is_none(),
                matches!(state, State::Absent | State::Ready | State::Busy),
                "{state:?}"
            );
        }
        assert!(STATUSES.iter().all(|(_, state)| TABLE.iter().any(|row| row.0 == *state)));
    }

    /// CloudFormation's own words: what is under way ends with IN_PROGRESS, but for a stack that waits for a review.
    #[test]
    fn what_goes_on_is_waited_for_and_nothing_else_is() {
        for (status, state) in STATUSES {
            let goes_on = status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS";
            assert_eq!(state == State::Busy, goes_on, "{status}");
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
}
