//! The settings module that a stack belongs to, which is its tag `module`. Two modules may give their stacks the same names;
//! the tag keeps the commands of one off the stacks of the other.
//!
//! CloudFormation passes a stack's tags on to its resources (API Reference, CreateChangeSet, Tags). A new stack has the tag
//! from the start. A stack of an earlier version gets it by its next deployment, unless one of its resources would be
//! replaced for it: Batch cannot change the tags of a compute environment. That stack stays without; the others of the
//! deployment have the tag, and one that does is enough to refuse.

use super::deployed::Deployed;
use super::resolve::Resolved;
use super::types::{Replaces, ResourceType};
use crate::failure::Failure;

/// The tag's name; its value is the module.
pub const TAG: &str = "module";

/// Checks that none of these stacks belongs to another module. One without the tag may be anyone's.
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

/// Whether every resource takes a new tag where it is.
pub fn takes_tags(resources: &Resolved) -> bool {
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
    fn a_compute_environment_takes_no_new_tags_and_a_bucket_does() {
        let of = |kind: &str| {
            let resources = BTreeMap::from([("One".to_owned(), json!({"Type": kind, "Properties": {}}))]);
            takes_tags(&Resolved { resources, ..Resolved::default() })
        };
        assert!(of("AWS::S3::Bucket") && of("AWS::IAM::Role") && of("AWS::Batch::JobQueue"));
        assert!(!of("AWS::Batch::ComputeEnvironment") && !of("AWS::Unknown::Type"));
    }
}
