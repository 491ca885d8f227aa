//! Installs Node.js packages into a separate folder, from a lock file with hashes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

/// Installs the packages from the lock file in `manifests` into `dir`, and reinstalls them if the lock file has
/// changed. `programs` is the folder that contains `npm`. Install scripts are not run. Others that need the packages at
/// the same time wait.
pub fn packages(dir: &Path, manifests: &Path, programs: &Path) -> Result<()> {
    let above = dir.parent().context("the packages have no folder")?;
    std::fs::create_dir_all(above).with_context(|| format!("cannot create the folder `{}`", above.display()))?;
    let lock = std::fs::File::create(dir.with_extension("lock")).context("cannot create the packages' lock file")?;
    lock.lock().context("cannot lock the packages")?;
    let (locked, mark) = (manifests.join("package-lock.json"), dir.join("installed"));
    let current = std::fs::read(&locked).with_context(|| format!("cannot read `{}`", locked.display()))?;
    if std::fs::read(&mark).is_ok_and(|installed| installed == current) {
        return Ok(());
    }
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove `{}`", dir.display()))?;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create the folder `{}`", dir.display()))?;
    for name in ["package.json", "package-lock.json"] {
        let copied = std::fs::copy(manifests.join(name), dir.join(name));
        copied.with_context(|| format!("cannot copy `{name}` to `{}`", dir.display()))?;
    }
    eprintln!("   Installing Node.js packages into {}", dir.display());
    let path = std::env::var("PATH").unwrap_or_default();
    let mut npm = Command::new(programs.join("npm"));
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(dir);
    // npm looks up `node` on PATH.
    let output = npm.env("PATH", format!("{}:{path}", programs.display())).output().context("cannot start npm")?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), Failure::new(format!("cannot install Node.js packages: {}", message.trim())));
    std::fs::write(&mark, current).with_context(|| format!("cannot write `{}`", mark.display()))
}
