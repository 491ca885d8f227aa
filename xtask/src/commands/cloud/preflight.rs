//! `cargo xtask preflight`: checks an account before a deployment.

use anyhow::Result;
use contract::Exit;

use super::stacks::report;
use crate::cli::Preflight;
use crate::flows::preflight;

pub(super) fn run(args: &Preflight) -> Result<Exit> {
    report(&args.common, |request| preflight::lines(request, args.change_sets))
}
