//! A run without Airflow: the same jobs with the same names, each depending on those of the previous task, so that Batch
//! finishes the run even if this program stops.

use anyhow::{Result, bail, ensure};

use super::follow::{Follow, RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::failure::Failure;
use crate::flows::account;
use crate::run::{Outcome, is_direct, possible_run_ids};
use crate::settings::RunTask;

/// Starts a run, or with `attach` attaches to an existing one, identified by its jobs' run ID or by Airflow's, and
/// follows it to completion. Missing jobs of a direct run are submitted. A failed run is not an error here.
pub fn run(request: &RunRequest, id: &str, attach: bool, report: &mut dyn FnMut(RunProgress)) -> Result<Outcome> {
    let names = &request.settings.batch;
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    account::check(&request.settings, &aws)?;
    let batch = Batch::new(&aws.config);
    let mut follow = Follow::new(&aws, request);
    let mut run_id = id.to_owned();
    let mut jobs: Vec<(RunTask, Option<String>)> = request.jobs().into_iter().map(|task| (task, None)).collect();
    for one in if attach { possible_run_ids(&request.ingestion.dag, id) } else { Vec::new() } {
        if jobs.iter().all(|(_, found)| found.is_none()) {
            for (task, found) in &mut jobs {
                *found = follow.newest(&request.job_name(task, &one))?;
            }
            run_id = one;
        }
    }
    let run_id = run_id.as_str();
    if attach {
        let failure =
            || Failure::new(format!("the queue `{}` does not contain any jobs for the run `{id}`", names.queue));
        let exists = jobs.iter().any(|(_, found)| found.is_some());
        ensure!(exists, failure().hint("Batch deletes jobs about a week after they finish"));
    }
    // All groups are submitted before the next task: if that exists, a missing group has none of the run's collections.
    if jobs.iter().any(|(task, found)| task.map_index.is_none() && found.is_some()) {
        jobs.retain(|(task, found)| task.map_index.is_none() || found.is_some());
    } else if attach
        && is_direct(run_id)
        && jobs.iter().any(|(task, found)| task.map_index.is_some() && found.is_none())
    {
        let failure = Failure::new(format!("the run `{id}` was interrupted before all of its jobs were submitted"));
        bail!(failure.hint("start a new run: the options of the missing jobs, such as their collections, are unknown"));
    }
    let (mut before, mut current, mut of) = (Vec::new(), Vec::new(), "");
    for (task, found) in &jobs {
        if of != task.task {
            before = std::mem::take(&mut current);
            of = task.task;
        }
        let id = match found {
            Some(id) => id.clone(),
            // Airflow submits the missing jobs of its own runs.
            None if attach && !(is_direct(run_id) && may_follow(&aws, &batch, &before)?) => break,
            None => {
                report(RunProgress::Step(task.label(), format!("submitting to `{}`", names.queue)));
                let (name, task) = (request.job_name(task, run_id), (task, &request.options));
                aws.wait(batch.submit(&names.queue, (&name, run_id), task, &before, request.interval))?
            }
        };
        follow.add(&task.label(), &id);
        current.push(id);
    }
    let tasks: Vec<RunTask> = jobs.into_iter().map(|(task, _)| task).collect();
    follow.complete(report)?;
    Ok(follow.outcome(run_id, None, &tasks))
}

/// Whether the next job may be submitted: the previous ones must not have failed.
fn may_follow(aws: &Aws, batch: &Batch, previous: &[String]) -> Result<bool> {
    let jobs = aws.wait(batch.describe(previous))?;
    Ok(jobs.iter().all(|job| !job.has_finished() || job.has_succeeded()))
}
