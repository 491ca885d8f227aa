//! Private Python environments: one for each set of tools, with exact versions.

#[cfg(feature = "cloud")]
pub mod imports;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

/// The packages of an environment.
#[derive(Clone, Copy, Debug)]
pub enum Packages<'p> {
    /// Exact versions by name.
    Pinned(&'p [&'p str]),
    /// A file of exact versions with their hashes, which are checked.
    Locked(&'p Path),
}

/// An environment at `dir` with these packages, of `python3` or another interpreter, created again if the list has changed.
/// Programs that need the same environment at the same time wait for the first.
///
/// Uses `uv` if it is installed, which takes seconds; otherwise `python3 -m venv` and pip. Both read `SSL_CERT_FILE`,
/// `PIP_CERT` and `REQUESTS_CA_BUNDLE`.
pub fn environment(interpreter: Option<&Path>, dir: &Path, packages: Packages<'_>) -> Result<PathBuf> {
    // The lock file is complete. With dependencies, pip 23 would resolve `fastapi[standard]` to the newest version although
    // `fastapi` is pinned, and then refuse it.
    let locked = ["--no-deps", "--require-hashes", "-r"].map(OsStr::new);
    let (list, arguments) = match packages {
        Packages::Pinned(names) => (names.join("\n"), names.iter().map(OsStr::new).collect()),
        Packages::Locked(file) => {
            let list = fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
            (list, [&locked[..], &[file.as_os_str()]].concat())
        }
    };
    if let Some(above) = dir.parent() {
        fs::create_dir_all(above).with_context(|| format!("cannot create the folder `{}`", above.display()))?;
    }
    let lock = fs::File::create(dir.with_extension("lock")).context("cannot create the environment's lock")?;
    lock.lock().context("cannot lock the environment")?;
    let mark = dir.join("packages");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == list) {
        return Ok(dir.to_owned());
    }
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot remove `{}`", dir.display()))?;
    }
    // A closed pipe is not an error.
    let _ = writeln!(std::io::stderr(), "   Installing Python packages into {}", dir.display());
    if Command::new("uv").arg("--version").output().is_ok_and(|output| output.status.success()) {
        let python = interpreter.map(|path| [OsStr::new("--python"), path.as_os_str()]);
        run(Command::new("uv").args(["venv", "--quiet"]).args(python.into_iter().flatten()).arg(dir))?;
        run(Command::new("uv")
            .args(["pip", "install", "--quiet", "--python"])
            .arg(dir.join("bin/python"))
            .args(arguments))?;
    } else {
        create_venv(interpreter.unwrap_or(Path::new("python3")), dir)?;
        let mut pip = Command::new(dir.join("bin/python"));
        run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(arguments))?;
    }
    fs::write(&mark, list).with_context(|| format!("cannot write `{}`", mark.display()))?;
    Ok(dir.to_owned())
}

/// All interpreters with a name such as `python3.12`: the one on PATH, and those of pyenv (in `PYENV_ROOT`, else `~/.pyenv`).
pub fn interpreters(name: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".pyenv"))).unwrap_or_default();
    let versions = fs::read_dir(root.join("versions")).into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin").join(name)).filter(|program| program.is_file());
    std::iter::once(PathBuf::from(name)).chain(programs).collect()
}

fn create_venv(python: &Path, dir: &Path) -> Result<()> {
    let missing = || {
        let failure = Failure::new("Python 3 with its `venv` module is not installed");
        failure.hint("sudo apt-get install python3 python3-venv (or install `uv`)")
    };
    let output = Command::new(python).args(["-m", "venv"]).arg(dir).output().map_err(|_| missing())?;
    ensure!(output.status.success(), missing());
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), Failure::new(format!("cannot install Python packages: {}", message.trim())));
    Ok(())
}
