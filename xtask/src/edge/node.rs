//! Packages for Node.js in a folder of their own, from a lock with hashes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

/// The two files that say what there is to install.
const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// A folder with the packages of another folder's lock; made anew when that has changed. `programs` has `npm`. No package
/// runs anything while it is installed.
///
/// # Errors
/// When a package cannot be had.
pub fn packages(dir: &Path, manifests: &Path, programs: &Path) -> Result<()> {
    let read = |folder: &Path| FILES.map(|name| std::fs::read_to_string(folder.join(name)).ok());
    let wanted = read(manifests);
    let mark = dir.join("installed");
    if mark.exists() && read(dir) == wanted {
        return Ok(());
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove `{}`", dir.display()))?;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder `{}`", dir.display()))?;
    for (name, text) in FILES.iter().zip(wanted) {
        let text = text.with_context(|| format!("there is no `{}`", manifests.join(name).display()))?;
        std::fs::write(dir.join(name), text).with_context(|| format!("cannot write to `{}`", dir.display()))?;
    }
    eprintln!("   Installing packages for Node.js into {}", dir.display());
    let path = std::env::var("PATH").unwrap_or_default();
    let mut npm = Command::new(programs.join("npm"));
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(dir);
    // npm starts node by its name.
    let output = npm.env("PATH", format!("{}:{path}", programs.display())).output().context("cannot start npm")?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), Failure::new(format!("cannot install packages for Node.js: {}", words.trim())));
    std::fs::write(&mark, "").with_context(|| format!("cannot write `{}`", mark.display()))
}
