//! `cargo xtask status`: reports whether each part of a deployment is healthy or unhealthy, or cannot be verified here.

use anyhow::Result;
use contract::Exit;

use crate::cli::Status;
use crate::commands::common::print;
use crate::edge::terminal;
use crate::flows::deploy::DeployRequest;
use crate::flows::status;
use crate::verdict;

pub(super) fn run(args: &Status) -> Result<Exit> {
    let common = &args.common;
    let request = DeployRequest::new(common.env.as_deref(), common.dot_env.as_deref(), &[], None, None)?;
    let lines = status::lines(&request, args.drift)?;
    print(common.json, &lines, || terminal::coloured(&verdict::report(&lines)))?;
    Ok(if verdict::is_red(&lines) { Exit::Failed } else { Exit::Done })
}
