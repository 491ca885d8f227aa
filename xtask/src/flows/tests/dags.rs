//! The suite "dags": the DAGs under Airflow as MWAA has it. Their jobs are real containers behind moto's Batch where there
//! is Docker; what needs none runs without.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::{Bench, Outcome, docker};
use crate::edge::python::Packages;
use crate::edge::shell;
use crate::pipeline::Step;

/// Tests at once: they mostly wait, for containers and for Airflow to start.
const WORKERS: &str = "3";

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
    (bench.tell)("Running the DAGs under Airflow");
    let step = step(has_docker, &tools.join("bin/python"));
    let output = shell::captured(&step, &airflow.join("bin"), &bench.root)?;
    if output.code != Some(0) {
        eprintln!("{}", output.text);
        return Ok(Outcome::Failed);
    }
    let without = "no Docker engine answers for the jobs; all that needs none passed";
    Ok(if has_docker { Outcome::Passed } else { Outcome::NotRun(without.to_owned()) })
}

/// pytest, without the tests that run containers where there is no Docker.
fn step(docker: bool, tools: &Path) -> Step {
    let mut arguments =
        vec!["-m", "pytest", "--quiet", "--no-header", "-p", "no:cacheprovider", "-n", WORKERS, "dags/tests"];
    if !docker {
        arguments.extend(["-m", "not needs_docker"]);
    }
    Step {
        name: "dags".to_owned(),
        program: "python".to_owned(),
        arguments: arguments.into_iter().map(str::to_owned).collect(),
        environment: BTreeMap::from([("TEST_TOOLS_PYTHON".to_owned(), tools.display().to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::step;
    use std::path::Path;

    #[test]
    fn without_docker_only_the_tests_that_run_containers_are_left_out() {
        let words = |docker| step(docker, Path::new("/tools/bin/python")).arguments.join(" ");
        assert_eq!(words(false), format!("{} -m not needs_docker", words(true)));
        assert_eq!(step(true, Path::new("/t")).environment["TEST_TOOLS_PYTHON"], "/t");
    }
}
