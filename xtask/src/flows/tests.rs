//! The test suites: what each one needs and how it runs.

mod dags;
mod fuzz;
mod images;
mod rehearsal;
mod speed;
mod stacks;
mod templates;
mod workflows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::{local, marts, warehouse};
use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::postgres::{SUPERUSER, Server};
use crate::edge::python::Packages;
use crate::edge::{browser, files, machine, python, shell};
use crate::failure::Failure;
use crate::stack::Template;
use crate::warehouse::{DATABASE, Existing, ROLES, Users, plan};

pub use workflows::online as pins_online;

/// Tests in these modules need more than Rust, PostgreSQL, Python and a few minutes. A filter matches any part of a test's
/// path, so these are whole module names.
const NEEDS_MORE: [&str; 16] = [
    "--skip",
    "needs_docker::",
    "--skip",
    "needs_emulator::",
    "--skip",
    "needs_time::",
    "--skip",
    "needs_openlineage::",
    "--skip",
    "needs_browser::",
    "--skip",
    "needs_speed::",
    "--skip",
    "needs_stacks::",
    "--skip",
    "needs_rehearsal::",
];
/// The integration tests of the full xtask.
const XTASK: [&str; 6] = ["--package", "xtask", "--features", "cloud", "--test", "it"];
/// The integration tests of the full xtask and of the jobs.
const BOTH: [&str; 8] = ["--package", "jobs", "--package", "xtask", "--features", "xtask/cloud", "--test", "it"];
/// The number of seeded schedules of faults and crashes in the suite "exactly once".
const SCHEDULES: &str = "2000";

/// The result of one suite.
#[derive(Debug)]
pub struct Suite {
    /// Its name.
    pub suite: &'static str,
    /// Passed, failed, or why it did not run.
    pub outcome: Outcome,
    /// Its duration in seconds.
    pub seconds: f64,
}

/// Passed, failed, or why it did not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every test passed.
    Passed,
    /// At least one test failed.
    Failed,
    /// This machine lacks a requirement.
    NotRun(String),
}

/// A suite: its name, why it runs only on request, and its function.
type Entry = (&'static str, Option<&'static str>, fn(&mut Bench<'_>) -> Result<Outcome>);

/// Every suite, the fast ones first.
const SUITES: [Entry; 14] = [
    ("rust", None, rust),
    ("redshift sql", None, redshift_sql),
    ("s3 lake", Some("needs an emulator"), s3_lake),
    ("templates", Some("needs linters"), templates::run),
    ("workflows", Some("needs linters"), workflows::run),
    ("stacks", Some("needs an emulator"), stacks::run),
    ("dags", Some("needs Airflow"), dags::run),
    ("images", Some("needs a Docker engine"), images::run),
    ("rehearsal", Some("needs a Docker engine"), rehearsal::run),
    ("exactly once", Some("takes minutes"), exactly_once),
    ("lineage", Some("needs OpenLineage"), lineage),
    ("report", Some("needs a browser"), report),
    (BY_NAME, Some("takes minutes"), speed::run),
    ("fuzz", Some("takes minutes"), fuzz::run),
];

/// Compares the speed with other tools, which depends on the machine's load: runs only by name.
const BY_NAME: &str = "sync speed";

/// The environment of the suites.
struct Bench<'a> {
    root: PathBuf,
    dir: PathBuf,
    database: Database,
    report: &'a mut dyn FnMut(&str),
}

impl Bench<'_> {
    /// A folder for one suite.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        files::folder(&self.dir.join(name))
    }

    /// Runs the tests that match the filter, with `more` environment variables than those of the database.
    fn cargo_test(&self, select: &[&str], filter: &[&str], more: &[(&str, String)]) -> Result<Outcome> {
        let mut environment = self.database.environment();
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let passed = shell::cargo_test(&self.root, select, filter, &environment)?;
        Ok(if passed { Outcome::Passed } else { Outcome::Failed })
    }

    /// A Python environment, or why it cannot be created.
    fn python(&self, name: &str, packages: Packages<'_>) -> Result<PathBuf, Outcome> {
        self.python_with(None, name, packages)
    }

    /// As [`Self::python`], with another interpreter than `python3`.
    fn python_with(&self, with: Option<&Path>, name: &str, packages: Packages<'_>) -> Result<PathBuf, Outcome> {
        let made = python::environment_with(with, &self.root.join("target/python").join(name), packages);
        made.map_err(|error| Outcome::NotRun(format!("{error:#}")))
    }
}

