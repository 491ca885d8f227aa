//! A run of the platform in the cloud, as values: its steps, the names of its jobs, what became of each, and the verdict.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod airflow;
mod job;
mod outcome;
mod stuck;

pub use airflow::{DAG, DagRun, Method, Question, TaskInstance, import_errors};
pub use job::{Attempt, Job};
pub use outcome::{Outcome, outcome, summary};
pub use stuck::{Standing, Surroundings, Why, explain};

use contract::RunId;
use sha2::{Digest, Sha256};

use crate::settings::Batch;

/// Characters of Airflow's run id that the jobs' own keeps, and digits of a hash: `dags/run_id.py` has the rule.
const READABLE: usize = 47;
const DIGITS: usize = 16;
/// Characters of a job's name before the run id: 128 less a hyphen and a run id of 64.
const PREFIX: usize = 63;
/// Airflow's map index of a task that is not mapped.
pub const UNMAPPED: i32 = -1;

/// Begins the ids of runs that no Airflow has begun.
const DIRECT: &str = "direct__";

/// One job of a run: a task of the DAG `ingestion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunTask {
    /// The task's id; part of the job's name.
    pub task: &'static str,
    /// The job definition.
    pub definition: String,
    /// What the container runs.
    pub command: &'static [&'static str],
}

/// The steps in their order, each after the one before it: those of `dags/ingestion.py`.
pub fn chain(batch: &Batch) -> [RunTask; 3] {
    let step = |task, definition: &str, command| RunTask { task, definition: definition.to_owned(), command };
    [
        step("transformation", &batch.ingestion.name, &["transformation"]),
        step("copy_job", &batch.ingestion.name, &["copy"]),
        step("dbt_build", &batch.dbt.name, &["dbt", "build"]),
    ]
}

/// The jobs' run id of one of Airflow's: 18 to 64 characters of `A-Z a-z 0-9 _ -`.
pub fn run_id_of(airflow: &str) -> String {
    format!("{}-{}", legal(airflow, READABLE), digest(airflow))
}

/// The name of a task's job in Batch: the same for every try of the task in a run, and for no other task or run. Twin of
/// `job_name_of` in `dags/run_id.py`.
pub fn job_name(dag: &str, task: &str, map_index: i32, run_id: &str) -> String {
    let prefix = format!("{dag}-{task}");
    let is_plain = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let may_begin = prefix.starts_with(|c: char| c.is_ascii_alphanumeric());
    if map_index == UNMAPPED && prefix.len() <= PREFIX && may_begin && is_plain(dag) && is_plain(task) {
        return format!("{prefix}-{run_id}");
    }
    let end = match map_index {
        UNMAPPED => digest(&format!("{dag}/{task}")),
        index => format!("{index}-{}", digest(&format!("{dag}/{task}/{index}"))),
    };
    let readable = if legal(&prefix, 1).starts_with(['-', '_']) { format!("x{prefix}") } else { prefix };
    format!("{}-{end}-{run_id}", legal(&readable, PREFIX - 1 - end.len()))
}

/// The first characters of a text, with `-` in place of what is no letter, digit, `-` or `_`.
fn legal(text: &str, most: usize) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    text.chars().map(legal).take(most).collect()
}

/// The first digits of a text's SHA-256.
fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// The task of a job, by the job's name.
pub fn task_of<'c>(chain: &'c [RunTask], name: &str) -> Option<&'c RunTask> {
    chain.iter().find(|step| name.starts_with(&job_name(DAG, step.task, UNMAPPED, "")))
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
#[path = "../tests/unit/run.rs"]
mod tests;
