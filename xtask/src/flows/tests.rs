//! The test suites: their requirements and how each one runs.

mod act;
mod cargo;
mod dags;
mod database;
mod fuzz;
mod images;
mod limit;
mod results;
mod templates;
mod workflows;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use thiserror::Error;

use crate::edge::emulator::Emulator;
use crate::edge::python::{self, Packages};
use crate::edge::shell::Log;
use crate::edge::{files, machine, shell};
use crate::failure::Failure;
use crate::pipeline::Invocation;
use crate::workflow::Shard;
use crate::workflow::Shard::{Airflow, Emulators, Images, Rehearsal, Rust, Tools};
use database::Database;

pub use workflows::check_pins;

/// The integration tests of the full xtask.
const XTASK: [&str; 6] = ["--package", "xtask", "--features", "cloud", "--test", "it"];
/// Starts MiniStack and adds resource types that it does not support.
const LAUNCHER: &str = "xtask/emulator/ministack.py";

/// The maximum duration of the Rust tests of a suite, far above that of the longest one on a busy machine.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// The result of one suite.
#[derive(Debug)]
pub struct Suite {
    pub suite: &'static str,
    /// The part of CI that runs it.
    pub shard: Option<Shard>,
    /// Whether every test passed; an error is the reason why the suite did not run.
    pub passed: Result<bool, String>,
    pub seconds: f64,
}

/// This machine lacks a requirement of a suite.
#[derive(Debug, Error)]
#[error("{0}")]
struct Missing(String);

/// A suite: its name, its shard (none if it runs only by name), why it runs only on request, and its function, which returns
/// whether every test passed.
type Entry = (&'static str, Option<Shard>, Option<&'static str>, fn(&Bench<'_>) -> Result<bool>);

/// The suites of the shards in a lane run one after another, and the lanes beside each other: many tests wait. With a third
/// lane on two processors, Airflow misses its time limits. The images and the rehearsals share a copy of the repository.
/// Suites without a shard are in the last lane.
const LANES: [&[Shard]; 2] = [&[Tools, Images, Rehearsal], &[Rust, Emulators, Airflow]];

/// Every suite, the fast ones first. The first one builds the programs that the others use, so it runs alone.
const SUITES: [Entry; 19] = [
    ("light", Some(Rust), None, cargo::light),
    ("rust", Some(Rust), None, cargo::rust),
    ("redshift sql", Some(Rust), None, cargo::redshift_sql),
    ("redshift dbt", Some(Emulators), Some("takes minutes"), cargo::redshift_dbt),
    ("s3 lake", Some(Emulators), Some("needs an emulator"), cargo::s3_lake),
    ("templates", Some(Tools), Some("needs linters"), templates::run),
    ("workflows", Some(Tools), Some("needs linters"), workflows::run),
    ("act", Some(Tools), Some("needs act"), act::run),
    ("stacks", Some(Emulators), Some("needs an emulator"), cargo::stacks),
    ("dags", Some(Airflow), Some("needs Airflow"), dags::run),
    ("images", Some(Images), Some("needs a Docker engine"), images::run),
    ("rehearsal", Some(Rehearsal), Some("needs a Docker engine"), cargo::rehearsal),
    ("exactly once", Some(Emulators), Some("takes minutes"), cargo::exactly_once),
    ("lineage", Some(Rust), Some("needs OpenLineage"), cargo::lineage),
    ("report", Some(Rust), Some("needs a browser"), cargo::report),
    ("dags versions", None, Some("needs other interpreters"), dags::versions),
    ("sync speed", None, Some("takes minutes"), cargo::sync_speed),
    ("image size", None, Some("takes minutes"), images::size),
    ("fuzz", Some(Rust), Some("takes minutes"), fuzz::run),
];

/// The environment in which a suite runs.
struct Bench<'a> {
    root: PathBuf,
    dir: &'a Path,
    database: &'a Database,
    report: &'a (dyn Fn(&str) + Sync),
    /// The time for each fuzz target.
    fuzz_seconds: u32,
    log: Log,
}

impl Bench<'_> {
    /// Creates a folder for one suite.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        files::folder(&self.dir.join(name))
    }

    /// Runs the tests that match the filter, with the environment variables of the database and those in `more`. Tests that
    /// take longer than [`LIMIT`] fail: they are stopped, with everything that they started.
    fn cargo_test(&self, select: &[&str], filter: &[&str], more: &[(&str, String)]) -> Result<bool> {
        let mut environment = self.database.environment();
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let mark = format!("{}-{}", std::process::id(), filter.join(" "));
        environment.insert(limit::MARK.to_owned(), mark.clone());
        let tests = || shell::cargo_test(&self.root, select, filter, &environment, &self.log);
        let passed = limit::within(LIMIT, &mark, tests)?;
        if passed.is_none() {
            let minutes = LIMIT.as_secs() / 60;
            self.log.add(&format!("\nThe tests did not end within {minutes} minutes, and were stopped"))?;
        }
        Ok(passed == Some(true))
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
        let python = self.environment(None, "ministack", Packages::Program("ministack"))?;
        let launcher = launcher.map(|launcher| self.root.join(launcher));
        Emulator::ministack(&python, launcher.as_deref(), &self.folder(folder)?)
    }

    /// Runs a tool in a folder; shows its output unless the tool succeeds and `accepts` returns true.
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
            self.log.add(&output.text)?;
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

