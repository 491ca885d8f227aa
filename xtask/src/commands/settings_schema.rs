//! `cargo xtask settings-schema`: the JSON Schema of the settings, for editors, from their types.

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
