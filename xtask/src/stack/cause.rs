//! The cause of a failed operation: the first real failure among a stack's events, not its consequences.

use chrono::{DateTime, Utc};

/// An event of a resource, or of the stack itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    /// The resource's name in the template; the stack's own name for the stack.
    pub resource: String,
    /// `AWS::S3::Bucket`.
    pub kind: String,
    /// The resource's physical id, once it exists.
    pub physical: String,
    pub status: String,
    pub reason: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

/// The type of the events of a stack as a whole.
pub const STACK: &str = "AWS::CloudFormation::Stack";

/// Prefixes of reasons that are consequences of another failure (seen in stacks' events; AWS CloudFormation User Guide,
/// "Troubleshooting CloudFormation", lists the first two).
const CONSEQUENCES: [&str; 5] = [
    "Resource creation cancelled",
    "Resource update cancelled",
    "The following resource(s) failed to",
    "Resource deletion cancelled",
    "Operation cancelled",
];

impl Event {
    pub fn failed(&self) -> bool {
        self.status.ends_with("_FAILED")
    }

    fn is_consequence(&self) -> bool {
        self.reason.as_deref().is_none_or(|reason| CONSEQUENCES.iter().any(|start| reason.starts_with(start)))
    }
}

/// The first failure that is not a consequence of another. After a failed rollback it is the rollback's failure, which
/// has to be fixed first.
pub fn first_cause(events: &[Event]) -> Option<&Event> {
    first_of(failed_rollback(events).map_or(events, |start| &events[start..]))
}

/// What caused a rollback that then failed.
pub fn cause_of_rollback(events: &[Event]) -> Option<&Event> {
    first_of(&events[..failed_rollback(events)?])
}

/// The index where a failed rollback starts.
fn failed_rollback(events: &[Event]) -> Option<usize> {
    let of_the_stack = |status: &'static str| move |event: &Event| event.kind == STACK && event.status == status;
    let failed = events.iter().rposition(of_the_stack("UPDATE_ROLLBACK_FAILED"))?;
    events.iter().rposition(of_the_stack("UPDATE_ROLLBACK_IN_PROGRESS")).filter(|start| *start < failed)
}

/// The first failure that is not a consequence, of a resource rather than of the stack, if there is one.
fn first_of(events: &[Event]) -> Option<&Event> {
    let failures = events.iter().filter(|event| event.failed());
    failures.min_by_key(|event| (event.is_consequence(), event.kind == STACK))
}

const PERMISSION: &str = "the deploying identity lacks a permission; infra/README.md lists what it needs";
const QUOTA: &str = "a quota of the account is exhausted; request an increase in Service Quotas";
const CONTENT: &str = "only `cargo xtask destroy --delete-data` deletes its content";

/// Explanations of common reasons, by a part of their text.
const EXPLANATIONS: [(&str, &str); 11] = [
    ("already exists", "a resource of this name exists outside of the stack; delete it, or choose another name"),
    ("is not authorized to perform", PERMISSION),
    ("Access Denied", PERMISSION),
    ("AccessDenied", PERMISSION),
    ("LimitExceeded", QUOTA),
    ("maximum number of", QUOTA),
    ("requires replacing", "a resource with a fixed name cannot be replaced; rename it in the settings"),
    ("Rate exceeded", "AWS throttled the calls; run the same command again"),
    ("is not empty", CONTENT),
    ("still contains images", CONTENT),
    ("service-linked role", "the deploying identity needs iam:CreateServiceLinkedRole"),
];

/// The explanation of a reason, if it is a common one.
pub fn explained(reason: &str) -> Option<&'static str> {
    EXPLANATIONS.iter().find(|(part, _)| reason.contains(part)).map(|(_, explanation)| *explanation)
}

#[cfg(test)]
#[path = "../../tests/unit/stack/cause.rs"]
mod tests;
