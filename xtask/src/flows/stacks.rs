//! Stacks: looked at, made, changed, watched, deleted and recovered, one at a time; what goes side by side is decided above.

mod apply;
mod end;

use std::collections::BTreeMap;

use anyhow::Result;
use futures_util::future::try_join_all;
use futures_util::try_join;

pub use apply::{CHANGE_SETS, apply, change_alone, settle};
pub use end::{delete, recover};

use crate::edge::aws::Aws;
use crate::edge::cloudformation::CloudFormation;
use crate::failure::Failure;
use crate::settings::{Settings, Variables};
use crate::stack::{Deployed, Event, STACK, STORAGE, State, cause_of_rollback, explained, first_cause, owned};

/// Who hears how it goes.
pub trait Listener: Send {
    /// CloudFormation begins with a stack, or goes on with it.
    fn begins(&mut self, words: &str);
    /// Something happened to a resource.
    fn event(&mut self, event: &Event);
}

/// Inspects the stacks of a settings module by their names without prefix, all at the same time: those that exist, with
/// template and open change sets.
///
/// # Errors
/// Also when one of them belongs to another module.
pub async fn look(
    cloudformation: &CloudFormation,
    (module, prefix): (&str, &str),
    stacks: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, Deployed>> {
    let one = |stack: &String| {
        let (stack, name) = (stack.clone(), format!("{prefix}-{stack}"));
        async move {
            let Some(mut there) = cloudformation.stack(&name).await? else { return Ok(None) };
            // One that was never made has neither, or none that counts. By its ARN a stack can also be asked about while it
            // goes: then its name is nobody's (API Reference, GetTemplate).
            if there.state() != State::Stillborn {
                let more = try_join!(cloudformation.template(&there.id), cloudformation.change_sets(&there.id))?;
                (there.template, there.change_sets) = more;
            }
            anyhow::Ok(Some((stack, there)))
        }
    };
    let found: BTreeMap<String, Deployed> = try_join_all(stacks.map(one)).await?.into_iter().flatten().collect();
    owned(module, found.values())?;
    Ok(found)
}

/// Checks that the stack with the buckets does not belong to another module, for commands that use what stacks hold and do
/// not read them. A caller that may not read stacks passes.
///
/// # Errors
/// When it does.
pub fn check_owner(module: &str, settings: &Settings, variables: &Variables) -> Result<()> {
    let aws = Aws::of(settings, variables)?;
    let name = format!("{}-{STORAGE}", settings.stack_prefix);
    let found = aws.wait(CloudFormation::new(&aws.config).stack(&name));
    Ok(owned(module, found.ok().flatten().as_ref())?)
}

/// Why a stack is not as it should be after an operation: the first cause, in words, where to look, and what may be done.
async fn failed(cloudformation: &CloudFormation, stack: &Deployed, region: &str) -> anyhow::Error {
    let events = cloudformation.last_operation(&stack.id).await.unwrap_or_default();
    let cause = first_cause(&events);
    let reason = cause.and_then(|cause| cause.reason.clone()).or_else(|| stack.reason.clone()).unwrap_or_default();
    // The checks before an operation tell what they found nowhere else; the stack's own event says no more than where.
    let checked = match cause.filter(|cause| cause.kind == STACK) {
        Some(_) => cloudformation.operation_problems(&stack.id).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let reason = if checked.is_empty() { reason } else { checked.join("; ") };
    let told =
        |event: &Event, reason: &str| format!("`{}` ({}) {}: {reason}", event.resource, event.kind, event.status);
    let because =
        cause.filter(|cause| cause.kind != STACK).map_or_else(|| reason.clone(), |cause| told(cause, &reason));
    let before = cause_of_rollback(&events).map(|event| told(event, event.reason.as_deref().unwrap_or_default()));
    let next =
        stack.state().remedy().map(|(_, next)| next).unwrap_or("mend the cause, then run the same command again");
    let words: Vec<&str> = explained(&reason).into_iter().chain([next]).collect();
    let failure = Failure::new(format!("the stack `{}` is {}", stack.name, stack.status));
    let hint = format!("{}\n      {}", words.join("; "), console(&stack.id, region));
    let cause = match before {
        Some(before) => anyhow::anyhow!("it was rolled back because of {before}").context(because),
        None => anyhow::anyhow!(because),
    };
    cause.context(failure.hint(hint))
}

/// Where a person sees a stack's events.
fn console(id: &str, region: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("https://{region}.console.aws.amazon.com/cloudformation/home?region={region}#/stacks/events?stackId={id}")
}
