//! `cargo xtask status`: reports whether each part of a deployment is healthy or unhealthy, or cannot be verified here.

use anyhow::Result;
use contract::Exit;

use super::stacks::report;
use crate::cli::Status;
use crate::flows::status;

pub(super) fn run(args: &Status) -> Result<Exit> {
    report(&args.common, |request| status::lines(request, args.drift))
}
