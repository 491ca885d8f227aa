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

/// Parses the URL of a source that jobs on AWS can read.
pub(super) fn source_url(text: &str) -> Result<String, String> {
    let is_readable = ["http://", "https://", "s3://"].iter().any(|scheme| text.starts_with(scheme));
    let is_url = is_readable && !text.contains(char::is_whitespace);
    // Other users can read the command line, and Airflow shows the options of a run.
    match text.split('/').nth(2) {
        Some(host) if is_url && !host.is_empty() && !host.contains('@') => Ok(text.to_owned()),
        _ => Err("use http(s)://host or s3://bucket/prefix, without a user or password".to_owned()),
    }
}

/// Parses a value of a cursor, such as a time or a number.
pub(super) fn cursor(text: &str) -> Result<String, String> {
    let is_value = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_value { Ok(text.to_owned()) } else { Err("use 1 to 64 ASCII characters without blanks".to_owned()) }
}

/// Parses the dbt models to build; an option of dbt is not one.
pub(super) fn selection(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_legal = !words.is_empty() && !words.iter().any(|word| word.starts_with('-')) && text.len() <= 500;
    if is_legal {
        Ok(words.join(" "))
    } else {
        Err("use models as for `dbt build --select`, without options".to_owned())
    }
}
