//! `cargo xtask <command>`: everything a person or a workflow does with the platform.

// The light program leaves out what needs the crates of the feature, and so calls less than it has. The full one is held
// to calling all.
#![cfg_attr(not(feature = "cloud"), allow(dead_code, unused_imports))]

mod cli;
mod commands;
mod dbt;
mod doctor;
mod edge;
mod flows;
#[cfg(feature = "cloud")]
mod image;
#[cfg(feature = "cloud")]
mod lines;
mod page;
mod pipeline;
#[cfg(feature = "cloud")]
mod plan;
mod platform;
#[cfg(feature = "cloud")]
mod rehearsal;
mod report;
#[cfg(feature = "cloud")]
mod run;
mod settings;
mod stack;
#[cfg(feature = "cloud")]
mod sync;
mod ui;
#[cfg(feature = "cloud")]
mod verdict;
mod warehouse;
mod workflow;

use std::process::ExitCode;

use clap::Parser;
#[allow(clippy::single_component_path_imports, reason = "modules name it `crate::failure`")]
use connect::failure;

fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            edge::terminal::error(&error);
            failure::exit_of(&error).into()
        }
    }
}
