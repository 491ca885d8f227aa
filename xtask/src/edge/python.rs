//! Private Python environments, one for each set of tools, with exact package versions.

#[cfg(feature = "cloud")]
pub mod imports;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::failure::Failure;

/// The versions of programs that are installed one at a time, where Dependabot updates them.
const PROGRAMS: &str = include_str!("../../python/requirements.txt");

/// The packages of an environment.
#[derive(Clone, Copy, Debug)]
pub enum Packages<'p> {
    /// One of [`PROGRAMS`], by name.
    Program(&'p str),
    /// A lock file with exact versions and hashes, which are checked.
    Locked(&'p Path),
}

/// Creates an environment with these packages in `dir`, for `python3` or another interpreter; recreates it if the list
/// or its path has changed. The first program creates it; others that need it at the same time wait.
///
/// Uses uv, a few seconds where pip takes a minute: the machine's own or a copy next to `dir`; otherwise pip.
pub fn environment(interpreter: Option<&Path>, dir: &Path, packages: Packages<'_>) -> Result<PathBuf> {
    // The lock file is complete. With dependencies, pip 23 would resolve `fastapi[standard]` to the newest version
    // although `fastapi` is pinned, and then reject it.
    let locked = ["--no-deps", "--require-hashes", "-r"].map(OsStr::new);
    let (list, arguments) = match packages {
        Packages::Program(name) => {
            let is_of = |line: &&str| line.split_once("==").is_some_and(|(program, _)| program == name);
            let pin = PROGRAMS.lines().find(is_of).with_context(|| format!("`{name}` has no pinned version"))?;
            (pin.to_owned(), vec![OsStr::new(pin)])
        }
        Packages::Locked(file) => {
            let list = fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
            (list, [&locked[..], &[file.as_os_str()]].concat())
        }
    };
    let above = dir.parent().unwrap_or(dir);
    let created = fs::create_dir_all(above).and_then(|()| above.canonicalize());
    let above = created.with_context(|| format!("cannot create the folder `{}`", above.display()))?;
    // Its programs contain its path, without links: if the repository is moved, they do not start.
    let dir = &above.join(dir.file_name().unwrap_or_default());
    let list = format!("{}\n{list}", dir.display());
    let lock = fs::File::create(dir.with_extension("lock")).context("cannot create the environment's lock file")?;
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
    let interpreter = interpreter.unwrap_or(Path::new("python3"));
    let private = dir.with_file_name("uv");
    if *dir == private || !with_uv(&private, interpreter, dir, &arguments) {
        with_pip(interpreter, dir, &arguments)?;
    }
    fs::write(&mark, list).with_context(|| format!("cannot write `{}`", mark.display()))?;
    Ok(dir.to_owned())
}

/// Returns all interpreters with a name such as `python3.12`: the one on PATH, those installed by pyenv (in
/// `PYENV_ROOT`, or else `~/.pyenv`), and those in the tool cache of GitHub's runner.
pub fn interpreters(name: &str) -> Vec<PathBuf> {
    let root = |variable| std::env::var_os(variable).map(PathBuf::from);
    let pyenv = root("PYENV_ROOT").or_else(|| Some(root("HOME")?.join(".pyenv")));
    let of_pyenv = pyenv.into_iter().flat_map(|root| entries(&root.join("versions")));
    // One folder for each version, and in it one for each architecture.
    let cached = root("RUNNER_TOOL_CACHE").into_iter().flat_map(|root| entries(&root.join("Python")));
    let versions = of_pyenv.chain(cached.flat_map(|version| entries(&version)));
    let programs = versions.map(|version| version.join("bin").join(name)).filter(|program| program.is_file());
    std::iter::once(PathBuf::from(name)).chain(programs).collect()
}

/// Returns what a folder contains; nothing if it does not exist.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Installs the packages with the machine's uv, or with the one installed at `private`; returns whether it succeeded.
///
/// Does not report failures: the caller then uses pip, which reports its own. Unlike uv, pip also reads the package
/// index from `pip.conf` and `PIP_INDEX_URL`.
fn with_uv(private: &Path, python: &Path, dir: &Path, list: &[&OsStr]) -> bool {
    let mut uv = PathBuf::from("uv");
    if run(Command::new(&uv).arg("--version")).is_err() {
        let Ok(installed) = environment(None, private, Packages::Program("uv")) else { return false };
        uv = installed.join("bin/uv");
    }
    let install = ["pip", "install", "--quiet", "--python"];
    run(Command::new(&uv).args(["venv", "--quiet", "--python"]).arg(python).arg(dir)).is_ok()
        && run(Command::new(&uv).args(install).arg(dir.join("bin/python")).args(list)).is_ok()
}

fn with_pip(python: &Path, dir: &Path, list: &[&OsStr]) -> Result<()> {
    let missing = || {
        let failure = Failure::new("Python 3 or its `venv` module is not installed");
        failure.hint("run `sudo apt-get install python3 python3-venv`, or install `uv`")
    };
    let output = Command::new(python).args(["-m", "venv", "--clear"]).arg(dir).output().map_err(|_| missing())?;
    ensure!(output.status.success(), missing());
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(dir.join("bin/python")).args(install).args(list))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), Failure::new(format!("cannot install Python packages: {}", message.trim())));
    Ok(())
}

#[cfg(test)]
#[path = "../../tests/unit/edge/python.rs"]
mod tests;
