//! A stack brought to what its plan says: by a change set, which is held against the plan before it is executed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use contract::Exit;

use super::{Listener, failed};
use crate::edge::cloudformation::{CloudFormation, Does, Made, Wanted};
use crate::failure::Failure;
use crate::plan::{Do, StackPlan};
use crate::stack::{Deployed, Next, State, TAG, import, unexpected};

/// How the names of our change sets begin.
pub const CHANGE_SETS: &str = "dpworld-";

/// Waits until CloudFormation is at rest with a stack; gives it as it is then.
pub async fn settle(
    cloudformation: &CloudFormation,
    mut there: Option<Deployed>,
    tell: &mut dyn Listener,
) -> Result<Option<Deployed>> {
    while let Some(stack) = there.take_if(|stack| stack.state() == State::Busy) {
        tell.begins(&format!("{}, begun before", stack.status));
        let seen = cloudformation.newest_event(&stack.id).await?;
        there = cloudformation.watch(&stack.id, seen, &mut |event| tell.event(event)).await?;
    }
    Ok(there)
}

/// Carries a stack's plan out; gives the stack as it is then. `id` names the attempt: no two have the same.
///
/// # Errors
/// When the stack changed since the plan was made, when CloudFormation would do more than was shown, or when it fails.
pub async fn apply(
    cloudformation: &CloudFormation,
    plan: &StackPlan,
    template: &str,
    parameters: &BTreeMap<String, String>,
    (id, region): (&str, &str),
    tell: &mut dyn Listener,
) -> Result<Deployed> {
    let mut there = settle(cloudformation, cloudformation.stack(&plan.name).await?, tell).await?;
    if let Some(stack) = there.take_if(|stack| stack.state().deploy() == Next::Delete) {
        tell.begins("deleting what was never made");
        remove(cloudformation, &stack, region, tell).await?;
    }
    if let (Do::Update, Some(stack)) = (plan.action, &mut there) {
        stack.template = cloudformation.template(&stack.id).await?;
    }
    let as_planned = match plan.action {
        Do::Update => plan.is_of(there.as_ref()),
        Do::Keep => there.is_some(),
        Do::Create | Do::Remake | Do::Wait => there.is_none(),
    };
    if !as_planned {
        let failure = Failure::new(format!("the stack `{}` is no longer as the plan has it", plan.name));
        bail!(failure.exit(Exit::TempFail).hint("somebody else was there; run the same command again"));
    }
    for name in &plan.leftovers {
        cloudformation.drop_change_set(&plan.name, name).await?;
    }
    let done = if plan.action == Do::Keep {
        there.context("a stack that is kept is there")?
    } else {
        change(cloudformation, plan, template, parameters, there, (id, region), tell).await?
    };
    if let Some(protect) = plan.protect {
        cloudformation.protect(&plan.name, protect).await?;
    }
    Ok(done)
}

/// Deletes a stack that was never made.
async fn remove(
    cloudformation: &CloudFormation,
    stack: &Deployed,
    region: &str,
    tell: &mut dyn Listener,
) -> Result<()> {
    if stack.protected {
        cloudformation.protect(&stack.id, false).await?;
    }
    let seen = cloudformation.newest_event(&stack.id).await?;
    cloudformation.delete(&stack.id, &[]).await?;
    match cloudformation.watch(&stack.id, seen, &mut |event| tell.event(event)).await? {
        Some(stack) => Err(failed(cloudformation, &stack, region).await),
        None => Ok(()),
    }
}

async fn change(
    cloudformation: &CloudFormation,
    plan: &StackPlan,
    template: &str,
    parameters: &BTreeMap<String, String>,
    there: Option<Deployed>,
    (id, region): (&str, &str),
    tell: &mut dyn Listener,
) -> Result<Deployed> {
    let mut there = there;
    if there.is_none() && !plan.adopts.is_empty() {
        let (template, name) = (import(&plan.adopts), format!("{CHANGE_SETS}{id}-imports"));
        let (does, none) = (Does::Imports(&plan.adopts), BTreeMap::new());
        let wanted =
            Wanted { stack: &plan.name, does, name: &name, template: &template, parameters: &none, tags: &none };
        there = Some(execute(cloudformation, plan, &wanted, None, region, tell).await?);
    }
    let creates = there.is_none();
    tell.begins(if creates { "planning what it needs" } else { "planning the change" });
    let name = format!("{CHANGE_SETS}{id}");
    let does = if creates { Does::Creates } else { Does::Updates };
    let mut tags = there.as_ref().map(|stack| stack.tags.clone()).unwrap_or_default();
    tags.extend(plan.tag.iter().map(|module| (TAG.to_owned(), module.clone())));
    let wanted = Wanted { stack: &plan.name, does, name: &name, template, parameters, tags: &tags };
    execute(cloudformation, plan, &wanted, there, region, tell).await
}

