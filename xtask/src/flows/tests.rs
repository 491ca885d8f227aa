//! The test suites: their requirements and how each one runs.

mod cargo;
mod dags;
mod database;
mod fuzz;
mod images;
mod templates;
mod workflows;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};
use thiserror::Error;

use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::python::{self, Packages};
use crate::edge::{files, machine, shell};
use crate::failure::Failure;
use crate::pipeline::Invocation;
use database::Database;

pub use workflows::check_pins;

/// The integration tests of the full xtask.
const XTASK: [&str; 6] = ["--package", "xtask", "--features", "cloud", "--test", "it"];
/// Comparisons with other tools, for figures in the documentation. They run only by name.
const BY_NAME: [&str; 2] = ["sync speed", "image size"];
/// Starts MiniStack and adds resource types that it does not support.
const LAUNCHER: &str = "xtask/emulator/ministack.py";

/// The result of one suite.
#[derive(Debug)]
pub struct Suite {
    pub suite: &'static str,
    /// Whether every test passed; an error is the reason why the suite did not run.
    pub passed: Result<bool, String>,
    pub seconds: f64,
}

/// This machine lacks a requirement of a suite.
#[derive(Debug, Error)]
#[error("{0}")]
struct Missing(String);

/// A suite: its name, why it runs only on request, and its function, which returns whether every test passed.
type Entry = (&'static str, Option<&'static str>, fn(&Bench<'_>) -> Result<bool>);

/// Suites that share the Docker engine and a copy of the repository: one after another, beside the other suites.
const ON_ENGINE: [&str; 2] = ["images", "rehearsal"];

/// Every suite, the fast ones first. The first one builds the programs that the others use, so it runs alone.
const SUITES: [Entry; 17] = [
    ("light", None, cargo::light),
    ("rust", None, cargo::rust),
    ("redshift sql", None, cargo::redshift_sql),
    ("redshift dbt", Some("takes minutes"), cargo::redshift_dbt),
    ("s3 lake", Some("needs an emulator"), cargo::s3_lake),
    ("templates", Some("needs linters"), templates::run),
    ("workflows", Some("needs linters"), workflows::run),
    ("stacks", Some("needs an emulator"), cargo::stacks),
    ("dags", Some("needs Airflow"), dags::run),
    ("images", Some("needs a Docker engine"), images::run),
    ("rehearsal", Some("needs a Docker engine"), cargo::rehearsal),
    ("exactly once", Some("takes minutes"), cargo::exactly_once),
    ("lineage", Some("needs OpenLineage"), cargo::lineage),
    ("report", Some("needs a browser"), cargo::report),
    ("sync speed", Some("takes minutes"), cargo::sync_speed),
    ("image size", Some("takes minutes"), images::size),
    ("fuzz", Some("takes minutes"), fuzz::run),
];

/// The environment in which the suites run.
struct Bench<'a> {
    root: PathBuf,
    dir: PathBuf,
    database: Database,
    report: &'a (dyn Fn(&str) + Sync),
    /// Whether suites run in parallel; the output of each is then printed when it finishes.
    parallel: bool,
}

impl Bench<'_> {
    /// Creates a folder for one suite.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        files::folder(&self.dir.join(name))
    }

    /// Runs the tests that match the filter, with the environment variables of the database and those in `more`.
    fn cargo_test(&self, select: &[&str], filter: &[&str], more: &[(&str, String)]) -> Result<bool> {
        let mut environment = self.database.environment();
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let log = self.parallel.then(tempfile::NamedTempFile::new).transpose()?;
        let passed =
            shell::cargo_test(&self.root, select, filter, &environment, log.as_ref().map(|log| log.as_file()))?;
        if let Some(log) = log {
            eprint!("{}", files::read(log.path())?.unwrap_or_default());
        }
        Ok(passed)
    }

    /// Creates a Python environment with the packages from a lock file in the repository.
    fn python(&self, name: &str, lock: &str) -> Result<PathBuf> {
        self.environment(None, name, Packages::Locked(&self.root.join(lock)))
    }

    /// Creates a Python environment for this interpreter, or for `python3`.
    ///
    /// # Errors
    /// [`Missing`] if it cannot be created.
    fn environment(&self, interpreter: Option<&Path>, name: &str, packages: Packages<'_>) -> Result<PathBuf> {
        let environment = self.root.join("target/python").join(name);
        let created = python::environment(interpreter, &environment, packages);
        created.map_err(|error| Missing(format!("{error:#}")).into())
    }

    /// Starts MiniStack, directly or with a launcher such as [`LAUNCHER`].
    fn ministack(&self, launcher: Option<&str>, folder: &str) -> Result<Emulator> {
        let python = self.environment(None, "ministack", Packages::Pinned(&[MINISTACK]))?;
        let launcher = launcher.map(|launcher| self.root.join(launcher));
        Emulator::ministack(&python, launcher.as_deref(), &self.folder(folder)?)
    }

    /// Runs a tool in a folder; prints its output unless the tool succeeds and `accepts` returns true.
    fn passes(
        &self,
        tool: &Invocation,
        programs: &Path,
        folder: &Path,
        accepts: impl Fn(&str) -> bool,
    ) -> Result<bool> {
        let output = shell::captured(tool, programs, folder)?;
        let passed = output.code == Some(0) && accepts(&output.text);
        if !passed {
            eprintln!("{}", output.text);
        }
        Ok(passed)
    }
}

