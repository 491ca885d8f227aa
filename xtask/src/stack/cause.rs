//! Why an operation failed: the first real cause among a stack's events, not the cascade that it set off.

use chrono::{DateTime, Utc};

/// What CloudFormation tells of one resource, or of the stack itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its own.
    pub id: String,
    /// The resource's name in the template; the stack's own name for the stack.
    pub resource: String,
    /// `AWS::S3::Bucket`.
    pub kind: String,
    /// What AWS calls the resource, once it is there.
    pub physical: String,
    /// `CREATE_FAILED` and so on.
    pub status: String,
    /// In words, where there are any.
    pub reason: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// The type of the events of a stack as a whole.
pub const STACK: &str = "AWS::CloudFormation::Stack";

/// How reasons begin that are a consequence of another failure (seen in stacks' events; AWS CloudFormation User Guide,
/// "Troubleshooting CloudFormation", has the first two).
const CONSEQUENCES: [&str; 5] = [
    "Resource creation cancelled",
    "Resource update cancelled",
    "The following resource(s) failed to",
    "Resource deletion cancelled",
    "Operation cancelled",
];

impl Event {
    /// Whether it says that something failed.
    pub fn failed(&self) -> bool {
        self.status.ends_with("_FAILED")
    }

    fn is_consequence(&self) -> bool {
        self.reason.as_deref().is_none_or(|reason| CONSEQUENCES.iter().any(|start| reason.starts_with(start)))
    }
}

/// The first failure that no other one caused, in the order of time. Of a change whose rollback failed as well, it is the
/// rollback's: that is what has to be mended before anything else.
pub fn first_cause(events: &[Event]) -> Option<&Event> {
    first_of(failed_rollback(events).map_or(events, |begun| &events[begun..]))
}

/// Why there was a rollback at all, of one that failed.
pub fn cause_of_rollback(events: &[Event]) -> Option<&Event> {
    first_of(&events[..failed_rollback(events)?])
}

/// Where a rollback begins that failed.
fn failed_rollback(events: &[Event]) -> Option<usize> {
    let of_the_stack = |status: &'static str| move |event: &Event| event.kind == STACK && event.status == status;
    let failed = events.iter().rposition(of_the_stack("UPDATE_ROLLBACK_FAILED"))?;
    events.iter().rposition(of_the_stack("UPDATE_ROLLBACK_IN_PROGRESS")).filter(|begun| *begun < failed)
}

fn first_of(events: &[Event]) -> Option<&Event> {
    let failures = || events.iter().filter(|event| event.failed());
    let of_a_resource = || failures().filter(|event| event.kind != STACK);
    of_a_resource()
        .find(|event| !event.is_consequence())
        .or_else(|| failures().find(|event| !event.is_consequence()))
        .or_else(|| of_a_resource().next())
        .or_else(|| failures().next())
}

/// What often lies behind a reason, by what it says: for people who have not seen it before.
const EXPLANATIONS: [(&str, &str); 11] = [
    (
        "already exists",
        "something of this name is there, outside of the stack; remove it, or choose another name in the settings",
    ),
    (
        "is not authorized to perform",
        "the deploying identity lacks this permission; infra/README.md lists what it needs",
    ),
    ("Access Denied", "the deploying identity lacks a permission; infra/README.md lists what it needs"),
    ("AccessDenied", "the deploying identity lacks a permission; infra/README.md lists what it needs"),
    ("LimitExceeded", "a quota of the account is used up; Service Quotas raises it"),
    ("maximum number of", "a quota of the account is used up; Service Quotas raises it"),
    ("requires replacing", "a resource with a fixed name cannot be replaced; rename it in the settings"),
    ("Rate exceeded", "AWS throttled the calls; run the same command again"),
    ("is not empty", "what is in it goes only with `cargo xtask destroy --delete-data`"),
    ("still contains images", "what is in it goes only with `cargo xtask destroy --delete-data`"),
    ("service-linked role", "the service's own role is not there yet; the deployer needs iam:CreateServiceLinkedRole"),
];

/// Words for a reason, where it is one of the usual ones.
pub fn explained(reason: &str) -> Option<&'static str> {
    EXPLANATIONS.iter().find(|(part, _)| reason.contains(part)).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(resource: &str, status: &str, reason: Option<&str>) -> Event {
        let kind = if resource == "stack" { STACK } else { "AWS::S3::Bucket" };
        let (resource, kind, status) = (resource.to_owned(), kind.to_owned(), status.to_owned());
        Event {
            id: String::new(),
            resource,
            kind,
            physical: String::new(),
            status,
            reason: reason.map(str::to_owned),
            at: None,
        }
    }

    #[test]
    fn the_cause_is_the_first_failure_that_is_no_consequence() {
        let cancelled = event("B", "CREATE_FAILED", Some("Resource creation cancelled"));
        let real = event("A", "CREATE_FAILED", Some("x already exists"));
        let later = event("C", "CREATE_FAILED", Some("also bad"));
        let stack = event("stack", "ROLLBACK_IN_PROGRESS", Some("The following resource(s) failed to create: [A]."));
        let deleted = event("A", "DELETE_FAILED", Some("The bucket is not empty"));
        let began = event("A", "CREATE_IN_PROGRESS", None);
        // CloudFormation cancels the others before it says why.
        let events = [began.clone(), cancelled.clone(), real.clone(), later, stack, deleted];
        assert_eq!(first_cause(&events), Some(&real));
        assert_eq!(first_cause(&[began, cancelled.clone()]), Some(&cancelled), "rather a consequence than nothing");
        assert_eq!(first_cause(&[]), None);
    }

    #[test]
    fn of_a_rollback_that_failed_its_own_cause_is_told() {
        let change = event("A", "UPDATE_FAILED", Some("bad value"));
        let begins =
            event("stack", "UPDATE_ROLLBACK_IN_PROGRESS", Some("The following resource(s) failed to update: [A]."));
        let back = event("B", "UPDATE_FAILED", Some("B was deleted by hand"));
        let fails = event("stack", "UPDATE_ROLLBACK_FAILED", Some("The following resource(s) failed to update: [B]."));
        let events = [change.clone(), begins.clone(), back.clone(), fails];
        assert_eq!(first_cause(&events), Some(&back));
        let ended = event("stack", "UPDATE_ROLLBACK_COMPLETE", None);
        assert_eq!(first_cause(&[change.clone(), begins, ended]), Some(&change));
    }

    #[test]
    fn a_stack_that_fails_without_a_resource_tells_its_own_reason() {
        let stack = event("stack", "CREATE_FAILED", Some("Parameter x is invalid"));
        assert_eq!(first_cause(std::slice::from_ref(&stack)), Some(&stack));
    }

    #[test]
    fn usual_reasons_are_explained() {
        assert!(explained("dpstack-dlake already exists").is_some_and(|words| words.contains("another name")));
        assert!(
            explained("User: arn is not authorized to perform: s3:CreateBucket")
                .is_some_and(|words| words.contains("README"))
        );
        let full = "The repository with name 'x' cannot be deleted because it still contains images";
        assert!(explained(full).is_some_and(|words| words.contains("--delete-data")));
        assert_eq!(explained("something else"), None);
    }
}
