//! The suites that run the DAGs under Airflow: "dags" as in MWAA, and "dags versions" with other versions of Python and
//! Airflow. Their jobs are real containers behind moto's Batch if a Docker engine is running.
//!
//! | suite | leg | Airflow | Python | tests |
//! |---|---|---|---|---|
//! | dags | `airflow` | 3.0.6, the version of MWAA | `python3` | all |
//! | dags versions | `airflow-3.12` | 3.0.6 | 3.12.0 to 3.12.3 | those of the DAGs' code, and those with running services |
//! | dags versions | `airflow-newest` | the newest 3.x | 3.13 | the same |

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};

use super::{Bench, Missing, has_docker};
use crate::edge::machine;
use crate::edge::python::{self, Packages};
use crate::pipeline::Invocation;

/// Number of tests to run in parallel: they mostly wait for containers and for Airflow to start.
const WORKERS: &str = "2";
/// How often a leg may run: on a machine with too much load, Airflow 3.0 fails a task whose requests take more than five
/// seconds, because it repeats them and the second one conflicts with the first.
const ATTEMPTS: u32 = 2;
/// Every test.
const ALL: [&str; 1] = ["dags/tests"];
/// The tests that depend on the version of Airflow or Python: of the DAGs' code, and with running services.
const OF_VERSION: [&str; 10] = [
    "dags/tests/test_notify.py",
    "dags/tests/test_jobs.py",
    "dags/tests/test_operator.py",
    "dags/tests/test_queries.py",
    "dags/tests/test_checks.py",
    "dags/tests/test_parse.py",
    "dags/tests/test_runs.py",
    "dags/tests/test_steps.py",
    "dags/tests/test_chain.py",
    "dags/tests/test_groups.py",
];
/// The lock files of Airflow's packages.
const MWAA: &str = "dags/tests/requirements.txt";
const NEWEST: &str = "dags/tests/newest/requirements.txt";
/// Prints whether an interpreter is one of 3.12.0 to 3.12.3, which lose names in comprehensions (cpython#118513).
/// Ubuntu 24.04 ships 3.12.3.
const IS_EARLY: &str = "import sys; print((3, 12) <= sys.version_info < (3, 12, 4))";
const IS_3_13: &str = "import sys; print(sys.version_info[:2] == (3, 13))";

/// A version of Airflow on a version of Python, and the tests that run with them.
struct Leg {
    /// The folder of its environment in `target/python`.
    name: &'static str,
    lock: &'static str,
    python: Option<PathBuf>,
    tests: &'static [&'static str],
}

/// Runs `dags/tests` as in MWAA.
pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    legs(bench, vec![Leg { name: "airflow", lock: MWAA, python: None, tests: &ALL }])
}

/// Runs the tests that depend on the version of Airflow or Python with the other versions that are installed. Most machines
/// lack some of them: that is reported, and only having none is a missing requirement.
pub(super) fn versions(bench: &Bench<'_>) -> Result<bool> {
    let others = [
        ("airflow-3.12", MWAA, interpreter("python3.12", IS_EARLY), "Python 3.12.0 to 3.12.3"),
        (
            "airflow-newest",
            NEWEST,
            interpreter("python3.13", IS_3_13),
            "Python 3.13, which the newest Airflow uses here",
        ),
    ];
    let mut found = Vec::new();
    for (name, lock, python, what) in others {
        match python {
            Some(python) => found.push(Leg { name, lock, python: Some(python), tests: &OF_VERSION }),
            None => (bench.report)(&format!("Not run with {what}: it is not installed")),
        }
    }
    ensure!(!found.is_empty(), Missing("neither Python 3.12.0 to 3.12.3 nor Python 3.13 is installed".to_owned()));
    legs(bench, found)
}

fn legs(bench: &Bench<'_>, legs: Vec<Leg>) -> Result<bool> {
    let docker = has_docker();
    // Separate from Airflow, because the requirements of moto and Airflow conflict.
    let tools = bench.python("moto", "dags/tests/tools/requirements.txt")?.join("bin/python");
    for leg in legs {
        let packages = bench.root.join(leg.lock);
        let environment = bench.environment(leg.python.as_deref(), leg.name, Packages::Locked(&packages))?;
        (bench.report)(&format!("Running the DAGs under Airflow (`target/python/{}`)", leg.name));
        let results = bench.dir.join(format!("results/dags-{}.xml", leg.name));
        let (start, tests) = (Instant::now(), pytest(leg.tests, docker, &tools, &results));
        let mut attempts = 1;
        while !bench.passes(&tests, &environment.join("bin"), &bench.root, |_| true)? {
            if attempts == ATTEMPTS {
                return Ok(false);
            }
            attempts += 1;
            (bench.report)(&format!("`{}` failed; running it once more", leg.name));
        }
        (bench.report)(&format!("`{}` passed in {:.0} s", leg.name, start.elapsed().as_secs_f64()));
    }
    ensure!(docker, Missing("no Docker engine is running for the jobs; all other tests passed".to_owned()));
    Ok(true)
}

/// Returns an installed interpreter for which this program prints `True`.
fn interpreter(name: &str, program: &str) -> Option<PathBuf> {
    python::interpreters(name).into_iter().find(|python| prints_true(python, program))
}

fn prints_true(python: &Path, program: &str) -> bool {
    machine::first_line(&python.display().to_string(), &["-c", program]).as_deref() == Some("True")
}

/// Returns the pytest invocation, which also writes a JUnit file; without Docker, it omits the tests that run containers.
fn pytest(tests: &[&str], docker: bool, tools: &Path, results: &Path) -> Invocation {
    // Tests that share running services run in one process.
    let common =
        ["-m", "pytest", "--quiet", "--no-header", "-p", "no:cacheprovider", "-n", WORKERS, "--dist", "loadgroup"];
    let without: &[&str] = if docker { &[] } else { &["-m", "not needs_docker"] };
    let mut pytest =
        Invocation::new("python", &[&common, tests, without, &["--junitxml"]].concat(), &[results.to_owned()]);
    pytest.environment.insert("TEST_TOOLS_PYTHON".to_owned(), tools.display().to_string());
    pytest
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/tests/dags.rs"]
mod tests;
