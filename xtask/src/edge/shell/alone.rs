//! This very program in an environment without accounts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use super::KEPT;

/// What a rehearsal may see beside [`KEPT`]: what compiles, installs and builds. No name of AWS is among them.
const REHEARSED: [&str; 9] = ["CARGO", "RUST", "CC", "IMAGE_", "DOCKER_", "PIP_", "UV_", "REQUESTS_CA_", "XDG_"];

/// What keeps a client of AWS from whatever this machine knows of accounts, and from proxies on its way to this machine.
const SHUT: [(&str, &str); 5] = [
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ("NO_PROXY", "127.0.0.1,localhost"),
    ("no_proxy", "127.0.0.1,localhost"),
];

/// Becomes the same program with the same arguments, in an environment without accounts; does nothing where it is in one.
///
/// # Errors
/// When the program cannot be started again.
///
/// Whatever it starts inherits `mark`, name and value, by which others find it; gives the value that it has.
pub fn without_accounts(mark: (&str, &str)) -> Result<String> {
    let is_shut = |name: &OsString, value: &OsString| SHUT.iter().any(|(n, v)| name == n && value == v);
    let may_stay = |name: &OsString| {
        let text = name.to_string_lossy();
        let is_kept = KEPT.contains(&text.as_ref()) || REHEARSED.iter().any(|start| text.starts_with(start));
        (is_kept || name == mark.0) && !SHUT.iter().any(|(shut, _)| name == shut)
    };
    let all: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let count = all.iter().filter(|(name, value)| is_shut(name, value)).count();
    let is_marked = all.iter().any(|(name, _)| name == mark.0);
    if is_marked && count == SHUT.len() && all.iter().all(|(name, value)| may_stay(name) || is_shut(name, value)) {
        return std::env::var(mark.0).with_context(|| format!("{} is not UTF-8", mark.0));
    }
    let own = std::env::current_exe().context("cannot find our own program")?;
    let mut command = Command::new(own);
    command.args(std::env::args_os().skip(1)).env_clear().envs(SHUT);
    command.envs(all.into_iter().filter(|(name, _)| may_stay(name))).env(mark.0, mark.1);
    Err(anyhow::Error::new(command.exec()).context("cannot start our own program again"))
}

/// Of the environment, what says how images are made on this machine, and by which engine.
pub fn of_images() -> BTreeMap<String, String> {
    std::env::vars().filter(|(name, _)| name.starts_with("IMAGE_") || name == "DOCKER_HOST").collect()
}
