//! Shared by the stack operations: progress, waiting for an earlier operation, and the cause of a failure.

use std::sync::mpsc::Sender;

use anyhow::Result;
use thiserror::Error;

use crate::digest::sha256;
use crate::edge::cloudformation::{ChangeSet, CloudFormation};
use crate::failure::Failure;
use crate::plan::{StackPlan, Task};
use crate::stack::{Deployed, Event, STACK, State, cause_of_rollback, explained, first_cause, unplanned};

/// A change set that replaces or removes more than the plan shows, and was not approved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("CloudFormation would {} in `{stack}`, which the plan does not show", .changes.join(", "))]
pub struct Difference {
    pub stack: String,
    pub changes: Vec<String>,
    /// The SHA-256 of everything that the change set would do.
    pub digest: String,
}

impl Difference {
    pub(super) fn of(plan: &StackPlan, set: &ChangeSet) -> Option<Self> {
        let changes = unplanned(&plan.changes, &set.changes);
        // These plain values can always be serialised.
        let content = serde_json::to_vec(&(&plan.name, &set.changes)).unwrap_or_default();
        (!changes.is_empty()).then(|| Self { stack: plan.name.clone(), changes, digest: sha256(&content) })
    }
}

pub trait Listener: Send {
    /// CloudFormation starts or continues an operation.
    fn starts(&mut self, _operation: &str) {}
    fn event(&mut self, event: &Event);
    /// Whether a change set that does more than the plan shows may be executed.
    fn approves(&mut self, _difference: &Difference) -> bool {
        false
    }
}

#[derive(Debug)]
pub enum Progress {
    Step(Task, String),
    Update(Task, String),
    Event(Task, Event),
    Line(Task, String),
    /// Asks for approval of a change that the plan does not show. Without an answer, the change is rejected.
    Ask(Difference, Sender<bool>),
    /// A task finished, or failed with this error.
    Finished(Task, Option<String>),
}

/// Receives the progress of an operation.
pub type Report<'t> = dyn FnMut(Progress) + Send + 't;

pub struct StackReporter<'a, 't> {
    pub task: Task,
    pub report: &'a mut Report<'t>,
}

impl Listener for StackReporter<'_, '_> {
    fn starts(&mut self, operation: &str) {
        (self.report)(Progress::Step(self.task.clone(), operation.to_owned()));
    }

    fn event(&mut self, event: &Event) {
        (self.report)(Progress::Event(self.task.clone(), event.clone()));
    }
}

/// Operations on the stacks in a region.
pub struct Operations<'a> {
    pub cloudformation: &'a CloudFormation,
    pub region: &'a str,
    pub listener: &'a mut dyn Listener,
}

impl Operations<'_> {
    /// Sends a request that starts an operation, and waits until the stack is idle; `None` if it no longer exists.
    pub(super) async fn run(
        &mut self,
        stack: &str,
        request: impl Future<Output = Result<()>>,
    ) -> Result<Option<Deployed>> {
        let seen = self.cloudformation.newest_event(stack).await?;
        request.await?;
        self.cloudformation.watch(stack, seen, &mut |event| self.listener.event(event)).await
    }

    /// Waits until no operation is in progress; returns the stack in its new state.
    pub async fn wait_until_idle(&mut self, mut found: Option<Deployed>) -> Result<Option<Deployed>> {
        while let Some(stack) = found.take_if(|stack| stack.state() == State::Busy) {
            self.listener.starts(&format!("{}, started earlier", stack.status));
            found = self.run(&stack.id, async { Ok(()) }).await?;
        }
        Ok(found)
    }

    /// Returns the stack, once no operation on it is in progress.
    pub(super) async fn idle(&mut self, name: &str) -> Result<Option<Deployed>> {
        let found = self.cloudformation.stack(name).await?;
        self.wait_until_idle(found).await
    }

    /// Explains a failed operation: the first cause, its explanation, the console URL, and the next step.
    pub(super) async fn failed(&self, stack: &Deployed) -> anyhow::Error {
        let events = self.cloudformation.last_operation(&stack.id).await.unwrap_or_default();
        // Only DescribeEvents returns the findings of the validation before an operation.
        let checked = match first_cause(&events).filter(|cause| cause.kind == STACK) {
            Some(_) => self.cloudformation.operation_problems(&stack.id).await.unwrap_or_default(),
            None => Vec::new(),
        };
        failure(stack, &events, &checked, self.region)
    }
}

fn failure(stack: &Deployed, events: &[Event], checked: &[String], region: &str) -> anyhow::Error {
    let cause = first_cause(events);
    let reason = cause.and_then(|cause| cause.reason.clone()).or_else(|| stack.reason.clone()).unwrap_or_default();
    let reason = if checked.is_empty() { reason } else { checked.join("; ") };
    let line =
        |event: &Event, reason: &str| format!("`{}` ({}) {}: {reason}", event.resource, event.kind, event.status);
    let because =
        cause.filter(|cause| cause.kind != STACK).map_or_else(|| reason.clone(), |cause| line(cause, &reason));
    let before = cause_of_rollback(events).map(|event| line(event, event.reason.as_deref().unwrap_or_default()));
    let next = stack.state().remedy().map_or("fix the cause, then run the same command again", |(_, next)| next);
    let next: Vec<&str> = explained(&reason).into_iter().chain([next]).collect();
    let failure = Failure::new(format!("the stack `{}` is {}", stack.name, stack.status));
    let hint = format!("{}\n      {}", next.join("; "), console(&stack.id, region));
    let cause = match before {
        Some(before) => anyhow::anyhow!("the rollback was caused by {before}").context(because),
        None => anyhow::anyhow!(because),
    };
    cause.context(failure.hint(hint))
}

fn console(id: &str, region: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("https://{region}.console.aws.amazon.com/cloudformation/home?region={region}#/stacks/events?stackId={id}")
}
