//! Deletes a stack, and recovers one from a failed operation.

use anyhow::{Result, bail};

use super::operation::{Listener, failed, wait_until_idle};
use crate::edge::cloudformation::CloudFormation;
use crate::failure::Failure;
use crate::stack::{Recovery, State};

/// Deletes a stack if it exists; the resources in `retain` are kept in the account.
pub async fn delete(
    cloudformation: &CloudFormation,
    name: &str,
    retain: &[String],
    region: &str,
    listener: &mut dyn Listener,
) -> Result<()> {
    let found = wait_until_idle(cloudformation, cloudformation.stack(name).await?, listener).await?;
    let Some(stack) = found.filter(|stack| stack.state() != State::Absent) else { return Ok(()) };
    listener.starts("deleting");
    // Only resources whose deletion failed can be retained (API Reference, DeleteStack, RetainResources).
    let retain = if stack.status == "DELETE_FAILED" { retain } else { &[] };
    let seen = cloudformation.newest_event(&stack.id).await?;
    cloudformation.delete(&stack.id, retain).await?;
    match cloudformation.watch(&stack.id, seen, &mut |event| listener.event(event)).await? {
        None => Ok(()),
        Some(stack) => Err(failed(cloudformation, &stack, region).await),
    }
}

/// Brings a stack back to a state from which it can be updated or created; returns what was done.
pub async fn recover(
    cloudformation: &CloudFormation,
    name: &str,
    (retain, skip): (&[String], &[String]),
    region: &str,
    listener: &mut dyn Listener,
) -> Result<&'static str> {
    let found = wait_until_idle(cloudformation, cloudformation.stack(name).await?, listener).await?;
    let Some(stack) = found else { return Ok("does not exist") };
    let seen = cloudformation.newest_event(&stack.id).await?;
    match stack.state().recovery() {
        Recovery::Delete => {
            delete(cloudformation, name, retain, region, listener).await?;
            return Ok("was deleted; `cargo xtask deploy` creates it again");
        }
        Recovery::RollBack => {
            listener.starts("rolling back");
            cloudformation.roll_back(name).await?;
        }
        Recovery::ContinueRollback => {
            listener.starts("continuing the rollback");
            cloudformation.continue_rollback(name, skip).await?;
        }
        Recovery::Refuse => {
            let (what, next) = stack.state().remedy().unwrap_or_default();
            bail!(Failure::new(format!("the stack `{name}` is {}: {what}", stack.status)).hint(next));
        }
        _ => return Ok("needs no recovery"),
    }
    match cloudformation.watch(&stack.id, seen, &mut |event| listener.event(event)).await? {
        Some(stack) if ![State::Ready, State::ReviewInProgress].contains(&stack.state()) => {
            Err(failed(cloudformation, &stack, region).await)
        }
        _ => Ok("was rolled back"),
    }
}
