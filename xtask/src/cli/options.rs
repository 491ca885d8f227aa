//! Options shared by several commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

#[derive(Args, Debug)]
pub struct Common {
    /// Settings module: infra/settings/<NAME>.yaml (default: SETTINGS_MODULE in the environment or .env, otherwise dev)
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Read FILE instead of .env
    #[arg(long, value_name = "FILE")]
    pub dot_env: Option<PathBuf>,
    /// Print JSON on standard output instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct Scope {
    /// Include only this stack (its file name in infra/ without `.yaml`); repeatable
    #[arg(long = "stack", value_name = "NAME")]
    pub stacks: Vec<String>,
    /// Read the templates from DIR instead of infra/
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args, Debug)]
pub struct Check {
    /// Do not write the file; fail if it is out of date
    #[arg(long)]
    pub check: bool,
}

/// Parses the interval between polls.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if (0.05..=600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be between 0.05 and 600 seconds".to_owned())
    }
}
