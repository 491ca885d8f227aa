//! An existing stack as CloudFormation describes it, and the settings module that owns it, recorded in the stack's
//! `module` tag. Two modules may use the same stack names; the tag prevents one from changing the other's stacks.
//!
//! CloudFormation propagates a stack's tags to its resources (API Reference, CreateChangeSet, Tags). New stacks have
//! the tag from the start. A stack created by an earlier version is tagged at its next deployment, unless the tag would
//! replace a resource: Batch cannot change the tags of a compute environment. A single stack tagged by a different
//! module is enough to stop a deployment.

use std::collections::BTreeMap;

use super::status::State;
use crate::failure::Failure;

/// The tag key; the value is the module name.
pub const TAG: &str = "module";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// Stack name with the prefix.
    pub name: String,
    /// Stack ARN; a later stack with the same name has a different one.
    pub id: String,
    pub status: String,
    pub reason: Option<String>,
    pub parameters: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub protected: bool,
    /// The template of the last creation or update; empty while the stack is in review.
    pub template: String,
    /// Names of change sets that were never executed.
    pub change_sets: Vec<String>,
}

impl Deployed {
    pub fn state(&self) -> State {
        State::of(&self.status)
    }
}

/// Checks that none of these stacks belongs to a different module. A stack without the tag is accepted.
pub fn owned<'s>(module: &str, stacks: impl IntoIterator<Item = &'s Deployed>) -> Result<(), Failure> {
    let other = stacks.into_iter().find_map(|stack| {
        let owner = stack.tags.get(TAG).filter(|owner| *owner != module)?;
        Some((&stack.name, owner))
    });
    let Some((name, owner)) = other else { return Ok(()) };
    let failure =
        Failure::new(format!("the stack `{name}` belongs to the settings module `{owner}`, not to `{module}`"));
    Err(failure.hint(format!(
        "choose the settings with --env {owner}, or deploy `{module}` to a separate account, or with a different \
         `project` and `stack_prefix`"
    )))
}
