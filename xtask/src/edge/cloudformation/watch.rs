//! Looking on while CloudFormation works.

use std::time::Duration;

use anyhow::Result;
use contract::Exit;

use super::CloudFormation;
use crate::failure::exit_of;
use crate::stack::{Deployed, Event, STACK, State};

/// The first pause between two looks; each is half as long again as the one before, up to the longest. DescribeStacks and
/// DescribeStackEvents are throttled for the account as a whole, and MWAA takes half an hour.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);
/// Looks in a row that may fail for now before the watch is given up: about three minutes.
const PATIENCE: u32 = 30;
/// Looks for the last events of an operation that has ended: they come a moment after the status.
const LATE: u32 = 5;
/// Looks for the first event of an operation that was asked for, about 20 seconds: until it comes, the status may be the one
/// from before. No page says that DescribeStacks tells at once of what another call began.
const UNHEARD: u32 = 10;

impl CloudFormation {
    /// Looks on until a stack, named by its ARN, is at rest; `tell` hears every event after `seen`, each once. None when it
    /// is gone. `seen` is the newest event from before the operation was asked for.
    pub async fn watch(
        &self,
        id: &str,
        seen: Option<String>,
        tell: &mut (dyn FnMut(&Event) + Send),
    ) -> Result<Option<Deployed>> {
        let (mut seen, mut pause, mut failures, mut late) = (seen, SHORTEST, 0, 0);
        // What the stack's own last event says, once there was one.
        let mut heard: Option<String> = None;
        loop {
            // The status first: what happened before it is then among the events, or comes soon.
            let looked = async { anyhow::Ok((self.stack(id).await?, self.events(id, seen.as_deref()).await?)) };
            match looked.await {
                Ok((stack, events)) => {
                    failures = 0;
                    events.iter().for_each(&mut *tell);
                    let last = events.last().map(|event| event.id.clone());
                    let Some(stack) = stack else { return Ok(None) };
                    let at_rest = stack.state() != State::Busy;
                    seen = last.or(seen);
                    heard =
                        events.iter().rfind(|event| event.kind == STACK).map(|event| event.status.clone()).or(heard);
                    late += u32::from(at_rest);
                    let told = heard.as_ref() == Some(&stack.status);
                    if at_rest && (told || late > if heard.is_some() { LATE } else { UNHEARD }) {
                        return Ok(Some(stack).filter(|stack| stack.state() != State::Absent));
                    }
                    if at_rest && heard.is_some() {
                        pause = SHORTEST;
                    }
                }
                // A network that is away for a moment does not end the watch; CloudFormation goes on meanwhile.
                Err(error) if exit_of(&error) == Exit::TempFail && failures < PATIENCE => failures += 1,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST.min(pause.mul_f32(1.5));
        }
    }

    /// Waits until a change set is made.
    pub async fn made(&self, id: &str) -> Result<super::ChangeSet> {
        let mut pause = SHORTEST;
        loop {
            let set = self.change_set(id).await?;
            if set.made != super::Made::Pending {
                return Ok(set);
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST.min(pause.mul_f32(1.5));
        }
    }
}
