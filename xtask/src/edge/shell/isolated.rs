//! Restarts this program in an environment without AWS accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use super::is_inherited;

/// Prefixes of the variables that a rehearsal inherits besides those of [`is_inherited`], for compilers, package managers and image
/// builds; none of them configures AWS.
const KEPT_PREFIXES: [&str; 11] =
    ["CARGO", "RUST", "CC", "IMAGE_", "DOCKER_", "PIP_", "UV_", "REQUESTS_CA_", "XDG_", "NODE_", "npm_config_"];

/// Variables that hide this machine's accounts from AWS clients, and bypass proxies for calls to this machine.
const FIXED: [(&str, &str); 5] = [
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ("NO_PROXY", "127.0.0.1,localhost"),
    ("no_proxy", "127.0.0.1,localhost"),
];

/// Restarts this program with the same arguments in an environment without accounts, unless it already runs in one. All
/// child processes inherit the `mark` variable (a name and a value), which other processes use to find them. `secrets` are
/// names of variables that this program keeps; cargo does not inherit them. Returns the mark's current value.
pub fn without_accounts(mark: (&str, &str), secrets: &BTreeSet<String>) -> Result<String> {
    let is_kept = |name: &OsString| {
        let text = name.to_string_lossy();
        let is_kept = is_inherited(name) || KEPT_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
        let is_kept = is_kept || secrets.contains(&*text);
        (is_kept || name == mark.0) && !FIXED.iter().any(|(fixed, _)| name == fixed)
    };
    let current: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    let mut isolated: BTreeMap<OsString, OsString> = FIXED.map(|(name, value)| (name.into(), value.into())).into();
    isolated.extend(current.clone().into_iter().filter(|(name, _)| is_kept(name)));
    if current == isolated && current.contains_key(OsStr::new(mark.0)) {
        return std::env::var(mark.0)
            .with_context(|| format!("the environment variable {} is not valid UTF-8", mark.0));
    }
    let own = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(own);
    command.args(std::env::args_os().skip(1)).env_clear().envs(isolated).env(mark.0, mark.1);
    Err(anyhow::Error::new(command.exec()).context("cannot restart this program"))
}

/// Returns the variables that configure image builds and the Docker engine.
pub fn image_variables() -> BTreeMap<String, String> {
    std::env::vars().filter(|(name, _)| name.starts_with("IMAGE_") || name == "DOCKER_HOST").collect()
}
