//! What all operations on a stack share: their progress, waiting for an earlier operation, and the cause of a failure.

use std::fmt;

use anyhow::Result;

use crate::edge::cloudformation::{ChangeSet, CloudFormation};
use crate::failure::Failure;
use crate::plan::StackPlan;
use crate::stack::{Deployed, Event, STACK, State, cause_of_rollback, explained, first_cause, unplanned};
use crate::sync::sha256;

/// A change set that replaces or removes more than the plan shows, and was not approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The stack's name with the prefix.
    pub stack: String,
    /// What the plan does not show.
    pub changes: Vec<String>,
    /// The SHA-256 of everything that the change set would do.
    pub digest: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloudFormation would {} in `{}`, which the plan does not show", self.changes.join(", "), self.stack)
    }
}

impl std::error::Error for Difference {}

impl Difference {
    pub(super) fn of(plan: &StackPlan, set: &ChangeSet) -> Option<Self> {
        let changes = unplanned(&plan.changes, &set.changes);
        // Plain values always serialise.
        let content = serde_json::to_vec(&(&plan.name, &set.changes)).unwrap_or_default();
        (!changes.is_empty()).then(|| Self { stack: plan.name.clone(), changes, digest: sha256(&content) })
    }
}

/// Receives the progress of a stack operation.
pub trait Listener: Send {
    /// CloudFormation starts or continues an operation.
    fn starts(&mut self, operation: &str);
    /// CloudFormation reports an event of a resource.
    fn event(&mut self, event: &Event);
    /// Whether a change set that does more than the plan shows may be executed.
    fn approves(&mut self, _difference: &Difference) -> bool {
        false
    }
}

/// Waits until no operation is in progress; returns the stack in its new state.
pub async fn wait_until_idle(
    cloudformation: &CloudFormation,
    mut found: Option<Deployed>,
    listener: &mut dyn Listener,
) -> Result<Option<Deployed>> {
    while let Some(stack) = found.take_if(|stack| stack.state() == State::Busy) {
        listener.starts(&format!("{}, started earlier", stack.status));
        let seen = cloudformation.newest_event(&stack.id).await?;
        found = cloudformation.watch(&stack.id, seen, &mut |event| listener.event(event)).await?;
    }
    Ok(found)
}

/// Why an operation on a stack failed: the first cause, its explanation, the console's address, and the next step.
pub(super) async fn failed(cloudformation: &CloudFormation, stack: &Deployed, region: &str) -> anyhow::Error {
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
    let next: Vec<&str> = explained(&reason).into_iter().chain([next]).collect();
    let failure = Failure::new(format!("the stack `{}` is {}", stack.name, stack.status));
    let hint = format!("{}\n      {}", next.join("; "), console(&stack.id, region));
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
