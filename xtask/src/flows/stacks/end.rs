//! The end of a stack, and the ways out of the states in which nothing else is legal.

use anyhow::{Result, bail};

use super::{Listener, failed, settle};
use crate::edge::cloudformation::CloudFormation;
use crate::failure::Failure;
use crate::stack::{Next, State};

/// Deletes a stack, if there is one, leaving the resources in `retain` where they are.
pub async fn delete(
    cloudformation: &CloudFormation,
    name: &str,
    retain: &[String],
    region: &str,
    tell: &mut dyn Listener,
) -> Result<()> {
    let there = settle(cloudformation, cloudformation.stack(name).await?, tell).await?;
    let Some(stack) = there.filter(|stack| stack.state().destroy() == Next::Delete) else { return Ok(()) };
    tell.begins("being deleted");
    // Only what could not be deleted before may be left (API Reference, DeleteStack, RetainResources).
    let retain = if stack.status == "DELETE_FAILED" { retain } else { &[] };
    let seen = cloudformation.newest_event(&stack.id).await?;
    cloudformation.delete(&stack.id, retain).await?;
    match cloudformation.watch(&stack.id, seen, &mut |event| tell.event(event)).await? {
        None => Ok(()),
        Some(stack) => Err(failed(cloudformation, &stack, region).await),
    }
}

/// Brings a stack back to a state from which it can be changed; says what it did, or that nothing was to be done.
pub async fn recover(
    cloudformation: &CloudFormation,
    name: &str,
    (retain, skip): (&[String], &[String]),
    region: &str,
    tell: &mut dyn Listener,
) -> Result<&'static str> {
    let there = settle(cloudformation, cloudformation.stack(name).await?, tell).await?;
    let Some(stack) = there else { return Ok("is not there") };
    let seen = cloudformation.newest_event(&stack.id).await?;
    let did = match stack.state().recover() {
        Next::Delete => {
            delete(cloudformation, name, retain, region, tell).await?;
            return Ok("was deleted; `cargo xtask deploy` makes it anew");
        }
        Next::RollBack => {
            tell.begins("being rolled back");
            cloudformation.roll_back(name).await?;
            "was rolled back"
        }
        Next::ContinueRollback => {
            tell.begins("being rolled back further");
            cloudformation.continue_rollback(name, skip).await?;
            "was rolled back"
        }
        Next::Refuse => {
            let (what, next) = stack.state().remedy().unwrap_or_default();
            bail!(Failure::new(format!("the stack `{name}` is {}: {what}", stack.status)).hint(next));
        }
        _ => return Ok("needs nothing"),
    };
    match cloudformation.watch(&stack.id, seen, &mut |event| tell.event(event)).await? {
        Some(stack) if stack.state() == State::Ready || stack.state() == State::Stillborn => Ok(did),
        Some(stack) => Err(failed(cloudformation, &stack, region).await),
        None => Ok(did),
    }
}
