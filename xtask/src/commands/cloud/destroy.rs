//! `cargo xtask destroy`: show what is lost, ask, end it.

use anyhow::{Result, bail, ensure};
use contract::Exit;
use serde_json::json;

use crate::cli::{Destroy, Scope};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::failure::Failure;
use crate::flows::deploy::DeployRequest;
use crate::flows::destroy::{self, Destruction};
use crate::flows::recover::StackProgress;

/// What becomes of it when somebody leaves.
const LEFT: &str = "Left alone: what CloudFormation has begun it ends by itself. The same command does the rest.";

pub(super) fn run(args: &Destroy) -> Result<Exit> {
    terminal::until_interrupted(LEFT, || end(args))
}

fn end(args: &Destroy) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let request = DeployRequest::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder.as_deref(), None)?;
    terminal::step("Looking at what is there");
    let doomed = destroy::plan(request, args.delete_data)?;
    if !json {
        terminal::say(&doomed.plan.to_string())?;
    }
    if !doomed.is_empty() {
        allowed(args, &doomed)?;
        let lines: Vec<_> = doomed.names().map(|name| (name.to_owned(), String::new(), 0)).collect();
        let mut tree = Tree::new(&lines);
        doomed.apply(&mut |stack, heard| match heard {
            StackProgress::Starts(words) => tree.step(stack, words),
            StackProgress::Event(event) => tree.event(stack, event),
            StackProgress::Finished => tree.finished(stack, None),
        })?;
    }
    if *json {
        terminal::say(&format!("{}\n", json!({ "applied": !doomed.is_empty(), "plan": doomed.plan })))?;
    } else if !doomed.is_empty() {
        terminal::say("Gone.\n")?;
    }
    Ok(Exit::Done)
}

/// Whether somebody wants it who knows what it is: in production the stacks' prefix is typed, `--yes` or not.
fn allowed(args: &Destroy, doomed: &Destruction) -> Result<()> {
    let nobody =
        |hint: &str| Failure::new("nothing was deleted: standard input is not a terminal").hint(hint.to_owned());
    if let Some(prefix) = doomed.wants_typed() {
        let question = format!("This is production. Type `{prefix}` to delete it");
        let typed = args.confirm.clone().or_else(|| terminal::typed(&question));
        let hint = format!("in production --confirm {prefix} says that you know what you do");
        let Some(typed) = typed else { bail!(nobody(&hint)) };
        ensure!(typed == prefix, Failure::new(format!("nothing was deleted: `{typed}` is not `{prefix}`")).hint(hint));
        return Ok(());
    }
    if args.yes {
        return Ok(());
    }
    match terminal::ask("Delete all of this?") {
        Some(true) => Ok(()),
        Some(false) => bail!(Failure::new("nothing was deleted, as you said no")),
        None => bail!(nobody("pass --yes")),
    }
}
