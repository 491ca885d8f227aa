//! Deletes stacks, and recovers them from failed operations.

use anyhow::{Result, bail};

use super::operation::Operations;
use crate::failure::Failure;
use crate::stack::State;

impl Operations<'_> {
    /// Deletes a stack if it exists; the resources in `retain` are kept in the account.
    pub async fn delete(&mut self, name: &str, retain: &[String]) -> Result<()> {
        let found = self.idle(name).await?.filter(|stack| stack.state() != State::Absent);
        let Some(stack) = found else { return Ok(()) };
        self.listener.starts("deleting");
        // Only resources whose deletion failed can be retained (API Reference, DeleteStack, RetainResources).
        let retain = if stack.status == "DELETE_FAILED" { retain } else { &[] };
        match self.run(&stack.id, self.cloudformation.delete(&stack.id, retain)).await? {
            None => Ok(()),
            Some(stack) => Err(self.failed(&stack).await),
        }
    }

    /// Recovers a stack, so that it can be updated or created; returns the action taken.
    pub async fn recover(&mut self, name: &str, retain: &[String], skip: &[String]) -> Result<&'static str> {
        let Some(stack) = self.idle(name).await? else { return Ok("does not exist") };
        let recovered = match stack.state() {
            State::Absent | State::Ready | State::Busy => return Ok("needs no recovery"),
            State::ReviewInProgress | State::Broken => {
                self.delete(name, retain).await?;
                return Ok("was deleted; `cargo xtask deploy` creates it again");
            }
            State::UpdateFailed => {
                self.listener.starts("rolling back");
                self.run(&stack.id, self.cloudformation.roll_back(name)).await?
            }
            State::RollbackFailed => {
                self.listener.starts("continuing the rollback");
                self.run(&stack.id, self.cloudformation.continue_rollback(name, skip)).await?
            }
            State::Manual => {
                let (what, next) = stack.state().remedy().unwrap_or_default();
                bail!(Failure::new(format!("the stack `{name}` is {}: {what}", stack.status)).hint(next));
            }
        };
        match recovered {
            Some(stack) if ![State::Ready, State::ReviewInProgress].contains(&stack.state()) => {
                Err(self.failed(&stack).await)
            }
            _ => Ok("was rolled back"),
        }
    }
}
