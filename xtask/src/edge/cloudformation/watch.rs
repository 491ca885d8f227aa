//! Waits for stack operations and change sets.

use std::time::Duration;

use anyhow::Result;
use contract::Exit;

use super::{ChangeSet, CloudFormation};
use crate::failure::exit_of;
use crate::stack::{Deployed, Event, STACK, State};

/// The first delay between polls; each delay is 1.5 times the previous one, up to the maximum. DescribeStacks and
/// DescribeStackEvents are throttled per account, and an operation on an MWAA environment takes about half an hour.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);
/// Maximum number of consecutive polls with a temporary failure. They take about three minutes.
const PATIENCE: u32 = 30;
/// Maximum number of polls for the last events of a finished operation, which appear shortly after its final status.
const LATE: u32 = 5;
/// Maximum number of polls for the first event of an operation, about 20 seconds. Until that event, the status can be
/// the previous one: AWS does not document that DescribeStacks shows a new operation immediately.
const UNSTARTED: u32 = 10;

impl CloudFormation {
    /// Waits until no operation is in progress on the stack with this ARN. `seen` is the newest event before the
    /// operation; `report` receives each later event exactly once. Returns `None` if the stack no longer exists.
    pub async fn watch(
        &self,
        id: &str,
        seen: Option<String>,
        report: &mut (dyn FnMut(&Event) + Send),
    ) -> Result<Option<Deployed>> {
        let (mut seen, mut pause, mut failures, mut late) = (seen, SHORTEST, 0, 0);
        // The status in the stack's own last event.
        let mut reported: Option<String> = None;
        loop {
            // The status is read first, so the events that led to it are already listed or appear soon.
            let poll = async { anyhow::Ok((self.stack(id).await?, self.events(id, seen.as_deref()).await?)) };
            match poll.await {
                Ok((stack, events)) => {
                    failures = 0;
                    events.iter().for_each(&mut *report);
                    let last = events.last().map(|event| event.id.clone());
                    let Some(stack) = stack else { return Ok(None) };
                    let at_rest = stack.state() != State::Busy;
                    seen = last.or(seen);
                    reported =
                        events.iter().rfind(|event| event.kind == STACK).map(|event| event.status.clone()).or(reported);
                    late += u32::from(at_rest);
                    let is_reported = reported.as_ref() == Some(&stack.status);
                    if at_rest && (is_reported || late > if reported.is_some() { LATE } else { UNSTARTED }) {
                        return Ok(Some(stack).filter(|stack| stack.state() != State::Absent));
                    }
                    if at_rest && reported.is_some() {
                        pause = SHORTEST;
                    }
                }
                // Keep waiting during a short network failure: CloudFormation continues the operation.
                Err(error) if exit_of(&error) == Exit::TempFail && failures < PATIENCE => failures += 1,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST.min(pause.mul_f32(1.5));
        }
    }

    /// Waits until a change set has been created.
    pub async fn wait_for_change_set(&self, id: &str) -> Result<ChangeSet> {
        let mut pause = SHORTEST;
        loop {
            if let Some(set) = self.change_set(id).await? {
                return Ok(set);
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST.min(pause.mul_f32(1.5));
        }
    }
}
