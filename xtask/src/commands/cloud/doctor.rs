//! `cargo xtask doctor`: checks this machine, and prints how to install what is missing.

use anyhow::Result;
use contract::Exit;

use crate::cli::Common;
use crate::commands::common::print;
use crate::doctor;
use crate::edge::terminal;
use crate::flows;

pub(super) fn run(common: &Common) -> Result<Exit> {
    let facts = flows::doctor::facts(common.env.as_deref(), common.dot_env.as_deref())?;
    let verdicts = doctor::diagnoses(&facts);
    print(common.json, &verdicts, || terminal::coloured(&doctor::report(&verdicts)))?;
    Ok(if doctor::is_red(&verdicts) { Exit::Failed } else { Exit::Done })
}
