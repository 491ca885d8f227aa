//! The suites that consist of cargo tests, with the servers that they use.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{Bench, LAUNCHER, Missing, XTASK, require_docker_and};
use crate::edge::{files, machine};
use crate::flows::marts;
use crate::stack::Template;
use crate::warehouse::{Existing, Users, plan};

/// The modules `needs_…`, whose tests need more than the "rust" suite.
const NEEDS: &str = "dbt docker emulator time openlineage browser speed stacks rehearsal";
/// All integration tests, with the features of the "rust" suite, so that nothing is compiled again.
const EVERY: [&str; 5] = ["--workspace", "--features", "xtask/cloud", "--test", "it"];

pub(super) fn light(bench: &Bench<'_>) -> Result<bool> {
    (bench.report)("Testing the program without the feature `cloud`, and building the full one");
    Ok(bench.cargo_test(&["--package", "xtask", "--test", "light"], &[], &[])?
        && bench.cargo_test(&["--workspace", "--features", "xtask/cloud", "--tests", "--no-run"], &[], &[])?)
}

pub(super) fn rust(bench: &Bench<'_>) -> Result<bool> {
    (bench.report)("Running the Rust tests");
    // The tests wait for servers and processes about half of the time. None is in documentation.
    let threads = (2 * std::thread::available_parallelism()?.get()).to_string();
    let modules: Vec<String> = NEEDS.split(' ').map(|need| format!("needs_{need}::")).collect();
    let skip = modules.iter().flat_map(|module| ["--skip", module]);
    let filter: Vec<&str> = ["--test-threads", &threads].into_iter().chain(skip).collect();
    bench.cargo_test(&["--workspace", "--features", "xtask/cloud", "--tests"], &filter, &[])
}

pub(super) fn redshift_sql(bench: &Bench<'_>) -> Result<bool> {
    (bench.report)("Compiling the marts for Redshift, and parsing the mart SQL and the load SQL");
    files::remove(&bench.dir.join("load-sql"))?;
    let load_sql = bench.folder("load-sql")?;
    let more = [("TEST_LOAD_SQL", load_sql.display().to_string())];
    if !bench.cargo_test(&EVERY, &["redshift::every_table::"], &more)? {
        return Ok(false);
    }
    let users = Users::of_roles("ingestion", "dbt", &["IAM:ann".to_owned()], &["IAM:bea".to_owned()])?;
    let mut init = plan(&["spacex".to_owned()], &users, &Existing::default());
    // sqlfluff does not support roles as grantees in ALTER DEFAULT PRIVILEGES; Redshift does.
    init.retain(|sql| !sql.starts_with("ALTER DEFAULT PRIVILEGES"));
    files::write(&load_sql.join("warehouse-init.sql"), &format!("{};\n", init.join(";\n")))?;
    let job = dbt_job(&bench.root)?;
    let compiled = bench.folder("redshift")?;
    if let Some(problem) = marts::check_redshift(&compiled, &load_sql, &job)? {
        bench.log.add(&problem.to_string())?;
        return Ok(false);
    }
    let folders = [load_sql, compiled].map(|folder| folder.display().to_string());
    let more = [("EMULATOR_SQL", folders.join(":"))];
    bench.cargo_test(&EVERY, &["sql::everything_that_was_sent"], &more)
}

pub(super) fn redshift_dbt(bench: &Bench<'_>) -> Result<bool> {
    let dbt = marts::environment()?.join("bin").display().to_string();
    (bench.report)("Building with dbt-redshift on the Redshift emulator, and with three known faults");
    bench.cargo_test(&EVERY, &["needs_dbt::"], &[("TEST_DBT", dbt)])
}

/// Returns the `DBT_` variables with literal values in the dbt job definition in `infra/compute.yaml`.
fn dbt_job(root: &Path) -> Result<BTreeMap<String, String>> {
    let text = files::read(&root.join("infra/compute.yaml"))?.context("infra/compute.yaml does not exist")?;
    let template = Template::read_any("compute", &text).context("infra/compute.yaml is not a template")?;
    let pairs = &template.resources["DbtJob"]["Properties"]["ContainerProperties"]["Environment"];
    let pairs = pairs.as_array().context("the dbt job definition has no environment")?.iter();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let pairs = pairs.filter_map(|pair| Some((text(&pair["Name"])?, text(&pair["Value"])?)));
    Ok(pairs.filter(|(name, _)| name.starts_with("DBT_")).collect())
}

