//! Shared by the commands: reading the settings and printing the result.

use anyhow::Result;
use contract::Exit;
use serde::Serialize;

use crate::cli::Common;
use crate::edge::terminal;
use crate::flows::configure::{self, Configured};
use crate::settings::Variables;

pub(super) fn configured(common: &Common) -> Result<(Configured, Variables)> {
    let variables = configure::variables(common.dot_env.as_deref())?;
    Ok((configure::module(common.env.as_deref(), &variables)?, variables))
}

pub(super) fn print(as_json: bool, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<Exit> {
    terminal::print(&if as_json { format!("{}\n", serde_json::to_string(value)?) } else { text() })?;
    Ok(Exit::Done)
}
