//! `cargo xtask settings-schema`: the settings' JSON Schema for editors, from their types.

use anyhow::Result;
use contract::Exit;

use crate::cli::Check;
use crate::flows::generated;

pub(super) fn run(args: &Check) -> Result<Exit> {
    for file in generated::settings_schemas() {
        file.settle(args.check)?;
    }
    Ok(Exit::Done)
}
