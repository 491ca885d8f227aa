//! The settings module that owns a stack: its tag `module`. Two modules may use the same stack names; the tag
//! prevents that one changes the stacks of the other.
//!
//! CloudFormation propagates a stack's tags to its resources (API Reference, CreateChangeSet, Tags). New stacks have the tag
//! from the start. A stack of an earlier version gets it with its next deployment, unless that would replace a resource: Batch
//! cannot change the tags of a compute environment. One tagged stack of a deployment is enough to refuse.

use super::deployed::Deployed;
use super::resolve::Resolved;
use super::types::{Replaces, ResourceType};
use crate::failure::Failure;

/// The tag's name; its value is the module.
pub const TAG: &str = "module";

/// Checks that none of these stacks belongs to another module. A stack without the tag is accepted.
///
/// # Errors
/// With the first stack that does.
pub fn owned<'s>(module: &str, stacks: impl IntoIterator<Item = &'s Deployed>) -> Result<(), Failure> {
    let other = stacks.into_iter().find_map(|stack| {
        let owner = stack.tags.get(TAG).filter(|owner| *owner != module)?;
        Some((&stack.name, owner))
    });
    let Some((name, owner)) = other else { return Ok(()) };
    let failure = Failure::new(format!("the stack `{name}` belongs to the settings `{owner}`, not to `{module}`"));
    Err(failure.hint(format!(
        "choose the settings with --env {owner}, or deploy `{module}` into its own account, or with its own \
         `project` and `stack_prefix`"
    )))
}

/// Whether every resource can be tagged in place.
pub fn accepts_tags(resources: &Resolved) -> bool {
    resources.resources.values().all(|body| {
        let kind = ResourceType::of(body["Type"].as_str().unwrap_or_default());
        kind.is_some_and(|kind| kind.replaces("Tags", &body["Properties"]) == Replaces::No)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn new_tags_replace_a_compute_environment_and_no_bucket() {
        let of = |kind: &str| {
            let resources = BTreeMap::from([("One".to_owned(), json!({"Type": kind, "Properties": {}}))]);
            accepts_tags(&Resolved { resources, ..Resolved::default() })
        };
        assert!(of("AWS::S3::Bucket") && of("AWS::IAM::Role") && of("AWS::Batch::JobQueue"));
        assert!(!of("AWS::Batch::ComputeEnvironment") && !of("AWS::Unknown::Type"));
    }
}
