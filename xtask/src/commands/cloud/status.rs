//! `cargo xtask status`: the state of every part of a deployment: healthy, faulty, or cannot be verified here.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::Status;
use crate::edge::terminal;
use crate::flows::deploy::DeployRequest;
use crate::flows::status;
use crate::verdict;

pub(super) fn run(args: &Status) -> Result<Exit> {
    let request = DeployRequest::new(args.which.env.as_deref(), args.which.dot_env.as_deref(), &[], None, None)?;
    let verdicts = status::lines(&request, args.drift)?;
    if args.json {
        terminal::say(&format!("{}\n", json!(verdicts)))?;
    } else {
        terminal::say(&terminal::lights(&verdict::report(&verdicts)))?;
    }
    Ok(if verdict::is_red(&verdicts) { Exit::Failed } else { Exit::Done })
}