/// The version of the Docker engine, if one is running.
fn docker() -> Option<String> {
    machine::says("docker", &["version", "--format", "{{.Server.Version}}"])
}

/// Runs the suites named in `only`; without names, `all` but [`BY_NAME`], or those without special requirements.
pub fn run(all: bool, only: &[String], report: &mut dyn FnMut(&str)) -> Result<Vec<Suite>> {
    let names: Vec<&str> = SUITES.iter().map(|(name, _, _)| *name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        let failure = Failure::new(format!("unknown suite `{unknown}`"));
        return Err(failure.hint(format!("suites: `{}`", names.join("`, `"))).into());
    }
    let root = files::root();
    let dir = files::folder(&root.join("target/test"))?;
    let _lock = files::lock(&dir)?;
    report("Starting the test database");
    let database = Database::start(&dir, report)?;
    let mut bench = Bench { root, dir, database, report };
    let selected = SUITES.into_iter().filter(|(name, _, _)| match only {
        [] => *name != BY_NAME,
        only => only.iter().any(|only| only == name),
    });
    let run = |(suite, more, work): Entry| {
        let start = Instant::now();
        let outcome = match more {
            Some(why) if !all && only.is_empty() => Outcome::NotRun(format!("{why}; run `cargo xtask test --all`")),
            _ => work(&mut bench).with_context(|| format!("cannot run the suite `{suite}`"))?,
        };
        Ok(Suite { suite, outcome, seconds: start.elapsed().as_secs_f64() })
    };
    selected.map(run).collect()
}

fn rust(bench: &mut Bench<'_>) -> Result<Outcome> {
    (bench.report)("Running the Rust tests");
    // The light program first: the full one then replaces it in the target folder, where the other tests expect it.
    if bench.cargo_test(&["--package", "xtask", "--test", "light"], &[], &[])? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    bench.cargo_test(&["--workspace", "--features", "xtask/cloud"], &NEEDS_MORE, &[])
}

fn redshift_sql(bench: &mut Bench<'_>) -> Result<Outcome> {
    (bench.report)("Compiling the marts for Redshift; parsing their SQL and that of a load");
    files::remove(&bench.dir.join("load-sql"))?;
    let load_sql = bench.folder("load-sql")?;
    let more = [("TEST_LOAD_SQL", load_sql.display().to_string())];
    if bench.cargo_test(&BOTH, &["redshift::every_table::"], &more)? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let users = Users::of_roles("ingestion", "dbt", &["IAM:ann".to_owned()])?;
    let mut init = plan("spacex", &users, &Existing::default());
    // sqlfluff does not know roles as grantees of ALTER DEFAULT PRIVILEGES; Redshift does.
    init.retain(|sql| !sql.starts_with("ALTER DEFAULT PRIVILEGES"));
    files::write(&load_sql.join("warehouse-init.sql"), &format!("{};\n", init.join(";\n")))?;
    let job = dbt_job(&bench.root)?;
    let Some(problem) = marts::check_redshift(&bench.folder("redshift")?, &load_sql, &job)? else {
        return Ok(Outcome::Passed);
    };
    eprintln!("{problem}");
    Ok(Outcome::Failed)
}

/// The `DBT_` variables with plain values in the job definition of `infra/compute.yaml`.
fn dbt_job(root: &Path) -> Result<BTreeMap<String, String>> {
    let text = files::read(&root.join("infra/compute.yaml"))?.context("infra/compute.yaml does not exist")?;
    let template = Template::read_any("compute", &text).context("infra/compute.yaml is not a template")?;
    let pairs = &template.resources["DbtJob"]["Properties"]["ContainerProperties"]["Environment"];
    let pairs = pairs.as_array().context("the dbt job definition has no environment")?.iter();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let pairs = pairs.filter_map(|pair| Some((text(&pair["Name"])?, text(&pair["Value"])?)));
    Ok(pairs.filter(|(name, _)| name.starts_with("DBT_")).collect())
}

