//! `cargo xtask destroy`: shows what is deleted, asks, and deletes it.

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

/// Printed after Ctrl-C.
const LEFT: &str =
    "Interrupted. CloudFormation finishes the operations that it has started; run the same command again to continue.";

pub(super) fn run(args: &Destroy) -> Result<Exit> {
    terminal::until_interrupted(LEFT, || destroy(args))
}

fn destroy(args: &Destroy) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let request = DeployRequest::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder.as_deref(), None)?;
    terminal::step("Reading the current state");
    let doomed = destroy::plan(request, args.delete_data)?;
    if !json {
        terminal::say(&doomed.plan.to_string())?;
    }
    if !doomed.is_empty() {
        confirm(args, &doomed)?;
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
        terminal::say("Deleted.\n")?;
    }
    Ok(Exit::Done)
}

/// Asks for confirmation. In production the prefix of the stacks must be typed, even with `--yes`.
fn confirm(args: &Destroy, doomed: &Destruction) -> Result<()> {
    let unasked =
        |hint: &str| Failure::new("nothing was deleted: standard input is not a terminal").hint(hint.to_owned());
    if let Some(prefix) = doomed.wants_typed() {
        let question = format!("This is production. Type `{prefix}` to delete it");
        let typed = args.confirm.clone().or_else(|| terminal::typed(&question));
        let hint = format!("in production, pass --confirm {prefix}");
        let Some(typed) = typed else { bail!(unasked(&hint)) };
        ensure!(typed == prefix, Failure::new(format!("nothing was deleted: `{typed}` is not `{prefix}`")).hint(hint));
        return Ok(());
    }
    if args.yes {
        return Ok(());
    }
    match terminal::ask("Delete all of this?") {
        Some(true) => Ok(()),
        Some(false) => bail!(Failure::new("not confirmed; nothing was deleted")),
        None => bail!(unasked("pass --yes")),
    }
}
