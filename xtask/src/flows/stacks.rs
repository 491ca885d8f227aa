//! Operations on one stack: describe, create, update, watch, delete, recover. `flows::deploy` runs several in parallel.

mod apply;
mod delete;
mod operation;

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::future::try_join_all;
use futures_util::try_join;

pub use operation::{Difference, Listener, Operations, Progress, Report, StackReporter};

use crate::edge::aws::Aws;
use crate::edge::cloudformation::CloudFormation;
use crate::settings::{Settings, Variables};
use crate::stack::{Deployed, STORAGE, State, owned};

/// Describes the existing stacks of a settings module in parallel, with their templates and open change sets, and
/// returns them by name without the prefix. Fails if one of them belongs to a different module.
pub async fn describe(
    cloudformation: &CloudFormation,
    (module, prefix): (&str, &str),
    stacks: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, Deployed>> {
    let one = |stack: &String| {
        let (stack, name) = (stack.clone(), format!("{prefix}-{stack}"));
        async move {
            let Some(mut found) = cloudformation.stack(&name).await? else { return Ok(None) };
            // A stack in review has neither. The ARN works even during deletion (API Reference, GetTemplate).
            if found.state() != State::ReviewInProgress {
                let more = try_join!(cloudformation.template(&found.id), cloudformation.change_sets(&found.id))?;
                (found.template, found.change_sets) = more;
            }
            anyhow::Ok(Some((stack, found)))
        }
    };
    let found: BTreeMap<String, Deployed> = try_join_all(stacks.map(one)).await?.into_iter().flatten().collect();
    owned(module, found.values())?;
    Ok(found)
}

/// Checks that the storage stack does not belong to a different module, for commands that use its buckets without
/// describing the stacks. Passes if the caller has no permission to describe stacks.
pub fn check_owner(module: &str, settings: &Settings, variables: &Variables) -> Result<()> {
    let aws = Aws::for_settings(settings, variables)?;
    let name = format!("{}-{STORAGE}", settings.stack_prefix);
    let found = aws.wait(CloudFormation::new(&aws.config).stack(&name));
    Ok(owned(module, found.ok().flatten().as_ref())?)
}
