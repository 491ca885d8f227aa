//! `cargo xtask recover`: stacks out of states in which nothing else is legal.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::{Recover, Scope};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::flows::deploy::DeployRequest;
use crate::flows::recover::{self, StackProgress};

/// What becomes of it when somebody leaves.
const LEFT: &str = "Left alone: what CloudFormation has begun it ends by itself. The same command looks on.";

pub(super) fn run(args: &Recover) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let request = DeployRequest::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder.as_deref(), None)?;
    let told = terminal::until_interrupted(LEFT, || {
        let mut tree = Tree::new(&[]);
        recover::recover(&request, &args.retain, &args.skip, &mut |stack, heard| match heard {
            StackProgress::Starts(words) => terminal::step(&format!("{stack}: {words}")),
            StackProgress::Event(event) => tree.event(stack, event),
            StackProgress::Finished => {}
        })
    })?;
    if *json {
        terminal::say(&format!("{}\n", json!(told)))?;
    } else {
        terminal::say(&told.iter().map(|(stack, did)| format!("{stack} {did}\n")).collect::<String>())?;
    }
    Ok(Exit::Done)
}
