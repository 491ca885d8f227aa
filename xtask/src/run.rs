//! A run of the platform in the cloud, as values: its steps, the names of its jobs, what became of each, and the verdict.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod airflow;
mod job;
mod outcome;
mod stuck;

pub use airflow::{DAG, DagRun, Method, Question, TaskInstance, import_errors};
pub use job::{Attempt, Job};
pub use outcome::{Outcome, outcome, report};
pub use stuck::{Standing, Surroundings, Why, explain};

use contract::RunId;
use sha2::{Digest, Sha256};

use crate::settings::Batch;

/// Characters of Airflow's run id that the jobs' own keeps, and digits of its hash: `dags/run_id.py` has the rule.
const READABLE: usize = 47;
const DIGITS: usize = 16;

/// Begins the ids of runs that no Airflow has begun.
const DIRECT: &str = "direct__";

/// One job of a run: a task of the DAG `ingestion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The task's id; it begins the job's name.
    pub task: &'static str,
    /// The job definition.
    pub definition: String,
    /// What the container runs.
    pub command: &'static [&'static str],
}

/// The steps in their order, each after the one before it: those of `dags/ingestion.py`.
pub fn chain(batch: &Batch) -> [Step; 3] {
    let step = |task, definition: &str, command| Step { task, definition: definition.to_owned(), command };
    [
        step("transformation", &batch.ingestion.name, &["transformation"]),
        step("copy_job", &batch.ingestion.name, &["copy"]),
        step("dbt_build", &batch.dbt.name, &["dbt", "build"]),
    ]
}

/// The jobs' run id of one of Airflow's: 18 to 64 characters of `A-Z a-z 0-9 _ -`.
pub fn run_id_of(airflow: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    let readable: String = airflow.chars().map(legal).take(READABLE).collect();
    let digest: String = Sha256::digest(airflow.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{readable}-{}", &digest[..DIGITS])
}

/// What a task's job is called in Batch: the same for every try of it in a run, and for no other.
pub fn job_name(task: &str, run_id: &str) -> String {
    format!("{task}-{run_id}")
}

/// The id of a run that this program begins by itself, from the time in RFC 3339.
pub fn direct(time: &str) -> String {
    run_id_of(&format!("{DIRECT}{time}"))
}

/// Whether this program began it, so that what it lacks may be submitted.
pub fn is_direct(run_id: &str) -> bool {
    run_id.starts_with(DIRECT)
}

/// The id that Airflow gives to a run that a person asks for, from the time in RFC 3339.
pub fn manual(time: &str) -> String {
    format!("manual__{time}")
}

/// What a person calls a run may be the jobs' id of it or Airflow's: the jobs' ids that it can mean, the likeliest first.
pub fn meant(text: &str) -> Vec<String> {
    let own = text.parse::<RunId>().ok().map(|id| id.to_string());
    own.into_iter().chain([run_id_of(text)]).collect()
}

/// Whether a text is the id of a job of Batch, which is a UUID, and not a run's.
pub fn is_job_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.chars().all(|c| c.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_are_those_of_the_dags() {
        let text = include_str!("../../dags/tests/run_ids.json");
        let examples: Vec<serde_json::Value> = serde_json::from_str(text).expect("examples");
        assert!(examples.len() > 5);
        for example in examples {
            let (airflow, run_id) = (example["airflow"].as_str(), example["run_id"].as_str());
            assert_eq!(Some(run_id_of(airflow.expect("an id")).as_str()), run_id);
        }
    }

    #[test]
    fn the_chain_is_the_dags() {
        let own = crate::settings::Document { file: "dev.yaml", text: include_str!("../../infra/settings/dev.yaml") };
        let variables = crate::settings::Variables::new();
        let settings = crate::settings::resolve("dev", own, None, &variables).expect("dev has no problems").settings;
        let text = include_str!("../../dags/ingestion.py");
        let mut names = Vec::new();
        for step in chain(&settings.batch) {
            let words: Vec<String> = step.command.iter().map(|word| format!("\"{word}\"")).collect();
            let call = format!("{} = batch_job(PLATFORM, \"{0}\", [{}]", step.task, words.join(", "));
            assert!(text.contains(&call), "{call}");
            names.push(step.task);
        }
        assert!(text.trim_end().ends_with(&names.join(" >> ")), "{names:?}");
    }

    #[test]
    fn a_run_is_known_by_both_of_its_ids() {
        let airflow = "manual__2026-11-22T09:30:00+00:00";
        let own = run_id_of(airflow);
        assert_eq!(meant(airflow), std::slice::from_ref(&own));
        assert_eq!(meant(&own)[0], own);
        let direct = direct("2026-11-22T09:30:00.123456+00:00");
        assert!(is_direct(&direct) && !is_direct(&own) && direct.parse::<RunId>().is_ok());
        assert!(is_job_id("876da822-4198-45f2-a252-6cea32512ea8"));
        assert!(!is_job_id(&own) && !is_job_id("876da822-4198-45f2-a252"));
    }
}
