//! Runs the source linters, each with a single command.

use std::path::PathBuf;

use anyhow::Result;

use crate::edge::python::Packages;
use crate::edge::{files, python, shell};
use crate::failure::Failure;

/// Lock file of the linters for workflows and crates, with hashes.
pub const TOOLS: &str = "xtask/ci/requirements.txt";

/// Returns the Python environment with these tools.
pub fn tools() -> Result<PathBuf> {
    let root = files::root();
    python::environment(None, &root.join("target/python/workflows"), Packages::Locked(&root.join(TOOLS)))
}

/// Runs cargo, which prints the problems that it finds to standard error.
pub fn cargo(words: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let failure = || Failure::new(format!("`cargo {}` reported problems", words.join(" ")));
    shell::lint(&files::root(), None, words, environment).map_err(|_| failure().hint("see the output above").into())
}

/// Runs checks of cargo-deny, which prints the problems that it finds to standard error.
pub fn deny(checks: &[&str]) -> Result<()> {
    let program = tools()?.join("bin/cargo-deny");
    let words = [&["--all-features", "--locked", "check", "--hide-inclusion-graph"], checks].concat();
    let failure = || Failure::new(format!("`cargo deny check {}` reported problems", checks.join(" ")));
    shell::lint(&files::root(), Some(&program), &words, &[]).map_err(|_| failure().hint("see the output above").into())
}
