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

impl CloudFormation {
    /// Looks on until a stack, named by its ARN, is at rest; `tell` hears every event after `seen`, each once. None when it
    /// is gone.
    pub async fn watch(
        &self,
        id: &str,
        seen: Option<String>,
        tell: &mut (dyn FnMut(&Event) + Send),
    ) -> Result<Option<Deployed>> {
        let (mut seen, mut pause, mut failures, mut late) = (seen, SHORTEST, 0, 0);
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
                    let told = events.iter().any(|event| event.kind == STACK && event.status == stack.status);
                    seen = last.or(seen);
                    late += u32::from(at_rest);
                    if at_rest && (told || late > LATE) {
                        return Ok(Some(stack).filter(|stack| stack.state() != State::Absent));
                    }
                    if at_rest {
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
