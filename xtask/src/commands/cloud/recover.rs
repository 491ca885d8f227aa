//! `cargo xtask recover`: recovers failed stacks (continues the rollback, or deletes).

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::{Recover, Scope};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::flows::deploy::DeployRequest;
use crate::flows::recover::{self, StackProgress};

/// Printed after Ctrl-C.
const LEFT: &str = "Interrupted. CloudFormation finishes the operations that it has started; run the same command again to follow them.";

pub(super) fn run(args: &Recover) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let request = DeployRequest::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder.as_deref(), None)?;
    let recovered = terminal::until_interrupted(LEFT, || {
        let mut tree = Tree::new(&[]);
        recover::recover(&request, &args.retain, &args.skip, &mut |stack, heard| match heard {
            StackProgress::Starts(words) => terminal::step(&format!("{stack}: {words}")),
            StackProgress::Event(event) => tree.event(stack, event),
            StackProgress::Finished => {}
        })
    })?;
    if *json {
        terminal::say(&format!("{}\n", json!(recovered)))?;
    } else {
        terminal::say(&recovered.iter().map(|(stack, did)| format!("{stack} {did}\n")).collect::<String>())?;
    }
    Ok(Exit::Done)
}