fn s3_lake(bench: &mut Bench<'_>) -> Result<Outcome> {
    (bench.report)("Running the tests against an S3 server");
    let python = match bench.python("ministack", Packages::Pinned(&[MINISTACK])) {
        Ok(python) => python,
        Err(not_run) => return Ok(not_run),
    };
    let emulator = Emulator::ministack(&python, &bench.folder("ministack")?)?;
    let dbt = marts::environment()?.join("bin").display().to_string();
    let more = [("TEST_S3_ENDPOINT", emulator.endpoint.clone()), ("TEST_DBT", dbt)];
    bench.cargo_test(&BOTH, &["needs_emulator::"], &more)
}

fn exactly_once(bench: &mut Bench<'_>) -> Result<Outcome> {
    (bench.report)("Loading with injected faults, crashes and restarts");
    bench.cargo_test(&BOTH, &["needs_time::"], &[("SCHEDULES", SCHEDULES.to_owned())])
}

fn lineage(bench: &mut Bench<'_>) -> Result<Outcome> {
    (bench.report)("Sending lineage events to OpenLineage's client");
    let lock = bench.root.join("jobs/tests/it/needs_openlineage/requirements.lock");
    let python = match bench.python("openlineage", Packages::Locked(&lock)) {
        Ok(python) => python.join("bin/python").display().to_string(),
        Err(not_run) => return Ok(not_run),
    };
    let select = ["--package", "jobs", "--test", "it"];
    bench.cargo_test(&select, &["needs_openlineage::"], &[("TEST_OPENLINEAGE_PYTHON", python)])
}

fn report(bench: &mut Bench<'_>) -> Result<Outcome> {
    if !browser::has_chromium() {
        return Ok(Outcome::NotRun("no Chromium; `sudo apt-get install chromium`".to_owned()));
    }
    (bench.report)("Checking the report in Chromium");
    bench.cargo_test(&XTASK, &["needs_browser::"], &[])
}

/// A server with a prepared database, which each test copies; stopped and removed with this value.
struct Database {
    server: Server,
    passwords: BTreeMap<String, String>,
}

impl Database {
    fn start(dir: &Path, report: &mut dyn FnMut(&str)) -> Result<Self> {
        files::remove(&dir.join("postgres"))?;
        let server = local::new_server(dir, report)?;
        let mut database = Self { server, passwords: warehouse::passwords()? };
        database.server.start()?;
        warehouse::prepare(&database.server, "spacex", &database.passwords)?;
        // Its data is temporary, and every dropped database would wait for the disk.
        let admin = database.server.login(SUPERUSER, &database.server.password, DATABASE);
        admin.execute(&["ALTER SYSTEM SET fsync = off".to_owned(), "SELECT pg_reload_conf()".to_owned()])?;
        Ok(database)
    }

    /// `TEST_WAREHOUSE_<ROLE>`: the URL of the prepared database for each role and the superuser; `TEST_XTASK`: the full
    /// program, for the tests of other packages.
    fn environment(&self) -> BTreeMap<String, String> {
        let url = |role: &str, password: &str| self.server.login(role, password, DATABASE).url();
        let roles = ROLES.into_iter().map(|role| (role, self.passwords.get(role).map_or("", String::as_str)));
        roles
            .chain([(SUPERUSER, self.server.password.as_str())])
            .map(|(role, password)| (format!("TEST_WAREHOUSE_{}", role.to_uppercase()), url(role, password)))
            .chain([("TEST_XTASK".to_owned(), files::own_program())])
            .collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let stopped = self.server.stop().and_then(|_| files::remove(&self.server.home));
        if let Err(error) = stopped {
            eprintln!("warning: the test database may still be running: {error:#}");
        }
    }
}
