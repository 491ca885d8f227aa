//! `cargo xtask doctor`: checks this machine, and prints how to install what is missing.

use anyhow::Result;
use contract::Exit;

use crate::cli::Doctor;
use crate::doctor;
use crate::edge::terminal;
use crate::flows;

pub(super) fn run(args: &Doctor) -> Result<Exit> {
    let facts = flows::doctor::facts(args.which.env.as_deref(), args.which.dot_env.as_deref())?;
    let verdicts = doctor::diagnoses(&facts);
    if args.json {
        terminal::say(&format!("{}\n", serde_json::to_string(&verdicts)?))?;
    } else {
        terminal::say(&terminal::lights(&doctor::report(&verdicts)))?;
    }
    Ok(if doctor::is_red(&verdicts) { Exit::Failed } else { Exit::Done })
}
