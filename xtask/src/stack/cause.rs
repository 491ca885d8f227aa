//! The cause of a failed operation: the first real failure among a stack's events, not its consequences.

/// A stack event for a resource or for the stack itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    /// Logical ID of the resource, or the stack name if the event is for the stack itself.
    pub resource: String,
    /// Resource type, such as `AWS::S3::Bucket`.
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
}

/// The resource type in events for the stack itself.
pub const STACK: &str = "AWS::CloudFormation::Stack";

/// Prefixes of status reasons that follow from another failure (observed in stack events; AWS CloudFormation User
/// Guide, "Troubleshooting CloudFormation", lists the first two).
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

/// Returns the first failure that is not a consequence of another. After a failed rollback, this is the rollback's
/// failure, which must be fixed first.
pub fn first_cause(events: &[Event]) -> Option<&Event> {
    first_of(failed_rollback(events).map_or(events, |start| &events[start..]))
}

/// Returns the failure that caused a rollback which then failed itself.
pub fn cause_of_rollback(events: &[Event]) -> Option<&Event> {
    first_of(&events[..failed_rollback(events)?])
}

/// Returns the index at which a failed rollback starts.
fn failed_rollback(events: &[Event]) -> Option<usize> {
    let of_the_stack = |status: &'static str| move |event: &Event| event.kind == STACK && event.status == status;
    let failed = events.iter().rposition(of_the_stack("UPDATE_ROLLBACK_FAILED"))?;
    events.iter().rposition(of_the_stack("UPDATE_ROLLBACK_IN_PROGRESS")).filter(|start| *start < failed)
}

/// Returns the first failure that is not a consequence of another, preferring resource events to stack events.
fn first_of(events: &[Event]) -> Option<&Event> {
    let failures = events.iter().filter(|event| event.failed());
    failures.min_by_key(|event| (event.is_consequence(), event.kind == STACK))
}

const PERMISSION: &str = "the deploying identity lacks a permission; infra/README.md lists the required ones";
const QUOTA: &str = "an account quota is exhausted; request an increase in Service Quotas";
const CONTENT: &str = "only `cargo xtask destroy --delete-data` deletes the contents";

/// Explanations of common status reasons, each with a substring that identifies the reason.
const EXPLANATIONS: [(&str, &str); 11] = [
    ("already exists", "a resource with this name exists outside the stack; delete it or choose a different name"),
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

/// Returns the explanation of a status reason, if it is a common one.
pub fn explained(reason: &str) -> Option<&'static str> {
    EXPLANATIONS.iter().find(|(part, _)| reason.contains(part)).map(|(_, explanation)| *explanation)
}

#[cfg(test)]
#[path = "../../tests/unit/stack/cause.rs"]
mod tests;
