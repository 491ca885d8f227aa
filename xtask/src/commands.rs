//! Dispatches the commands with a single `match`. `commands/<name>.rs` implements `cargo xtask <name>`; commands that
//! consist of a single call have no file.
//!
//! Two programs are built from the same source. The light program compiles quickly and has every command except those
//! in `commands/cloud`. For those, it has cargo build and run the full program, which includes the `cloud` feature.

mod ci_gen;
#[cfg(feature = "cloud")]
mod cloud;
mod common;
mod lint;
mod local;
mod new_env;
mod new_source;
mod pins;
mod prices;
mod release;
mod settings;
mod setup_github;
mod templates;
mod test;

use anyhow::Result;
use contract::Exit;

use crate::cli::{Cli, Command};
use crate::flows::generated;

pub fn run(cli: Cli) -> Result<Exit> {
    match cli.command {
        Command::Local(args) => local::run(*args),
        Command::NewEnv(args) => new_env::run(&args),
        Command::NewSource(args) => new_source::run(&args),
        Command::Test(args) => test::run(&args),
        #[cfg(feature = "cloud")]
        Command::Cloud(command) => cloud::run(command),
        #[cfg(not(feature = "cloud"))]
        Command::Cloud(_) => hand_over(),
        Command::CiGen(args) => ci_gen::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Release(args) => release::run(&args),
        Command::Pins(args) => pins::run(&args),
        Command::SetupGithub(args) => setup_github::run(&args),
        Command::Settings(args) => settings::run(&args),
        Command::Templates(args) => templates::run(&args),
        Command::Prices(args) => prices::run(&args),
        Command::DagSettings(args) => generated::dag_settings(args.env.as_deref())?.settle(args.check),
        Command::DbtSources(args) => {
            generated::dbt_sources()?.iter().try_fold(Exit::Done, |_, file| file.settle(args.check))
        }
        Command::SettingsSchema(args) => {
            generated::settings_schemas().iter().try_fold(Exit::Done, |_, file| file.settle(args.check))
        }
    }
}

/// Replaces this process with the full program.
#[cfg(not(feature = "cloud"))]
fn hand_over() -> Result<Exit> {
    use crate::edge::{files, shell, terminal};
    if !shell::was_handed_over() {
        terminal::step("Compiling the AWS and Docker commands; the first build takes a minute or two");
    }
    Err(shell::hand_over(&files::root()))
}
