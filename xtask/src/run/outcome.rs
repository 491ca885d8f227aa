//! What a run came to: the verdict, every task, and how both are told.

use contract::Exit;
use serde::Serialize;

use super::Job;
use crate::ui::{self, Align};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The jobs' run id.
    pub run_id: String,
    /// Airflow's run id, where it was Airflow that ran it.
    pub dag_run_id: Option<String>,
    /// 0, 1 or 75.
    pub exit: u8,
    /// The task that failed first; those behind it fail with it.
    pub failed: Option<String>,
    /// What that task's last container answered.
    pub code: Option<i32>,
    /// How it ended, in words.
    pub reason: Option<String>,
    /// Every task.
    pub jobs: Vec<TaskReport>,
}

impl Outcome {
    /// Airflow has the last word on a run of its own: a person may have marked a task there.
    pub fn airflow_says(&mut self, state: &str) {
        if state == "success" {
            (self.exit, self.failed, self.code, self.reason) = (Exit::Done as u8, None, None, None);
        } else if self.exit == Exit::Done as u8 {
            self.exit = Exit::Failed as u8;
            self.failed = Some("ingestion".to_owned());
            self.reason =
                Some(format!("every job succeeded, but Airflow says that the run is {state}; see its tasks there"));
        }
    }

    /// As what the program ends.
    pub fn as_exit(&self) -> Exit {
        match self.exit {
            0 => Exit::Done,
            75 => Exit::TempFail,
            _ => Exit::Failed,
        }
    }
}

/// What became of one task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskReport {
    /// The task.
    pub task: String,
    /// Its job, if there was one.
    pub job: Option<String>,
    /// Where it stands.
    pub status: String,
    /// What the last container answered.
    pub code: Option<i32>,
    /// Batch's words.
    pub reason: Option<String>,
    /// How many containers there were.
    pub attempts: usize,
    /// From the last container's start to its end.
    pub seconds: Option<f64>,
    /// Where its lines are: the group, then the streams.
    pub log: Vec<String>,
}

/// The verdict on tasks in their order, each with its job if it has one. A task without a job was never submitted.
pub fn outcome(run_id: &str, dag_run_id: Option<&str>, jobs: &[(String, Option<Job>)]) -> Outcome {
    let first = jobs.iter().find(|(_, job)| !job.as_ref().is_some_and(Job::has_succeeded));
    let exit = match first {
        None => Exit::Done,
        Some((_, Some(job))) => job.exit(),
        Some((_, None)) => Exit::Failed,
    };
    let failed = first.and_then(|(_, job)| job.as_ref());
    let reason = first.map(|_| failed.map_or("no job was submitted for it".to_owned(), Job::how_it_ended));
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
        exit: exit as u8,
        failed: first.map(|(task, _)| task.clone()),
        code: failed.and_then(Job::code),
        reason,
        jobs: jobs.iter().map(one).collect(),
    }
}

/// The table, and what failed first. `which` says of which deployment it is, as words of a command.
pub fn summary(outcome: &Outcome, which: &str) -> String {
    let head = [
        ("task", Align::Left),
        ("job", Align::Left),
        ("status", Align::Left),
        ("code", Align::Right),
        ("seconds", Align::Right),
    ];
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
    text += &format!("Logs  cargo xtask logs {}{which}\n", outcome.run_id);
    match (&outcome.failed, &outcome.reason) {
        (Some(task), Some(reason)) => text += &format!("\n`{task}` failed: {reason}\n"),
        _ => text += "\nDone.\n",
    }
    text
}

#[cfg(test)]
#[path = "../../tests/unit/run/outcome.rs"]
mod tests;