/// Whether a Docker engine is running.
fn has_docker() -> bool {
    machine::first_line("docker", &["version", "--format", "{{.Server.Version}}"]).is_some()
}

/// Fails unless a Docker engine is running and this program is installed.
fn require_docker_and(program: &str) -> Result<()> {
    ensure!(has_docker(), Missing("no Docker engine is running, or the `docker` command is missing".to_owned()));
    let missing = || Missing(format!("`{program}` is not installed; run `sudo apt-get install {program}`"));
    ensure!(machine::first_line(program, &["--version"]).is_some(), missing());
    Ok(())
}

/// Runs the suites named in `only`. If it is empty, runs every suite except those [`BY_NAME`] if `all` is true, and otherwise
/// only the suites without special requirements.
pub fn run(all: bool, only: &[String], report: &(dyn Fn(&str) + Sync)) -> Result<Vec<Suite>> {
    let names: Vec<&str> = SUITES.iter().map(|(name, _, _)| *name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        let failure = Failure::new(format!("unknown suite `{unknown}`"));
        return Err(failure.hint(format!("the suites are `{}`", names.join("`, `"))).into());
    }
    let root = files::root();
    let dir = files::folder(&root.join("target/test"))?;
    let _lock = files::lock(&dir)?;
    report("Starting the test database");
    let database = Database::start(&dir, report)?;
    let mut bench = Bench { root, dir, database, report, parallel: false };
    let selected = SUITES.into_iter().filter(|(name, _, _)| match only {
        [] => !BY_NAME.contains(name),
        only => only.iter().any(|only| only == name),
    });
    let (first, others): (Vec<_>, Vec<_>) = selected.partition(|(name, _, _)| *name == "light");
    let lanes: (Vec<_>, Vec<_>) = others.into_iter().partition(|(name, _, _)| ON_ENGINE.contains(name));
    let run = |bench: &Bench<'_>, suites: Vec<Entry>| -> Result<Vec<Suite>> {
        let run = |(suite, more, work): Entry| {
            let start = Instant::now();
            let passed = match more {
                Some(why) if !all && only.is_empty() => Err(format!("{why}; run `cargo xtask test --all`")),
                _ => match work(bench) {
                    Ok(passed) => Ok(passed),
                    Err(error) if error.is::<Missing>() => Err(error.to_string()),
                    Err(error) => return Err(error.context(format!("cannot run the `{suite}` suite"))),
                },
            };
            Ok(Suite { suite, passed, seconds: start.elapsed().as_secs_f64() })
        };
        suites.into_iter().map(run).collect()
    };
    let mut results = run(&bench, first)?;
    bench.parallel = !lanes.0.is_empty() && !lanes.1.is_empty();
    let (bench, (on_engine, others)) = (&bench, lanes);
    let (on_engine, others) = std::thread::scope(|scope| {
        let on_engine = scope.spawn(|| run(bench, on_engine));
        (run(bench, others), on_engine.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    results.extend(others?);
    results.extend(on_engine?);
    results.sort_by_key(|result| names.iter().position(|name| *name == result.suite));
    Ok(results)
}
