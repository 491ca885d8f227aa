//! The "dags" suite: runs the DAGs under Airflow, as in MWAA. Their jobs are real containers behind moto's Batch if a
//! Docker engine is running. Tests in pytest's own process run a second time on Python 3.12.0 to 3.12.3.

use std::path::Path;

use anyhow::{Result, ensure};

use super::{Bench, Missing, has_docker};
use crate::edge::machine;
use crate::edge::python::{self, Packages};
use crate::pipeline::Invocation;

/// Number of tests to run in parallel: they mostly wait for containers and for Airflow to start.
const WORKERS: &str = "3";
/// The lock file of Airflow's packages.
const LOCK: &str = "dags/tests/requirements.lock";
/// Every test.
const ALL: [&str; 1] = ["dags/tests"];
/// The tests that run the DAGs' own code in pytest's process.
const PURE: [&str; 7] = [
    "dags/tests/test_notify.py",
    "dags/tests/test_jobs.py",
    "dags/tests/test_operator.py",
    "dags/tests/test_queries.py",
    "dags/tests/test_checks.py",
    "dags/tests/test_parse.py",
    "dags/tests/test_runs.py",
];
/// Prints whether an interpreter is one of 3.12.0 to 3.12.3, which lose names in comprehensions (cpython#118513).
/// Ubuntu 24.04 ships 3.12.3.
const IS_EARLY: &str = "import sys; print((3, 12) <= sys.version_info < (3, 12, 4))";

/// Runs `dags/tests`.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    // Two environments, because the requirements of moto and Airflow conflict.
    let airflow = bench.python("airflow", LOCK)?;
    let tools = bench.python("moto", "dags/tests/requirements-tools.lock")?.join("bin/python");
    let docker = has_docker();
    (bench.report)("Running the DAGs under Airflow");
    let passes = |bench: &Bench<'_>, airflow: &Path, tests: &[&str], docker| {
        bench.passes(&pytest(tests, docker, &tools), &airflow.join("bin"), &bench.root, |_| true)
    };
    if !passes(bench, &airflow, &ALL, docker)? {
        return Ok(false);
    }
    if !is_early(&airflow.join("bin/python")) {
        if let Some(early) = python::interpreters("python3.12").into_iter().find(|python| is_early(python)) {
            (bench.report)("Running the tests on Python 3.12.0 to 3.12.3 as well");
            let packages = bench.root.join(LOCK);
            let airflow = bench.environment(Some(&early), "airflow-3.12", Packages::Locked(&packages))?;
            if !passes(bench, &airflow, &PURE, false)? {
                return Ok(false);
            }
        } else {
            // Not a failure: most machines lack these versions, and `test_style.py` finds the known defect with any.
            (bench.report)(
                "Not run on Python 3.12.0 to 3.12.3: neither `python3.12` nor pyenv provides such a version",
            );
        }
    }
    ensure!(docker, Missing("no Docker engine is running for the jobs; all other tests passed".to_owned()));
    Ok(true)
}

fn is_early(python: &Path) -> bool {
    machine::first_line(&python.display().to_string(), &["-c", IS_EARLY]).as_deref() == Some("True")
}

/// Returns the pytest invocation; without Docker, it omits the tests that run containers.
fn pytest(tests: &[&str], docker: bool, tools: &Path) -> Invocation {
    // Tests that share running services run in one process.
    let common =
        ["-m", "pytest", "--quiet", "--no-header", "-p", "no:cacheprovider", "-n", WORKERS, "--dist", "loadgroup"];
    let without: &[&str] = if docker { &[] } else { &["-m", "not needs_docker"] };
    let mut pytest = Invocation::new("python", &[&common, tests, without].concat(), &[]);
    pytest.environment.insert("TEST_TOOLS_PYTHON".to_owned(), tools.display().to_string());
    pytest
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/tests/dags.rs"]
mod tests;
