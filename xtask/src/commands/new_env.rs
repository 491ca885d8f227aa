//! `cargo xtask new-env`: writes the settings of another deployment.

use anyhow::Result;
use contract::Exit;

use crate::cli::NewEnv;
use crate::edge::terminal;
use crate::flows::new_env;

pub(super) fn run(args: &NewEnv) -> Result<Exit> {
    let NewEnv { name, like } = args;
    let path = new_env::write(name, like)?;
    terminal::step(&format!("Wrote {}", path.display()));
    terminal::print(&format!(
        "Next, check the settings, and run:\n  cargo xtask settings --env {name}\n  cargo xtask ci-gen\n  \
         cargo xtask setup-github --env {name}\n  cargo xtask deploy --env {name}\n"
    ))?;
    Ok(Exit::Done)
}
