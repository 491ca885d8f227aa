//! `cargo xtask deploy`: plans, shows the plan, asks, applies it and shows the progress.

use anyhow::{Result, bail, ensure};
use contract::Exit;
use serde_json::json;

use crate::cli::{Deploy, Scope};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::failure::Failure;
use crate::flows::deploy::{self, News, Ready, Request};
use crate::plan::{Do, Plan};

/// Printed after Ctrl-C.
const LEFT: &str =
    "Interrupted. CloudFormation finishes the operations that it has started; run the same command again to continue.";

pub(super) fn run(args: &Deploy) -> Result<Exit> {
    terminal::until_interrupted(LEFT, || deploy(args))
}

fn deploy(args: &Deploy) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let (folder, registry) = (folder.as_deref(), args.registry.as_deref());
    let mut request = Request::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder, registry)?;
    request.create_only = args.create_only;
    terminal::warnings(&request.warnings);
    terminal::step("Reading the current state");
    let ready = at_rest(request)?;
    let (plan, digest) = (&ready.plan, ready.plan.digest());
    if !*json {
        terminal::say(&plan.to_string())?;
    }
    if let Some(expected) = &args.expect {
        let failure = || {
            Failure::new(format!(
                "the approved plan is {expected}, but the current plan is {digest}; nothing was changed"
            ))
        };
        let hint = "the plan changed since it was approved: review `cargo xtask diff` and approve the new digest";
        ensure!(*expected == digest, failure().hint(hint));
    }
    if plan.is_idle() {
        return finish(*json, &ready, None);
    }
    if !args.yes && args.expect.is_none() {
        match terminal::ask("Apply this plan?") {
            Some(true) => {}
            Some(false) => bail!(Failure::new("not confirmed; nothing was changed")),
            None => bail!(Failure::new("standard input is not a terminal").hint("pass --yes or --expect DIGEST")),
        }
    }
    let mut tree = Tree::new(&ready.works());
    let done = ready.apply(&mut |news| match news {
        News::Step(task, words) => tree.step(&task.to_string(), &words),
        News::Progress(task, words) => tree.progress(&task.to_string(), &words),
        News::Event(task, event) => tree.event(&task.to_string(), &event),
        News::Line(task, words) => tree.line(&task.to_string(), &words),
        News::Ended(task, error) => tree.ended(&task.to_string(), error.as_deref()),
    })?;
    finish(*json, &ready, Some(&done))
}

/// Plans once CloudFormation has finished the operations of an earlier deployment.
fn at_rest(request: Request) -> Result<Ready> {
    let mut ready = deploy::plan(request)?;
    while let Some(busy) = ready.plan.stacks.iter().find(|stack| stack.action == Do::Wait) {
        terminal::step(&format!("Waiting for CloudFormation to finish its operation on {}", busy.name));
        let mut tree = Tree::new(&[(busy.stack.clone(), String::new(), 0)]);
        let name = busy.stack.clone();
        ready.settle(&name, &mut |event| tree.event(&name, event))?;
        ready = deploy::plan(ready.again())?;
    }
    Ok(ready)
}

fn finish(as_json: bool, ready: &Ready, done: Option<&deploy::Done>) -> Result<Exit> {
    if as_json {
        let plan: &Plan = &ready.plan;
        let value = json!({ "digest": plan.digest(), "plan": plan, "applied": done.is_some(), "done": done });
        terminal::say(&format!("{value}\n"))?;
    } else if done.is_some() {
        terminal::say("Done. `cargo xtask status` shows the state of every part.\n")?;
    }
    Ok(Exit::Done)
}
