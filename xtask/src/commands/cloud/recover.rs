//! `cargo xtask recover`: stacks out of states in which nothing else is legal.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::{Recover, Scope};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::flows::deploy::Request;
use crate::flows::rescue::{self, Heard};

/// What becomes of it when somebody leaves.
const LEFT: &str = "Left alone: what CloudFormation has begun it ends by itself. The same command looks on.";

pub(super) fn run(args: &Recover) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let request = Request::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder.as_deref(), None)?;
    let told = terminal::until_interrupted(LEFT, || {
        let mut tree = Tree::new(&[]);
        rescue::recover(&request, &args.retain, &args.skip, &mut |stack, heard| match heard {
            Heard::Begins(words) => terminal::step(&format!("{stack}: {words}")),
            Heard::Event(event) => tree.event(stack, event),
            Heard::Ended => {}
        })
    })?;
    if *json {
        terminal::say(&format!("{}\n", json!(told)))?;
    } else {
        terminal::say(&told.iter().map(|(stack, did)| format!("{stack} {did}\n")).collect::<String>())?;
    }
    Ok(Exit::Done)
}
