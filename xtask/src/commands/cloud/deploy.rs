//! `cargo xtask deploy`: plan, show, ask, apply, watch.

use anyhow::{Result, bail, ensure};
use contract::Exit;
use serde_json::json;

use crate::cli::{Deploy, Scope};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::failure::Failure;
use crate::flows::deploy::{self, News, Ready, Request};
use crate::plan::{Do, Plan};

/// What becomes of a deployment that somebody leaves.
const LEFT: &str =
    "Left alone. Whatever CloudFormation had begun it ends by itself; the same command looks on, and does the rest.";

pub(super) fn run(args: &Deploy) -> Result<Exit> {
    terminal::until_interrupted(LEFT, || deploy(args))
}

fn deploy(args: &Deploy) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let (folder, registry) = (folder.as_deref(), args.registry.as_deref());
    let mut request = Request::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder, registry)?;
    request.create_only = args.create_only;
    terminal::warnings(&request.warnings);
    terminal::step("Looking at what is there");
    let ready = at_rest(request)?;
    let (plan, digest) = (&ready.plan, ready.plan.digest());
    if !*json {
        terminal::say(&plan.to_string())?;
    }
    if let Some(expected) = &args.expect {
        let failure =
            || Failure::new(format!("this plan is {digest}, and {expected} was approved; nothing was changed"));
        let hint = "something is not as it was: look at the plan (`cargo xtask diff`), and approve it anew";
        ensure!(*expected == digest, failure().hint(hint));
    }
    if plan.is_idle() {
        return told(*json, &ready, None);
    }
    if !args.yes && args.expect.is_none() {
        match terminal::ask("Carry this out?") {
            Some(true) => {}
            Some(false) => bail!(Failure::new("nothing was changed, as you said no")),
            None => bail!(Failure::new("nobody is there to ask").hint("say --yes, or --expect with the plan's digest")),
        }
    }
    let mut tree = Tree::new(&ready.works());
    let done = ready.apply(&mut |news| match news {
        News::Step(task, words) => tree.step(&task.to_string(), &words),
        News::Progress(task, words) => tree.progress(&task.to_string(), &words),
        News::Event(task, event) => tree.event(&task.to_string(), &event),
        News::Line(task, words) => tree.line(&task.to_string(), &words),
        News::Ended(task, error) => tree.finished(&task.to_string(), error.as_deref()),
    })?;
    told(*json, &ready, Some(&done))
}

/// Plans once CloudFormation is at rest: what an earlier deployment began is waited for.
fn at_rest(request: Request) -> Result<Ready> {
    let mut ready = deploy::plan(request)?;
    while let Some(busy) = ready.plan.stacks.iter().find(|stack| stack.action == Do::Wait) {
        terminal::step(&format!("CloudFormation is at work on {}; waiting for it", busy.name));
        let mut tree = Tree::new(&[(busy.stack.clone(), String::new(), 0)]);
        let name = busy.stack.clone();
        ready.settle(&name, &mut |event| tree.event(&name, event))?;
        ready = deploy::plan(ready.again())?;
    }
    Ok(ready)
}

fn told(as_json: bool, ready: &Ready, done: Option<&deploy::Done>) -> Result<Exit> {
    if as_json {
        let plan: &Plan = &ready.plan;
        let told = json!({ "digest": plan.digest(), "plan": plan, "applied": done.is_some(), "done": done });
        terminal::say(&format!("{told}\n"))?;
    } else if done.is_some() {
        terminal::say("Done. `cargo xtask status` looks at all of it.\n")?;
    }
    Ok(Exit::Done)
}
