//! A cloud run: its tasks, job names, job states, and result.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod airflow;
mod job;
mod names;
mod options;
mod outcome;
mod stuck;

pub use airflow::{ApiRequest, DagRun, TaskInstance, import_errors};
pub use job::{Attempt, Job};
pub use names::{direct_run_id, is_direct, is_job_id, job_name, manual_run_id, possible_run_ids, run_id_of, task_of};
pub use options::RunOptions;
pub use outcome::{Outcome, outcome, summary};
pub use stuck::{BatchResource, QueueState, explain};
