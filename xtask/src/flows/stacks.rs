//! One stack at a time: described, created, updated, watched, deleted and recovered. What runs in parallel is decided above.

mod apply;
mod delete;

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::future::try_join_all;
use futures_util::try_join;

pub use apply::{CHANGE_SETS, Difference, apply, settle, update};
pub use delete::{delete, recover};

use crate::edge::aws::Aws;
use crate::edge::cloudformation::CloudFormation;
use crate::failure::Failure;
use crate::settings::{Settings, Variables};
use crate::stack::{Deployed, Event, STACK, STORAGE, State, cause_of_rollback, explained, first_cause, owned};

/// Receives the progress of a stack operation.
pub trait Listener: Send {
    /// CloudFormation starts or continues an operation.
    fn starts(&mut self, words: &str);
    /// Something happened to a resource.
    fn event(&mut self, event: &Event);
    /// Whether a change set that does more than the plan shows may be executed.
    fn approves(&mut self, _difference: &Difference) -> bool {
        false
    }
}

/// Describes the stacks of a settings module by their names without prefix, in parallel: those that exist, with template and
/// open change sets.
///
/// # Errors
/// Also when one of them belongs to another module.
pub async fn describe(
    cloudformation: &CloudFormation,
    (module, prefix): (&str, &str),
    stacks: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, Deployed>> {
    let one = |stack: &String| {
        let (stack, name) = (stack.clone(), format!("{prefix}-{stack}"));
        async move {
            let Some(mut found) = cloudformation.stack(&name).await? else { return Ok(None) };
            // A stack under review has neither. The ARN also works while a stack is being deleted (API Reference, GetTemplate).
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

/// Checks that the storage stack does not belong to another module, for commands that use its buckets without describing the
/// stacks. A caller without permission to describe stacks passes.
///
/// # Errors
/// When it does.
pub fn check_owner(module: &str, settings: &Settings, variables: &Variables) -> Result<()> {
    let aws = Aws::of(settings, variables)?;
    let name = format!("{}-{STORAGE}", settings.stack_prefix);
    let found = aws.wait(CloudFormation::new(&aws.config).stack(&name));
    Ok(owned(module, found.ok().flatten().as_ref())?)
}

/// Why an operation on a stack failed: the first cause, its explanation, the console's address, and the next step.
async fn failed(cloudformation: &CloudFormation, stack: &Deployed, region: &str) -> anyhow::Error {
    let events = cloudformation.last_operation(&stack.id).await.unwrap_or_default();
    let cause = first_cause(&events);
    let reason = cause.and_then(|cause| cause.reason.clone()).or_else(|| stack.reason.clone()).unwrap_or_default();
    // Only DescribeEvents has the findings of the checks before an operation.
    let checked = match cause.filter(|cause| cause.kind == STACK) {
        Some(_) => cloudformation.operation_problems(&stack.id).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let reason = if checked.is_empty() { reason } else { checked.join("; ") };
    let line =
        |event: &Event, reason: &str| format!("`{}` ({}) {}: {reason}", event.resource, event.kind, event.status);
    let because =
        cause.filter(|cause| cause.kind != STACK).map_or_else(|| reason.clone(), |cause| line(cause, &reason));
    let before = cause_of_rollback(&events).map(|event| line(event, event.reason.as_deref().unwrap_or_default()));
    let next = stack.state().remedy().map_or("fix the cause, then run the same command again", |(_, next)| next);
    let words: Vec<&str> = explained(&reason).into_iter().chain([next]).collect();
    let failure = Failure::new(format!("the stack `{}` is {}", stack.name, stack.status));
    let hint = format!("{}\n      {}", words.join("; "), console(&stack.id, region));
    let cause = match before {
        Some(before) => anyhow::anyhow!("it was rolled back because of {before}").context(because),
        None => anyhow::anyhow!(because),
    };
    cause.context(failure.hint(hint))
}

/// The address of a stack's events in the console.
fn console(id: &str, region: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("https://{region}.console.aws.amazon.com/cloudformation/home?region={region}#/stacks/events?stackId={id}")
}
