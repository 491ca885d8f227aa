//! `cargo xtask deploy`: creates a plan, shows it, asks for confirmation, and applies it.

use anyhow::{Result, bail, ensure};
use contract::Exit;
use serde_json::json;

use super::stacks;
use crate::cli::Deploy;
use crate::commands::common::print;
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::failure::Failure;
use crate::flows::deploy::{self, DeployOutcome, DeployRequest, ReadyDeployment, Unapproved};
use crate::plan::StackAction;

pub(super) fn run(args: &Deploy) -> Result<Exit> {
    terminal::until_interrupted(stacks::INTERRUPTED, || deploy(args))
}

fn deploy(args: &Deploy) -> Result<Exit> {
    let mut request = stacks::request(&args.scope, args.registry.as_deref())?;
    request.create_only = args.create_only;
    let ready = plan(request)?;
    let digest = ready.plan.digest();
    if !args.scope.common.json {
        terminal::print(&ready.plan.to_string())?;
    }
    // The plan digest, then the digests of CloudFormation changes that the plan does not contain: `PLAN-CHANGE-…`.
    let mut expected = args.expect.as_deref().map(|expected| expected.split('-').map(str::to_owned));
    if let Some(approved) = expected.as_mut().and_then(Iterator::next) {
        let message = format!("the plan has changed since it was approved: its digest is {digest}, not {approved}");
        let hint = "review the output of `cargo xtask diff`, then approve the new digest";
        ensure!(approved == digest, Failure::new(message).hint(hint));
    }
    if ready.plan.is_idle() {
        return report(args, &ready, None);
    }
    let asks = !args.yes && args.expect.is_none();
    if asks {
        stacks::confirm("Apply this plan?", "pass --yes or --expect DIGEST")?;
    }
    let approved: Vec<String> = expected.into_iter().flatten().collect();
    let mut tree = Tree::new(&ready.works());
    let outcome = ready.apply(&approved, &mut |progress| match stacks::show(&mut tree, progress) {
        Some((difference, answer)) if asks => {
            let yes = tree.pause(|| terminal::confirm(&format!("{difference}. Apply it?")));
            // The task waits for the answer.
            let _ = answer.send(yes == Some(true));
        }
        _ => {}
    });
    match outcome.map_err(anyhow::Error::downcast::<Unapproved>) {
        Ok(outcome) => report(args, &ready, Some(&outcome)),
        Err(Ok(unapproved)) => {
            // Stacks without such a change were deployed, so the rest of the plan has a different digest.
            let digests = unapproved.0.iter().map(|difference| difference.digest.clone());
            let ready = plan(ready.again())?;
            let digest = [ready.plan.digest()].into_iter().chain(digests).collect::<Vec<_>>().join("-");
            if args.scope.common.json {
                let value = json!({ "digest": digest, "plan": ready.plan, "applied": false, "done": null });
                terminal::print(&format!("{value}\n"))?;
            }
            let hint = format!("to approve these changes, run the same command with --expect {digest}");
            bail!(Failure::new(unapproved.to_string()).hint(hint))
        }
        Err(Err(error)) => Err(error),
    }
}

/// Waits until CloudFormation has finished the operations of an earlier deployment, then creates the plan.
fn plan(request: DeployRequest) -> Result<ReadyDeployment> {
    let mut ready = deploy::plan(request)?;
    while let Some(busy) = ready.plan.stacks.iter().find(|stack| stack.action == StackAction::Wait) {
        terminal::step(&format!("Waiting for CloudFormation to finish its operation on {}", busy.name));
        let mut tree = Tree::new(&[(busy.stack.clone(), String::new(), 0)]);
        ready.wait_until_idle(&busy.stack, &mut |progress| drop(stacks::show(&mut tree, progress)))?;
        ready = deploy::plan(ready.again())?;
    }
    Ok(ready)
}

fn report(args: &Deploy, ready: &ReadyDeployment, outcome: Option<&DeployOutcome>) -> Result<Exit> {
    let plan = &ready.plan;
    let value = json!({ "digest": plan.digest(), "plan": plan, "applied": outcome.is_some(), "done": outcome });
    print(args.scope.common.json, &value, || match outcome {
        Some(_) => "Deployed. `cargo xtask status` shows the state of every part.\n".to_owned(),
        None => String::new(),
    })
}
