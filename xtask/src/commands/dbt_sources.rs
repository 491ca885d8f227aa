//! `cargo xtask dbt-sources`: dbt's sources from the contract.

use anyhow::Result;
use contract::Exit;

use crate::cli::Check;
use crate::flows::generated;

pub(super) fn run(args: &Check) -> Result<Exit> {
    generated::dbt_sources()?.settle(args.check)
}
