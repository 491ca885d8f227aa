//! `cargo xtask dag-settings`: the DAGs' configuration of a deployment, from its settings.

use anyhow::Result;
use contract::Exit;

use crate::cli::DagSettings;
use crate::flows::generated;

pub(super) fn run(args: &DagSettings) -> Result<Exit> {
    generated::dag_settings(args.env.as_deref())?.settle(args.check)
}
