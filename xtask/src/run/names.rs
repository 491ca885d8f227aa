//! Run IDs, and the tasks in a run with their job names.

use contract::RunId;
use regex_lite::Regex;

use crate::digest::sha256;
use crate::settings::{DAG, RunTask};

/// Lengths of the two parts of a run ID: the start of Airflow's run ID, and its hash, as in `dags/dpworld/runs.py`.
const READABLE: usize = 47;
const DIGITS: usize = 16;

/// The maximum length of a job name without its run ID, as in `dags/dpworld/runs.py`.
const PREFIX: usize = 63;

/// The prefix of run IDs that Airflow did not create.
const DIRECT: &str = "direct__";

/// Returns the jobs' run ID for an Airflow run ID: 18 to 64 characters of `A-Z a-z 0-9 _ -`.
pub fn run_id_of(dag: &str, airflow: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    let readable: String = airflow.chars().map(legal).take(READABLE).collect();
    let hashed = if dag == DAG { airflow.to_owned() } else { format!("{dag}/{airflow}") };
    format!("{readable}-{}", &sha256(hashed.as_bytes())[..DIGITS])
}

/// Returns the Batch job name for a task, like `job_name_of` in `dags/dpworld/runs.py`: it is the same for every try, and
/// unique to the task and run. The IDs of DAG and task need no replacement.
pub fn job_name(dag: &str, RunTask { task, map_index, .. }: &RunTask, run_id: &str) -> String {
    let Some(index) = map_index else { return format!("{dag}-{task}-{run_id}") };
    let end = format!("{index}-{}", &sha256(format!("{dag}/{task}/{index}").as_bytes())[..DIGITS]);
    let readable: String = format!("{dag}-{task}").chars().take(PREFIX - 1 - end.len()).collect();
    format!("{readable}-{end}-{run_id}")
}

pub fn task_of<'j>(dag: &str, jobs: &'j [RunTask], name: &str) -> Option<&'j RunTask> {
    // A task's own name is also the start of the names of its map indices.
    jobs.iter().find(|task| name.starts_with(&job_name(dag, task, "")))
}

pub fn direct_run_id(dag: &str, time: &str) -> String {
    run_id_of(dag, &format!("{DIRECT}{time}"))
}

/// Whether a run was started without Airflow, so that its missing jobs may be submitted.
pub fn is_direct(run_id: &str) -> bool {
    run_id.starts_with(DIRECT)
}

pub fn manual_run_id(time: &str) -> String {
    format!("manual__{time}")
}

/// Returns the jobs' run IDs in a DAG that a text (theirs or Airflow's) may refer to, the most likely first.
pub fn possible_run_ids(dag: &str, text: &str) -> Vec<String> {
    let own = text.parse::<RunId>().ok().map(|id| id.to_string());
    own.into_iter().chain([run_id_of(dag, text)]).collect()
}

/// Whether a text is the ID of a Batch job, which is a UUID.
pub fn is_job_id(text: &str) -> bool {
    Regex::new("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$").is_ok_and(|id| id.is_match(text))
}

#[cfg(test)]
#[path = "../../tests/unit/run/names.rs"]
mod tests;
