//! Installs Node.js packages into a separate folder, from a lock file with hashes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// Installs the packages from the lock file in `manifests` into `dir`, and reinstalls them if the lock file has
/// changed. `programs` is the folder that contains `npm`. Install scripts are not run. Others that need the packages at
/// the same time wait.
pub fn packages(dir: &Path, manifests: &Path, programs: &Path) -> Result<()> {
    let above = dir.parent().context("the packages have no folder")?;
    std::fs::create_dir_all(above).with_context(|| format!("cannot create the folder `{}`", above.display()))?;
    let lock = std::fs::File::create(dir.with_extension("lock")).context("cannot create the packages' lock file")?;
    lock.lock().context("cannot lock the packages")?;
    let read = |folder: &Path| FILES.map(|name| std::fs::read_to_string(folder.join(name)).ok());
    let current = read(manifests);
    let mark = dir.join("installed");
    if mark.exists() && read(dir) == current {
        return Ok(());
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove `{}`", dir.display()))?;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create the folder `{}`", dir.display()))?;
    for (name, text) in FILES.iter().zip(current) {
        let text = text.with_context(|| format!("`{}` does not exist", manifests.join(name).display()))?;
        std::fs::write(dir.join(name), text).with_context(|| format!("cannot write to `{}`", dir.display()))?;
    }
    eprintln!("   Installing Node.js packages into {}", dir.display());
    let path = std::env::var("PATH").unwrap_or_default();
    let mut npm = Command::new(programs.join("npm"));
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(dir);
    // npm looks up `node` on PATH.
    let output = npm.env("PATH", format!("{}:{path}", programs.display())).output().context("cannot start npm")?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), Failure::new(format!("cannot install Node.js packages: {}", message.trim())));
    std::fs::write(&mark, "").with_context(|| format!("cannot write `{}`", mark.display()))
}
