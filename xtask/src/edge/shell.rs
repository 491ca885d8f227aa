//! Runs child processes to completion.

mod cargo;
#[cfg(feature = "cloud")]
mod isolated;
mod log;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{self, Command, Stdio};

use anyhow::{Context, Result};
use contract::Exit;
use xshell::{Shell, cmd};

use crate::failure::Failure;
use crate::pipeline::Invocation;
pub use cargo::*;
#[cfg(feature = "cloud")]
pub use isolated::{image_variables, without_accounts};
pub use log::Log;

/// The variables that child processes inherit; all others, such as `AWS_*` and secrets, are removed.
const KEPT: &str = "PATH HOME USER LANG LC_ALL LC_CTYPE TERM COLUMNS NO_COLOR CI TMPDIR TZ RUST_BACKTRACE \
    SSL_CERT_FILE SSL_CERT_DIR HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy ALL_PROXY";

/// Whether child processes inherit a variable.
fn is_inherited(name: &OsStr) -> bool {
    KEPT.split(' ').any(|kept| name == kept)
}

/// Output of a program.
#[derive(Clone, Debug)]
pub struct Output {
    /// Standard output, then standard error.
    pub text: String,
    /// `None` if a signal stopped the program.
    pub code: Option<i32>,
}

fn command(step: &Invocation, programs: &Path) -> Command {
    let mut command = Command::new(programs.join(&step.program));
    let inherited = std::env::vars_os().filter(|(name, _)| is_inherited(name));
    command.args(&step.arguments).env_clear().envs(inherited).envs(&step.environment);
    command
}

fn output(command: &mut Command) -> Result<process::Output> {
    command.output().with_context(|| format!("cannot start `{}`", command.get_program().display()))
}

/// Runs a step and returns its standard output; its standard error is not captured. On failure, the exit code is 75 if
/// the program exited with 75, and otherwise 1.
pub fn step(step: &Invocation, programs: &Path) -> Result<String> {
    // Omit informational messages: the command prints a table at the end.
    let output = output(command(step, programs).env("LOG_LEVEL", "warn").stderr(Stdio::inherit()))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let code = output.status.code();
    let exit = if code == Some(Exit::TempFail as i32) { Exit::TempFail } else { Exit::Failed };
    let how = code.map_or_else(|| output.status.to_string(), |code| format!("exit code {code}"));
    Err(Failure::new(format!("`{}` failed ({how})", step.program)).exit(exit).into())
}

/// Runs a step in a folder and captures its output.
pub fn captured(step: &Invocation, programs: &Path, folder: &Path) -> Result<Output> {
    let output = output(command(step, programs).current_dir(folder))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok(Output { text, code: output.status.code() })
}

/// Runs a program and returns its standard output; its standard error is not captured. Secrets are passed on standard
/// input, because every process on the machine can read the arguments.
pub fn read(program: &str, arguments: &[impl AsRef<OsStr>], input: &str) -> Result<String> {
    let shell = Shell::new()?;
    Ok(cmd!(shell, "{program} {arguments...}").stdin(input).quiet().read()?)
}

/// Like [`read`], but also returns the output of a program that fails, and prints nothing.
pub fn attempt(program: &str, arguments: &[&str], input: &str) -> Result<Result<String, String>> {
    let shell = Shell::new()?;
    let output = cmd!(shell, "{program} {arguments...}").stdin(input).quiet().ignore_status().output()?;
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    Ok(if output.status.success() { Ok(out) } else { Err(format!("{err}\n{out}")) })
}
