//! The meaning of each stack status, and the operations that it allows. All commands use this table, so that none makes
//! a call that CloudFormation would reject.
//!
//! | status | `deploy` | `destroy` | `recover` |
//! |---|---|---|---|
//! | does not exist, DELETE_COMPLETE | creates | – | – |
//! | …_COMPLETE, except those below | updates | deletes | – |
//! | …_IN_PROGRESS | waits, then continues | waits, then continues | waits, then continues |
//! | REVIEW_IN_PROGRESS, ROLLBACK_COMPLETE | deletes, then creates | deletes | deletes |
//! | CREATE_FAILED, ROLLBACK_FAILED, DELETE_FAILED | fails; use `recover` | deletes | deletes, with optional `--retain` |
//! | UPDATE_FAILED | fails; use `recover` | deletes | rolls back |
//! | UPDATE_ROLLBACK_FAILED | fails; use `recover` | deletes | continues the rollback, with optional `--skip` |
//! | IMPORT_ROLLBACK_FAILED | fails; fix by hand | deletes | fails; fix by hand |
//!
//! Source: AWS CloudFormation User Guide, "Stack status codes" and "Continue rolling back an update"; API Reference,
//! DeleteStack, RollbackStack and ContinueUpdateRollback.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Absent,
    /// No operation is in progress, and the stack can be updated.
    Ready,
    Busy,
    /// The stack is in review, or its creation was rolled back. It is empty and can only be deleted.
    ReviewInProgress,
    /// The stack can only be deleted, and may still contain resources.
    Broken,
    UpdateFailed,
    RollbackFailed,
    Manual,
}

impl State {
    /// Maps a status to a state; an unknown status is `Manual`.
    pub fn of(status: &str) -> Self {
        const READY: [&str; 5] = ["CREATE", "IMPORT", "IMPORT_ROLLBACK", "UPDATE", "UPDATE_ROLLBACK"];
        match status {
            "DELETE_COMPLETE" => Self::Absent,
            "REVIEW_IN_PROGRESS" | "ROLLBACK_COMPLETE" => Self::ReviewInProgress,
            "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED" => Self::Broken,
            "UPDATE_FAILED" => Self::UpdateFailed,
            "UPDATE_ROLLBACK_FAILED" => Self::RollbackFailed,
            _ if status.ends_with("_IN_PROGRESS") => Self::Busy,
            _ => match status.strip_suffix("_COMPLETE") {
                Some(operation) if READY.contains(&operation) => Self::Ready,
                _ => Self::Manual,
            },
        }
    }

    /// For a state that waiting does not resolve, returns what happened and what to do.
    pub fn remedy(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Absent | Self::Ready | Self::Busy => None,
            Self::ReviewInProgress => Some((
                "it was never created and is empty",
                "fix the cause; `cargo xtask deploy` then deletes the stack and creates it again",
            )),
            Self::Broken => Some((
                "creating or deleting it failed, and it may still contain resources",
                "run `cargo xtask recover` to delete it; add --stack NAME --retain RESOURCE to retain a resource that cannot be deleted",
            )),
            Self::UpdateFailed => {
                Some(("an update failed and was not rolled back", "run `cargo xtask recover` to roll it back"))
            }
            Self::RollbackFailed => Some((
                "an update failed, and so did its rollback",
                "fix the cause that the events show, then run `cargo xtask recover`; add --stack NAME --skip RESOURCE to skip a resource that cannot be fixed",
            )),
            Self::Manual => Some((
                "no automatic operation is safe",
                "see the stack's events in the console, and \"Troubleshooting CloudFormation\" in the AWS User Guide",
            )),
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/stack/status.rs"]
mod tests;
