//! `cargo xtask <command>`: every task of the platform, for people and for workflows.

// Without the `cloud` feature, some functions are unused; the full program must use all of them.
#![cfg_attr(not(feature = "cloud"), allow(dead_code, unused_imports))]

mod cli;
mod commands;
#[cfg(feature = "cloud")]
mod conformance;
mod dbt;
mod digest;
mod doctor;
mod edge;
mod flows;
#[cfg(feature = "cloud")]
mod image;
#[cfg(feature = "cloud")]
mod lines;
mod pipeline;
#[cfg(feature = "cloud")]
mod plan;
mod platform;
mod propose;
#[cfg(feature = "cloud")]
mod rehearsal;
mod release;
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

#[allow(clippy::single_component_path_imports, reason = "modules refer to it as `crate::failure`")]
use connect::failure;

fn main() -> ExitCode {
    match commands::run(cli::help::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            edge::terminal::error(&error);
            failure::exit_of(&error).into()
        }
    }
}
