//! A run without Airflow: the same jobs with the same names, each depending on the previous one, so that Batch finishes
//! the run even if this program stops.

use anyhow::{Result, ensure};

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
    let chain = request.chain();
    let (mut run_id, mut found) = (id.to_owned(), vec![None; chain.len()]);
    for one in if attach { possible_run_ids(&request.ingestion.dag, id) } else { Vec::new() } {
        if found.iter().all(Option::is_none) {
            let newest = |task: &RunTask| follow.newest(&request.job_name(task.task, &one));
            found = chain.iter().map(newest).collect::<Result<_>>()?;
            run_id = one;
        }
    }
    let run_id = run_id.as_str();
    if attach {
        let failure =
            || Failure::new(format!("the queue `{}` does not contain any jobs for the run `{id}`", names.queue));
        ensure!(found.iter().any(Option::is_some), failure().hint("Batch deletes jobs about a week after they finish"));
    }
    let mut previous: Option<String> = None;
    for (task, found) in chain.iter().zip(found) {
        let id = match found {
            Some(id) => id,
            // Airflow submits the missing jobs of its own runs.
            None if attach && !(is_direct(run_id) && may_follow(&aws, &batch, previous.as_deref())?) => break,
            None => {
                report(RunProgress::Step(task.task.to_owned(), format!("submitting to `{}`", names.queue)));
                let (name, task) = (request.job_name(task.task, run_id), (task, &request.options));
                aws.wait(batch.submit(&names.queue, (&name, run_id), task, previous.as_deref(), request.interval))?
            }
        };
        follow.add(task.task, &id);
        previous = Some(id);
    }
    follow.complete(report)?;
    Ok(follow.outcome(run_id, None, &chain))
}

/// Whether the next job may be submitted: the previous one must not have failed.
fn may_follow(aws: &Aws, batch: &Batch, previous: Option<&str>) -> Result<bool> {
    let Some(id) = previous else { return Ok(true) };
    let jobs = aws.wait(batch.describe(&[id.to_owned()]))?;
    Ok(jobs.iter().all(|job| !job.has_finished() || job.has_succeeded()))
}
