//! Child commands that run to completion.

#[cfg(feature = "cloud")]
mod alone;
mod cargo;

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use contract::Exit;
use xshell::{Shell, cmd};

use crate::failure::Failure;
use crate::pipeline::Invocation;
#[cfg(feature = "cloud")]
pub use alone::{of_images, without_accounts};
pub use cargo::*;

/// What a child may see of our environment; all else, every `AWS_*` variable and every secret, stays out.
const KEPT: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "COLUMNS",
    "NO_COLOR",
    "CI",
    "TMPDIR",
    "TZ",
    "RUST_BACKTRACE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "ALL_PROXY",
];

/// The environment for a child that must not reach any account.
pub fn scrubbed() -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)).collect()
}

/// Where the sources are from.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The commit's id, with `-changed` if files differ from it.
    pub revision: String,
    /// When it was made, RFC 3339.
    pub when: String,
    /// The repository's address, without whatever may be secret in it.
    pub source: Option<String>,
}

/// The commit that is checked out; none outside a clone or without git.
pub fn commit(root: &Path) -> Option<Commit> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = if git(&["status", "--porcelain"])?.is_empty() { "" } else { "-changed" };
    let source = git(&["remote", "get-url", "origin"]).filter(|url| url.starts_with("https://") && !url.contains('@'));
    Some(Commit {
        revision: format!("{}{changed}", git(&["rev-parse", "HEAD"])?),
        when: git(&["show", "--no-patch", "--format=%cI", "HEAD"])?,
        source,
    })
}

/// Runs a step of a run with its own environment and nothing else of ours that matters; gives its standard output.
///
/// # Errors
/// With the program's own exit code, 1 or 75; its words are on standard error already.
pub fn step(step: &Invocation, programs: &Path) -> Result<String> {
    let program = programs.join(&step.program);
    let output = Command::new(&program)
        .args(&step.arguments)
        .env_clear()
        .envs(scrubbed())
        .envs(&step.environment)
        // The table at the end says what went well.
        .env("LOG_LEVEL", "warn")
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let code = output.status.code();
    let exit = if code == Some(Exit::TempFail as i32) { Exit::TempFail } else { Exit::Failed };
    let how = code.map_or_else(|| output.status.to_string(), |code| format!("exit code {code}"));
    Err(Failure::new(format!("`{}` failed ({how})", step.name)).exit(exit).into())
}

/// Whether there is a C++ compiler, where the build of libFuzzer looks for one.
pub fn has_cpp_compiler() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::var_os("CXX").is_some() || std::env::split_paths(&path).any(|folder| folder.join("c++").is_file())
}

/// What a program says on its standard output; its words about trouble are the error.
pub fn says(program: &str, arguments: &[&str]) -> Result<String> {
    let shell = Shell::new()?;
    Ok(cmd!(shell, "{program} {arguments...}").quiet().read()?)
}

/// What a program said, on both its channels, and its exit code if it was not killed.
#[derive(Clone, Debug)]
pub struct Output {
    /// Standard output, then standard error.
    pub text: String,
    /// The exit code.
    pub code: Option<i32>,
}

/// Runs a step in a folder, keeping what it says.
pub fn captured(step: &Invocation, programs: &Path, folder: &Path) -> Result<Output> {
    let program = programs.join(&step.program);
    let output = Command::new(&program)
        .args(&step.arguments)
        .env_clear()
        .envs(scrubbed())
        .envs(&step.environment)
        .current_dir(folder)
        .output()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok(Output { text, code: output.status.code() })
}

/// Runs GitHub's command line in the repository, and gives what it says. What is secret goes to its standard input: words are
/// seen by every process of the machine.
///
/// # Errors
/// When it is not there or refuses, with its words.
pub fn gh(words: &[impl AsRef<std::ffi::OsStr>], input: &str) -> Result<String> {
    let shell = Shell::new()?;
    Ok(cmd!(shell, "gh {words...}").stdin(input).quiet().read()?)
}
