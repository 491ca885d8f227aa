//! `cargo xtask status`: reports whether each part of a deployment is healthy or unhealthy, or cannot be verified here.

use anyhow::Result;
use contract::Exit;

use crate::cli::Status;
use crate::commands::common::{configured, print};
use crate::edge::terminal;
use crate::flows::deploy::DeployRequest;
use crate::flows::status;
use crate::verdict;

pub(super) fn run(args: &Status) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let request = DeployRequest::new(&configured.module, configured.resolved.settings, variables);
    let lines = status::lines(request, args.drift)?;
    print(args.common.json, &lines, || terminal::coloured(&verdict::report(&lines)))?;
    Ok(if verdict::is_red(&lines) { Exit::Failed } else { Exit::Done })
}
