//! What a stack's status means, and which operations it allows: the only place that
//! decides, so that no command sends a call that CloudFormation must refuse.
//!
//! | status | `deploy` | `destroy` | `recover` |
//! |---|---|---|---|
//! | does not exist, DELETE_COMPLETE | creates | – | – |
//! | …_COMPLETE, except those below | updates | deletes | – |
//! | …_IN_PROGRESS | waits, then continues | the same | the same |
//! | REVIEW_IN_PROGRESS, ROLLBACK_COMPLETE | deletes, creates | deletes | deletes |
//! | CREATE_FAILED, ROLLBACK_FAILED, DELETE_FAILED | refuses: `recover` | deletes | deletes, except `--retain` |
//! | UPDATE_FAILED | refuses: `recover` | deletes | rolls back |
//! | UPDATE_ROLLBACK_FAILED | refuses: `recover` | deletes | continues the rollback, except `--skip` |
//! | IMPORT_ROLLBACK_FAILED | refuses, by hand | deletes | refuses, by hand |
//!
//! Source: AWS CloudFormation User Guide, "Stack status codes" and "Continue rolling back an update"; API Reference of
//! DeleteStack, RollbackStack and ContinueUpdateRollback.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Absent,
    /// No operation is in progress; it can be updated.
    Ready,
    Busy,
    /// It was never created: under review or rolled back. It is empty and can only be deleted.
    ReviewInProgress,
    /// It can only be deleted, and may contain resources.
    Broken,
    UpdateFailed,
    RollbackFailed,
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    Nothing,
    Delete,
    /// Roll a failed update back (RollbackStack).
    RollBack,
    /// Continue a failed rollback (ContinueUpdateRollback).
    ContinueRollback,
    /// Send nothing, and report why.
    Refuse,
}

impl State {
    /// The meaning of a status; an unknown one needs an administrator.
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

    /// What `recover` does once no operation is in progress.
    pub fn recovery(self) -> Recovery {
        match self {
            Self::Absent | Self::Ready | Self::Busy => Recovery::Nothing,
            Self::ReviewInProgress | Self::Broken => Recovery::Delete,
            Self::UpdateFailed => Recovery::RollBack,
            Self::RollbackFailed => Recovery::ContinueRollback,
            Self::Manual => Recovery::Refuse,
        }
    }

    /// For a state that needs more than waiting: what happened, and what to do.
    pub fn remedy(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Absent | Self::Ready | Self::Busy => None,
            Self::ReviewInProgress => Some((
                "it was never created and is empty",
                "fix the cause; `cargo xtask deploy` then deletes the stack and creates it again",
            )),
            Self::Broken => Some((
                "creating or deleting it failed, and it may still contain resources",
                "`cargo xtask recover` deletes it; --stack NAME --retain RESOURCE retains a resource that cannot be deleted",
            )),
            Self::UpdateFailed => {
                Some(("an update failed and was not rolled back", "`cargo xtask recover` rolls it back"))
            }
            Self::RollbackFailed => Some((
                "an update failed, and so did its rollback",
                "fix what the events name, then `cargo xtask recover`; --stack NAME --skip RESOURCE skips a resource that cannot be fixed",
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
