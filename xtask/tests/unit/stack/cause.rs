//! Tests which event is the first cause.

use super::*;

fn event(resource: &str, status: &str, reason: Option<&str>) -> Event {
    let kind = if resource == "stack" { STACK } else { "AWS::S3::Bucket" };
    let (resource, kind, status) = (resource.to_owned(), kind.to_owned(), status.to_owned());
    Event { id: String::new(), resource, kind, status, reason: reason.map(str::to_owned) }
}

#[test]
fn the_cause_is_the_first_failure_that_is_not_a_consequence() {
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
fn a_failed_rollback_has_its_own_cause() {
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
fn a_stack_that_fails_without_a_resource_has_its_own_reason() {
    let stack = event("stack", "CREATE_FAILED", Some("Parameter x is invalid"));
    assert_eq!(first_cause(std::slice::from_ref(&stack)), Some(&stack));
}

#[test]
fn usual_reasons_are_explained() {
    assert!(explained("dpstack-dlake already exists").is_some_and(|text| text.contains("a different name")));
    assert!(
        explained("User: arn is not authorized to perform: s3:CreateBucket")
            .is_some_and(|text| text.contains("README"))
    );
    let full = "The repository with name 'x' cannot be deleted because it still contains images";
    assert!(explained(full).is_some_and(|text| text.contains("--delete-data")));
    assert_eq!(explained("something else"), None);
}
