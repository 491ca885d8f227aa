//! `cargo xtask deploy`: plans, shows the plan, asks, applies it and shows the progress.

use anyhow::{Result, bail, ensure};
use contract::Exit;
use serde_json::json;

use crate::cli::{Deploy, Scope};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::failure::Failure;
use crate::flows::deploy::{self, DeployRequest, Progress, ReadyDeployment};
use crate::plan::{Plan, StackAction};

/// Printed after Ctrl-C.
const LEFT: &str =
    "Interrupted. CloudFormation finishes the operations that it has started; run the same command again to continue.";

pub(super) fn run(args: &Deploy) -> Result<Exit> {
    terminal::until_interrupted(LEFT, || deploy(args))
}

fn deploy(args: &Deploy) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let (folder, registry) = (folder.as_deref(), args.registry.as_deref());
    let mut request = DeployRequest::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder, registry)?;
    request.create_only = args.create_only;
    terminal::warnings(&request.warnings);
    terminal::step("Reading the current state");
    let ready = at_rest(request)?;
    let (plan, digest) = (&ready.plan, ready.plan.digest());
    if !*json {
        terminal::say(&plan.to_string())?;
    }
    // The plan's digest, then those of changes that CloudFormation makes beyond it: `PLAN-CHANGE-…`.
    let mut expected = args.expect.as_deref().map(|expected| expected.split('-').map(str::to_owned));
    if let Some(approved) = expected.as_mut().and_then(Iterator::next) {
        let words = format!("the plan changed since it was approved: it is {digest}, and {approved} was approved");
        let hint = "review `cargo xtask diff` and approve the new digest";
        ensure!(approved == digest, Failure::new(words).hint(hint));
    }
    if plan.is_idle() {
        return finish(*json, &ready, None);
    }
    let asks = !args.yes && args.expect.is_none();
    if asks {
        match terminal::ask("Apply this plan?") {
            Some(true) => {}
            Some(false) => bail!(Failure::new("not confirmed; nothing was changed")),
            None => bail!(Failure::new("standard input is not a terminal").hint("pass --yes or --expect DIGEST")),
        }
    }
    let approved: Vec<String> = expected.into_iter().flatten().collect();
    let mut tree = Tree::new(&ready.works());
    let done = ready.apply(&approved, &mut |progress| match progress {
        Progress::Step(task, words) => tree.step(&task.to_string(), &words),
        Progress::Update(task, words) => tree.progress(&task.to_string(), &words),
        Progress::Event(task, event) => tree.event(&task.to_string(), &event),
        Progress::Line(task, words) => tree.line(&task.to_string(), &words),
        Progress::Ask(difference, answer) if asks => {
            let yes = tree.pause(|| terminal::ask(&format!("{difference}. Apply it?")));
            // The task waits for the answer.
            let _ = answer.send(yes == Some(true));
        }
        // Dropped without an answer: not approved.
        Progress::Ask(..) => {}
        Progress::Finished(task, error) => tree.finished(&task.to_string(), error.as_deref()),
    });
    match done {
        Ok(done) => finish(*json, &ready, Some(&done)),
        Err(error) => match error.downcast::<deploy::Unapproved>() {
            Ok(unapproved) => {
                // Stacks without such a change were deployed, so the rest of the plan has another digest.
                let digests = unapproved.0.iter().map(|difference| difference.digest.clone());
                let rest = at_rest(ready.again())?.plan.digest();
                let digest = [rest].into_iter().chain(digests).collect::<Vec<_>>().join("-");
                let hint = format!("to approve exactly this, run the same command with --expect {digest}");
                bail!(Failure::new(unapproved.to_string()).hint(hint))
            }
            Err(error) => Err(error),
        },
    }
}

/// Plans once CloudFormation has finished the operations of an earlier deployment.
fn at_rest(request: DeployRequest) -> Result<ReadyDeployment> {
    let mut ready = deploy::plan(request)?;
    while let Some(busy) = ready.plan.stacks.iter().find(|stack| stack.action == StackAction::Wait) {
        terminal::step(&format!("Waiting for CloudFormation to finish its operation on {}", busy.name));
        let mut tree = Tree::new(&[(busy.stack.clone(), String::new(), 0)]);
        let name = busy.stack.clone();
        ready.settle(&name, &mut |event| tree.event(&name, event))?;
        ready = deploy::plan(ready.again())?;
    }
    Ok(ready)
}

fn finish(as_json: bool, ready: &ReadyDeployment, done: Option<&deploy::DeployOutcome>) -> Result<Exit> {
    if as_json {
        let plan: &Plan = &ready.plan;
        let value = json!({ "digest": plan.digest(), "plan": plan, "applied": done.is_some(), "done": done });
        terminal::say(&format!("{value}\n"))?;
    } else if done.is_some() {
        terminal::say("Done. `cargo xtask status` shows the state of every part.\n")?;
    }
    Ok(Exit::Done)
}