/// Which suites run.
#[derive(Debug)]
pub enum Selection {
    /// Those without special requirements.
    Fast,
    /// All except those that run only by name.
    All,
    Named(Vec<String>),
    Shard(Shard),
}

impl Selection {
    fn has(&self, (name, shard, why, _): &Entry) -> bool {
        match self {
            Self::Fast => shard.is_some() && why.is_none(),
            Self::All => shard.is_some(),
            Self::Named(names) => names.iter().any(|one| one == name),
            Self::Shard(one) => *shard == Some(*one),
        }
    }
}

/// Runs the selected suites, with this time for each fuzz target. [`Selection::Fast`] also returns why the others did not run.
///
/// # Errors
/// If a suite is unknown, or cannot run for another reason than a [`Missing`] requirement.
pub fn run(selection: &Selection, fuzz_seconds: u32, report: &(dyn Fn(&str) + Sync)) -> Result<Vec<Suite>> {
    let names: Vec<&str> = SUITES.iter().map(|(name, ..)| *name).collect();
    if let Selection::Named(only) = selection
        && let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str()))
    {
        let failure = Failure::new(format!("unknown suite `{unknown}`"));
        return Err(failure.hint(format!("the suites are `{}`", names.join("`, `"))).into());
    }
    let root = files::root();
    let dir = files::folder(&root.join("target/test"))?;
    let _lock = files::lock(&dir)?;
    report("Starting the test database");
    let database = Database::start(&dir, report)?;
    // Those of an earlier run would be taken for this one's.
    let [logs, junit] = ["logs", "results"].map(|name| dir.join(name));
    for folder in [&logs, &junit] {
        files::remove(folder)?;
    }
    let is_fast = matches!(selection, Selection::Fast);
    let listed = SUITES.into_iter().filter(|suite| selection.has(suite) || (is_fast && suite.1.is_some()));
    let (first, others): (Vec<_>, Vec<_>) = listed.partition(|(name, ..)| *name == "light");
    let mut lanes: [Vec<Entry>; LANES.len()] = Default::default();
    for suite in others {
        let of_shard = LANES.iter().position(|lane| suite.1.is_some_and(|shard| lane.contains(&shard)));
        lanes[of_shard.unwrap_or(LANES.len() - 1)].push(suite);
    }
    let runs = |(_, _, more, _): &Entry| !is_fast || more.is_none();
    let is_alone = lanes.iter().filter(|lane| lane.iter().any(runs)).count() <= 1;
    let run = |suites: Vec<Entry>, is_alone: bool| -> Result<Vec<Suite>> {
        let run = |(suite, shard, more, work): Entry| {
            let (start, log) = (Instant::now(), Log::new(logs.join(format!("{suite}.log")), is_alone)?);
            let bench = Bench { root: root.clone(), dir: &dir, database: &database, report, fuzz_seconds, log };
            let passed = match more {
                Some(why) if is_fast => Err(format!("{why}; run `cargo xtask test --all`")),
                _ => match work(&bench) {
                    Ok(passed) => Ok(passed),
                    Err(error) if error.is::<Missing>() => Err(error.to_string()),
                    Err(error) => return Err(error.context(format!("cannot run the `{suite}` suite"))),
                },
            };
            let (seconds, output) = (start.elapsed().as_secs_f64(), bench.log.text()?);
            if !is_alone {
                eprint!("{output}");
            }
            let xml = results::junit(suite, seconds, &passed, &output);
            files::write(&junit.join(format!("{suite}.xml")), &xml)?;
            Ok(Suite { suite, shard, passed, seconds })
        };
        suites.into_iter().map(run).collect()
    };
    let mut results = run(first, true)?;
    let of_lanes = std::thread::scope(|scope| {
        let running = lanes.map(|suites| scope.spawn(|| run(suites, is_alone)));
        running.map(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    for of_lane in of_lanes {
        results.extend(of_lane?);
    }
    results.sort_by_key(|result| names.iter().position(|name| *name == result.suite));
    Ok(results)
}
