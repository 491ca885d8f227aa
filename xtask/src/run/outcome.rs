//! The result of a run, as JSON and as a text summary.

use contract::Exit;
use serde::{Serialize, Serializer};

use super::job::Job;
use crate::ui;
use crate::ui::Align::{Left, Right};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The jobs' run ID.
    pub run_id: String,
    pub dag_run_id: Option<String>,
    /// [`Exit::Done`], [`Exit::Failed`] or [`Exit::TempFail`], as a number.
    #[serde(serialize_with = "as_number")]
    pub exit: Exit,
    pub failed: Option<String>,
    pub code: Option<i32>,
    pub reason: Option<String>,
    pub jobs: Vec<TaskReport>,
}

fn as_number<S: Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(*exit as u8)
}

impl Outcome {
    /// Corrects the result to match the run's state in Airflow, where a user may have changed a task's state by hand.
    pub fn set_airflow_state(&mut self, dag: &str, state: &str) {
        if state == "success" {
            (self.exit, self.failed, self.code, self.reason) = (Exit::Done, None, None, None);
        } else if self.exit == Exit::Done {
            self.exit = Exit::Failed;
            self.failed = Some(dag.to_owned());
            self.reason = Some(format!("every job succeeded, but the run is {state} in Airflow; see its tasks there"));
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskReport {
    pub task: String,
    pub job: Option<String>,
    /// The job status, or `NOT SUBMITTED`.
    pub status: String,
    pub code: Option<i32>,
    pub reason: Option<String>,
    /// The number of containers.
    pub attempts: usize,
    pub seconds: Option<f64>,
    /// The log group, then the log streams.
    pub log: Vec<String>,
}

/// Returns the result of a run from its tasks in order, with their jobs; without one, a task was never submitted.
pub fn outcome(run_id: &str, dag_run_id: Option<&str>, jobs: &[(String, Option<Job>)]) -> Outcome {
    let first = jobs.iter().find(|(_, job)| !job.as_ref().is_some_and(Job::has_succeeded));
    let exit = match first {
        None => Exit::Done,
        Some((_, Some(job))) => job.exit(),
        Some((_, None)) => Exit::Failed,
    };
    let failed = first.and_then(|(_, job)| job.as_ref());
    let one = |(task, job): &(String, Option<Job>)| {
        let streams = job.as_ref().map(Job::streams).unwrap_or_default();
        let group = streams.first().map(|((group, _), _)| group.clone());
        TaskReport {
            task: task.clone(),
            job: job.as_ref().map(|job| job.id.clone()),
            status: job.as_ref().map_or("NOT SUBMITTED".to_owned(), |job| job.status.clone()),
            code: job.as_ref().and_then(Job::code),
            reason: job.as_ref().and_then(|job| job.reason.clone()),
            attempts: streams.len(),
            seconds: job.as_ref().and_then(Job::seconds),
            log: group.into_iter().chain(streams.into_iter().map(|((_, stream), _)| stream)).collect(),
        }
    };
    Outcome {
        run_id: run_id.to_owned(),
        dag_run_id: dag_run_id.map(str::to_owned),
        exit,
        failed: first.map(|(task, _)| task.clone()),
        code: failed.and_then(Job::code),
        reason: first.map(|_| failed.map_or("its job was not submitted".to_owned(), Job::result)),
        jobs: jobs.iter().map(one).collect(),
    }
}

/// Formats the tasks as a table, then the first failure. `options` select the deployment on a command line.
pub fn summary(outcome: &Outcome, options: &str) -> String {
    let head = [("task", Left), ("job", Left), ("status", Left), ("code", Right), ("seconds", Right)];
    let dash = || "-".to_owned();
    let row = |one: &TaskReport| {
        let code = one.code.map_or_else(dash, |code| code.to_string());
        let seconds = one.seconds.map_or_else(dash, |seconds| format!("{seconds:.1}"));
        vec![one.task.clone(), one.job.clone().unwrap_or_else(dash), one.status.clone(), code, seconds]
    };
    let mut text = ui::columns(&head, outcome.jobs.iter().map(row).collect());
    text += &format!("\nRun   {}\n", outcome.run_id);
    if let Some(airflow) = &outcome.dag_run_id {
        text += &format!("      {airflow} in Airflow\n");
    }
    text += &format!("Logs  cargo xtask logs {}{options}\n", outcome.run_id);
    match (&outcome.failed, &outcome.reason) {
        (Some(task), Some(reason)) => text += &format!("\n`{task}` failed: {reason}\n"),
        _ => text += "\nDone.\n",
    }
    text
}

#[cfg(test)]
#[path = "../../tests/unit/run/outcome.rs"]
mod tests;