/// Has a change set made, and carried out if it does no more than the plan shows.
async fn execute(
    cloudformation: &CloudFormation,
    plan: &StackPlan,
    wanted: &Wanted<'_>,
    there: Option<Deployed>,
    region: &str,
    tell: &mut dyn Listener,
) -> Result<Deployed> {
    let (creates, name) = (there.is_none(), wanted.name);
    let (set, stack) = cloudformation.make(wanted).await?;
    let set = cloudformation.made(&set).await?;
    let refusal = match set.made {
        Made::Empty => None,
        Made::Refused(why) => {
            let found = cloudformation.validation_problems(&set.id).await.unwrap_or_default();
            let words = if found.is_empty() { why } else { found.join("; ") };
            Some(Failure::new(format!("CloudFormation refuses the change of `{}`: {words}", plan.name)))
        }
        Made::Ready | Made::Pending => {
            let more = unexpected(&plan.changes, &set.changes);
            if more.is_empty() {
                let seen = cloudformation.newest_event(&stack).await?;
                cloudformation.execute(&set.id).await?;
                tell.begins(match wanted.does {
                    Does::Creates => "being made",
                    Does::Updates => "being changed",
                    Does::Imports(_) => "taking up what is there already",
                });
                let done = cloudformation.watch(&stack, seen, &mut |event| tell.event(event)).await?;
                return ended(cloudformation, &plan.name, done, region).await;
            }
            let words = format!("CloudFormation would {}, which the plan does not show", more.join(", "));
            let hint = "nothing was changed in this stack; look at the template and the settings";
            Some(Failure::new(format!("the change of `{}` was not made: {words}", plan.name)).hint(hint))
        }
    };
    // Nothing of it stays: a stack that waits for a review would be in the way of the next one. One that somebody else has
    // made of it meanwhile is theirs.
    if creates {
        let there = cloudformation.stack(&stack).await?.filter(|there| there.state() == State::Stillborn);
        if let Some(there) = there {
            remove(cloudformation, &there, region, tell).await?;
        }
    } else {
        cloudformation.drop_change_set(&plan.name, name).await?;
    }
    match (refusal, there) {
        (Some(failure), _) => Err(failure.into()),
        (None, Some(there)) => Ok(there),
        (None, None) => bail!("CloudFormation finds nothing to make in `{}`", plan.name),
    }
}

/// Changes a stack that is there, whatever any plan says. `id` names the attempt: no two have the same.
pub async fn change_alone(
    cloudformation: &CloudFormation,
    stack: &Deployed,
    template: &str,
    parameters: &BTreeMap<String, String>,
    (id, region): (&str, &str),
    tell: &mut dyn Listener,
) -> Result<()> {
    let name = format!("{CHANGE_SETS}{id}");
    let (does, tags) = (Does::Updates, &stack.tags);
    let wanted = Wanted { stack: &stack.name, does, name: &name, template, parameters, tags };
    let (set, id) = cloudformation.make(&wanted).await?;
    let set = cloudformation.made(&set).await?;
    match set.made {
        Made::Empty => cloudformation.drop_change_set(&stack.name, &name).await,
        Made::Refused(why) => {
            cloudformation.drop_change_set(&stack.name, &name).await?;
            bail!(Failure::new(format!("CloudFormation refuses the change of `{}`: {why}", stack.name)))
        }
        Made::Ready | Made::Pending => {
            tell.begins("being told to keep nothing");
            let seen = cloudformation.newest_event(&id).await?;
            cloudformation.execute(&set.id).await?;
            let done = cloudformation.watch(&id, seen, &mut |event| tell.event(event)).await?;
            ended(cloudformation, &stack.name, done, region).await.map(drop)
        }
    }
}

async fn ended(cloudformation: &CloudFormation, name: &str, done: Option<Deployed>, region: &str) -> Result<Deployed> {
    let done = done.with_context(|| format!("the stack `{name}` was deleted meanwhile"))?;
    let well = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"].contains(&done.status.as_str());
    if well { Ok(done) } else { Err(failed(cloudformation, &done, region).await) }
}
