//! Runs git in the repository.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

/// Runs a git command; returns its output without the last line break.
pub fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output();
    let output = output.with_context(|| Failure::new("cannot start `git`").hint("install git"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    let command = arguments.first().copied().unwrap_or_default();
    ensure!(output.status.success(), Failure::new(format!("`git {command}` failed: {}", message.trim())));
    let text =
        String::from_utf8(output.stdout).with_context(|| format!("the output of `git {command}` is not UTF-8"))?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// Returns the paths of all tracked files.
pub fn tracked(root: &Path) -> Result<Vec<String>> {
    let names = git(root, &["ls-files", "-z"])?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}
