//! The test suites: what each needs, and how it is run.

mod fuzz;
mod images;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use super::{local, marts, warehouse};
use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::postgres::{SUPERUSER, Server};
use crate::edge::python::Packages;
use crate::edge::{files, python, shell};
use crate::warehouse::{DATABASE, Found, ROLES, Users, plan};

/// Tests in these modules need more than Rust, PostgreSQL, Python and a few minutes. Whole names: a filter matches any
/// part of a test's path.
const NEEDS_MORE: [&str; 10] = [
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
];
/// The integration tests of the jobs and of the full xtask.
const BOTH: [&str; 8] = ["--package", "jobs", "--package", "xtask", "--features", "xtask/cloud", "--test", "it"];
/// Seeded schedules of faults and deaths that the suite "exactly once" runs.
const SCHEDULES: &str = "2000";

/// What became of one suite.
#[derive(Debug)]
pub struct Suite {
    /// Its name.
    pub suite: &'static str,
    /// Passed, failed, or why not run.
    pub outcome: Outcome,
    /// How long it took.
    pub seconds: f64,
}

/// Passed, failed, or why not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every test passed.
    Passed,
    /// At least one did not.
    Failed,
    /// Something that it needs is not here.
    NotRun(String),
}

/// Runs the suites, the quick ones first.
pub fn run(all: bool, tell: &mut dyn FnMut(&str)) -> Result<Vec<Suite>> {
    let root = files::root();
    let dir = files::folder(&root.join("target/test"))?;
    let _lock = files::lock(&dir)?;
    tell("Starting a database for the tests");
    let database = Database::start(&dir, tell)?;
    let mut results = vec![timed("rust", || {
        tell("Running the Rust tests");
        // The light program first: the full one then takes its place, where the other tests look for it.
        let light = ["--package", "xtask", "--test", "light"];
        let full = ["--workspace", "--features", "xtask/cloud"];
        Ok(judged(
            shell::cargo_test(&root, &light, &[], &BTreeMap::new())?
                && shell::cargo_test(&root, &full, &NEEDS_MORE, &database.environment())?,
        ))
    })?];
    results.push(timed("redshift sql", || {
        tell("Compiling the marts for Redshift; parsing what comes out, and what a load sends");
        let load_sql = dir.join("load-sql");
        files::remove(&load_sql)?;
        let mut environment = database.environment();
        environment.insert("TEST_LOAD_SQL".to_owned(), files::folder(&load_sql)?.display().to_string());
        let every_table = ["redshift::every_table::"];
        if !shell::cargo_test(&root, &BOTH, &every_table, &environment)? {
            return Ok(Outcome::Failed);
        }
        let users = Users::of_roles("ingestion", "dbt", &["IAM:ann".to_owned()])?;
        let mut init = plan("spacex", &users, &Found::default());
        // sqlfluff knows no role as the one who gets them, the page on ALTER DEFAULT PRIVILEGES does.
        init.retain(|sql| !sql.starts_with("ALTER DEFAULT PRIVILEGES"));
        files::write(&load_sql.join("warehouse-init.sql"), &format!("{};\n", init.join(";\n")))?;
        let problem = marts::check_redshift(&files::folder(&dir.join("redshift"))?, &load_sql)?;
        Ok(judged(problem.inspect(|words| eprintln!("{words}")).is_none()))
    })?);
    results.push(timed("s3 lake", || {
        if !all {
            return Ok(Outcome::NotRun("it needs an emulator; `cargo xtask test --all` starts one".to_owned()));
        }
        tell("Running the tests against an S3 server");
        let python = match python::environment(&root.join("target/python/ministack"), Packages::Pinned(&[MINISTACK])) {
            Ok(python) => python,
            Err(error) => return Ok(Outcome::NotRun(format!("{error:#}"))),
        };
        let emulator = Emulator::ministack(&python, &dir.join("ministack"))?;
        let mut environment = database.environment();
        environment.insert("TEST_S3_ENDPOINT".to_owned(), emulator.endpoint.clone());
        environment.insert("TEST_DBT".to_owned(), marts::environment()?.join("bin").display().to_string());
        Ok(judged(shell::cargo_test(&root, &BOTH, &["needs_emulator::"], &environment)?))
    })?);
    results.push(timed("images", || {
        if !all {
            return Ok(Outcome::NotRun("it needs a Docker engine; `cargo xtask test --all` uses it".to_owned()));
        }
        images::run(&root, &files::folder(&dir.join("images"))?, database.environment(), tell)
    })?);
    results.push(timed("exactly once", || {
        if !all {
            return Ok(Outcome::NotRun("it takes minutes; `cargo xtask test --all` runs it".to_owned()));
        }
        tell("Loading under faults, deaths and restarts");
        let mut environment = database.environment();
        environment.insert("SCHEDULES".to_owned(), SCHEDULES.to_owned());
        Ok(judged(shell::cargo_test(&root, &BOTH, &["needs_time::"], &environment)?))
    })?);
    results.push(timed("lineage", || {
        if !all {
            return Ok(Outcome::NotRun("it needs OpenLineage; `cargo xtask test --all` installs it".to_owned()));
        }
        tell("Giving lineage events to OpenLineage's own client");
        let lock = root.join("jobs/tests/it/needs_openlineage/requirements.lock");
        let python = match python::environment(&root.join("target/python/openlineage"), Packages::Locked(&lock)) {
            Ok(python) => python.join("bin/python"),
            Err(error) => return Ok(Outcome::NotRun(format!("{error:#}"))),
        };
        let mut environment = database.environment();
        environment.insert("TEST_OPENLINEAGE_PYTHON".to_owned(), python.display().to_string());
        Ok(judged(shell::cargo_test(
            &root,
            &["--package", "jobs", "--test", "it"],
            &["needs_openlineage::"],
            &environment,
        )?))
    })?);
    results.push(timed("report", || {
        if !all {
            return Ok(Outcome::NotRun("it needs a browser; `cargo xtask test --all` looks for one".to_owned()));
        }
        if !shell::has_chromium() {
            return Ok(Outcome::NotRun("no Chromium; `sudo apt-get install chromium`".to_owned()));
        }
        tell("Looking at the report in Chromium");
        Ok(judged(shell::cargo_test(
            &root,
            &["--package", "xtask", "--features", "cloud", "--test", "it"],
            &["needs_browser::"],
            &database.environment(),
        )?))
    })?);
    results.push(timed("fuzz", || {
        if !all {
            return Ok(Outcome::NotRun("it takes minutes; `cargo xtask test --all` runs it".to_owned()));
        }
        fuzz::run(&root, &dir.join("fuzz"), tell)
    })?);
    Ok(results)
}

