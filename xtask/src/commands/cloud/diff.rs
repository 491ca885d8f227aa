//! `cargo xtask diff`: what a deployment would change.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::{Diff, Scope};
use crate::edge::terminal;
use crate::flows::deploy::{self, DeployRequest};

pub(super) fn run(args: &Diff) -> Result<Exit> {
    let Scope { which, stacks, folder, json } = &args.scope;
    let request = DeployRequest::new(which.env.as_deref(), which.dot_env.as_deref(), stacks, folder.as_deref(), None)?;
    terminal::warnings(&request.warnings);
    terminal::step("Reading the current state");
    let plan = deploy::plan(request)?.plan;
    if *json {
        terminal::say(&format!("{}\n", json!({ "digest": plan.digest(), "idle": plan.is_idle(), "plan": plan })))?;
    } else {
        terminal::say(&plan.to_string())?;
    }
    Ok(Exit::Done)
}
