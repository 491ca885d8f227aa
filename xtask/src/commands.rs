//! One match; `commands/<name>.rs` is `cargo xtask <name>`.

mod build_images;
mod dbt_sources;
mod doctor;
mod local;
mod settings;
mod settings_schema;
mod test;
mod warehouse_init;

use anyhow::Result;
use contract::Exit;

use crate::cli::{Cli, Command};

/// Runs a command.
pub fn run(cli: Cli) -> Result<Exit> {
    match cli.command {
        Command::Local(args) => local::run(*args),
        Command::Test(args) => test::run(&args),
        Command::BuildImages(args) => build_images::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Settings(args) => settings::run(&args),
        Command::DbtSources(args) => dbt_sources::run(&args),
        Command::WarehouseInit(args) => warehouse_init::run(&args),
        Command::SettingsSchema(args) => settings_schema::run(&args),
    }
}