pub(super) fn s3_lake(bench: &Bench<'_>) -> Result<bool> {
    let emulator = bench.ministack(None, "ministack")?;
    let dbt = marts::environment()?.join("bin").display().to_string();
    (bench.report)("Running the tests against an S3 server");
    let more = [("TEST_S3_ENDPOINT", emulator.endpoint.clone()), ("TEST_DBT", dbt)];
    // Most of these tests wait: for the delays between retries, and for responses that arrive too late.
    let filter = ["needs_emulator::", "--test-threads", "4"];
    bench.cargo_test(&EVERY, &filter, &more)
}

/// Starts one MiniStack for all tests; each test uses its own accounts.
pub(super) fn stacks(bench: &Bench<'_>) -> Result<bool> {
    let emulator = bench.ministack(Some(LAUNCHER), "stacks")?;
    (bench.report)("Deploying, recovering and destroying stacks in MiniStack");
    bench.cargo_test(&XTASK, &["needs_stacks::"], &[("TEST_STACKS_ENDPOINT", emulator.endpoint.clone())])
}

/// Rehearses complete deployments on this machine: some succeed, some fail for the expected reason, some are killed,
/// and two run in parallel. Uses the "images" suite's copy of the repository, where the programs are already compiled.
pub(super) fn rehearsal(bench: &Bench<'_>) -> Result<bool> {
    require_docker_and("strace")?;
    require_chromium()?;
    let repository = bench.folder("images/repository")?;
    // The copy uses the packages installed for this repository.
    let (ours, its) = (files::folder(&bench.root.join("target/python"))?, repository.join("target/python"));
    files::folder(&repository.join("target"))?;
    files::remove(&its)?;
    symlink(ours, &its).context("cannot link the installed packages into the copy")?;
    (bench.report)("Rehearsing successful, failing, killed and parallel deployments");
    let more = [("TEST_REPOSITORY", repository.display().to_string())];
    bench.cargo_test(&XTASK, &["needs_rehearsal::", "--test-threads", "1", "--show-output"], &more)
}

pub(super) fn exactly_once(bench: &Bench<'_>) -> Result<bool> {
    (bench.report)("Loading with injected faults, crashes and restarts");
    bench.cargo_test(&EVERY, &["needs_time::"], &[])
}

pub(super) fn lineage(bench: &Bench<'_>) -> Result<bool> {
    let dbt = marts::environment()?.join("bin").display().to_string();
    (bench.report)("Checking the lineage events of the jobs and of dbt with OpenLineage's client");
    bench.cargo_test(&EVERY, &["needs_openlineage::"], &[("TEST_DBT", dbt)])
}

fn require_chromium() -> Result<()> {
    let missing = || Missing("Chromium is not installed; run `sudo apt-get install chromium`".to_owned());
    ensure!(machine::has_chromium(), missing());
    Ok(())
}

pub(super) fn report(bench: &Bench<'_>) -> Result<bool> {
    require_chromium()?;
    (bench.report)("Checking the report in Chromium");
    bench.cargo_test(&XTASK, &["needs_browser::"], &[])
}

/// Compares `sync-dags` with other tools that upload a folder, in one run against one server; prints the figures for
/// `docs/dags.md`.
pub(super) fn sync_speed(bench: &Bench<'_>) -> Result<bool> {
    let tools = bench.python("speed", "xtask/tests/it/needs_speed/requirements.txt")?;
    let emulator = bench.ministack(None, "speed")?;
    (bench.report)("Comparing `sync-dags` with s5cmd and the AWS CLI on 5,000 files");
    let more = [("TEST_S3_ENDPOINT", emulator.endpoint.clone()), ("TEST_SYNC_TOOLS", tools.display().to_string())];
    bench.cargo_test(&XTASK, &["needs_speed::", "--show-output"], &more)
}