fn judged(passed: bool) -> Outcome {
    if passed { Outcome::Passed } else { Outcome::Failed }
}

fn timed(suite: &'static str, work: impl FnOnce() -> Result<Outcome>) -> Result<Suite> {
    let began = Instant::now();
    let outcome = work().with_context(|| format!("the suite `{suite}` could not be run"))?;
    Ok(Suite { suite, outcome, seconds: began.elapsed().as_secs_f64() })
}

/// A server whose database every test copies; it and its files end with this value.
struct Database {
    server: Server,
    passwords: BTreeMap<String, String>,
}

impl Database {
    fn start(dir: &Path, tell: &mut dyn FnMut(&str)) -> Result<Self> {
        files::remove(&dir.join("postgres"))?;
        let server = local::new_server(dir, tell)?;
        let mut database = Self { server, passwords: warehouse::passwords()? };
        database.server.start()?;
        warehouse::prepare(&database.server, "spacex", &database.passwords)?;
        // Its data is thrown away at the end, and every dropped database would wait for the disk.
        let admin = database.server.login(SUPERUSER, &database.server.password, DATABASE);
        admin.execute(&["ALTER SYSTEM SET fsync = off".to_owned(), "SELECT pg_reload_conf()".to_owned()])?;
        Ok(database)
    }

    /// `TEST_WAREHOUSE_<ROLE>`: how to enter the prepared database as each role and as superuser; `TEST_XTASK`: the
    /// full program, for the other packages' tests; cargo puts it where ours was before it runs them.
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
            eprintln!("warning: the tests' database may still run: {error:#}");
        }
    }
}
