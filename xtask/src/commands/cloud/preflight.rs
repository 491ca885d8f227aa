//! `cargo xtask preflight`: checks an account before a deployment.

use anyhow::Result;
use contract::Exit;

use crate::cli::Preflight;
use crate::commands::common::{configured, print};
use crate::edge::terminal;
use crate::flows::deploy::DeployRequest;
use crate::flows::preflight;
use crate::verdict;

pub(super) fn run(args: &Preflight) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let request = DeployRequest::new(&configured.module, configured.resolved.settings, variables);
    let lines = preflight::lines(request, args.change_sets)?;
    print(args.common.json, &lines, || terminal::coloured(&verdict::report(&lines)))?;
    Ok(if verdict::is_red(&lines) { Exit::Failed } else { Exit::Done })
}
