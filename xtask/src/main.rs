//! `cargo xtask <command>`: everything a person or a workflow does with the platform.

mod cli;
mod commands;
mod dbt;
mod doctor;
mod edge;
mod failure;
mod flows;
mod image;
mod page;
mod pipeline;
mod report;
mod settings;
mod ui;
mod warehouse;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            edge::terminal::error(&error);
            failure::exit_of(&error).into()
        }
    }
}
