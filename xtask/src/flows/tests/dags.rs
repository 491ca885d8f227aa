//! The suite "dags": the DAGs under Airflow as MWAA has it. Their jobs are real containers behind moto's Batch where there
//! is Docker; what needs none runs without. What runs in one process runs a second time on a Python 3.12.0 to 3.12.3.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::{Bench, Outcome, docker};
use crate::edge::python::{self, Packages};
use crate::edge::{machine, shell};
use crate::pipeline::Invocation;

/// Tests at once: they mostly wait, for containers and for Airflow to start.
const WORKERS: &str = "3";

/// Every test.
const ALL: [&str; 1] = ["dags/tests"];
/// The tests that run the DAGs' own code in pytest's process.
const PURE: [&str; 7] = [
    "dags/tests/test_alarm.py",
    "dags/tests/test_batch.py",
    "dags/tests/test_batch_job.py",
    "dags/tests/test_findings.py",
    "dags/tests/test_health.py",
    "dags/tests/test_parse.py",
    "dags/tests/test_run_id.py",
];
/// Whether an interpreter is 3.12.0 to 3.12.3, which lose names that comprehensions hide (cpython#118513). Ubuntu 24.04 has
/// 3.12.3.
const IS_EARLY: &str = "import sys; print((3, 12) <= sys.version_info < (3, 12, 4))";

/// Runs `dags/tests`.
pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    let locks = bench.root.join("dags/tests");
    let environment = |name: &str, lock: &str| bench.python(name, Packages::Locked(&locks.join(lock)));
    // Two, as moto and Airflow do not get along in one.
    let (airflow, tools) =
        match (environment("airflow", "requirements.lock"), environment("moto", "requirements-tools.lock")) {
            (Ok(airflow), Ok(tools)) => (airflow, tools),
            (Err(not_run), _) | (_, Err(not_run)) => return Ok(not_run),
        };
    let has_docker = docker().is_some();
    (bench.report)("Running the DAGs under Airflow");
    let tools = tools.join("bin/python");
    let passes = |airflow: &Path, step: &Invocation| -> Result<bool> {
        let output = shell::captured(step, &airflow.join("bin"), &bench.root)?;
        if output.code != Some(0) {
            eprintln!("{}", output.text);
        }
        Ok(output.code == Some(0))
    };
    if !passes(&airflow, &step(&ALL, has_docker, &tools))? {
        return Ok(Outcome::Failed);
    }
    if !is_early(&airflow.join("bin/python")) {
        let Some(early) = python::interpreters("python3.12").into_iter().find(|python| is_early(python)) else {
            // No failure: most machines have none, and `test_style.py` finds the known fault with every Python.
            (bench.report)("Not run on Python 3.12.0 to 3.12.3: neither `python3.12` nor pyenv has one");
            return Ok(outcome(has_docker));
        };
        (bench.report)("Running them on Python 3.12.0 to 3.12.3 as well");
        let packages = Packages::Locked(&locks.join("requirements.lock"));
        let airflow = match bench.python_with(Some(&early), "airflow-3.12", packages) {
            Ok(airflow) => airflow,
            Err(not_run) => return Ok(not_run),
        };
        if !passes(&airflow, &step(&PURE, false, &tools))? {
            return Ok(Outcome::Failed);
        }
    }
    Ok(outcome(has_docker))
}

fn is_early(python: &Path) -> bool {
    machine::says(&python.display().to_string(), &["-c", IS_EARLY]).as_deref() == Some("True")
}

fn outcome(has_docker: bool) -> Outcome {
    let without = "no Docker engine answers for the jobs; all that needs none passed";
    if has_docker { Outcome::Passed } else { Outcome::NotRun(without.to_owned()) }
}

/// pytest, without the tests that run containers where there is no Docker.
fn step(tests: &[&'static str], docker: bool, tools: &Path) -> Invocation {
    let mut arguments = vec!["-m", "pytest", "--quiet", "--no-header", "-p", "no:cacheprovider", "-n", WORKERS];
    arguments.extend(tests);
    if !docker {
        arguments.extend(["-m", "not needs_docker"]);
    }
    Invocation {
        name: "dags".to_owned(),
        program: "python".to_owned(),
        arguments: arguments.into_iter().map(str::to_owned).collect(),
        environment: BTreeMap::from([("TEST_TOOLS_PYTHON".to_owned(), tools.display().to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ALL, PURE, step};
    use crate::edge::files;

    #[test]
    fn without_docker_only_the_tests_that_run_containers_are_left_out() {
        let words = |docker| step(&ALL, docker, Path::new("/tools/bin/python")).arguments.join(" ");
        assert_eq!(words(false), format!("{} -m not needs_docker", words(true)));
        assert_eq!(step(&ALL, true, Path::new("/t")).environment["TEST_TOOLS_PYTHON"], "/t");
    }

    #[test]
    fn the_tests_of_the_second_python_exist() {
        assert!(PURE.iter().all(|file| files::root().join(file).is_file()));
    }
}
