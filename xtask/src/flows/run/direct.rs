//! A run without Airflow: the same jobs under the same names, each behind the one before it, so that Batch goes on by itself
//! whatever becomes of this program.

use anyhow::{Result, ensure};

use super::follow::Follow;
use super::{RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::failure::Failure;
use crate::flows::account;
use crate::run::{DAG, Job, Outcome, RunTask, UNMAPPED, chain, is_direct, job_name, meant, outcome};

/// Begins a run under an id, and follows it to its end; or with `attach` looks on at one, by the jobs' id of it or Airflow's.
/// A run that this program began and was kept from submitting whole is submitted whole.
///
/// # Errors
/// When the credentials are of another account, there is no such run, or Batch refuses. A run that fails is no error here.
pub fn run(request: &RunRequest, id: &str, attach: bool, report: &mut dyn FnMut(RunProgress)) -> Result<Outcome> {
    let names = &request.settings.batch;
    let aws = Aws::of(&request.settings, &request.variables)?;
    account::check(&request.settings, &aws)?;
    let batch = Batch::new(&aws.config);
    let mut follow = Follow::new(&aws, &names.queue, request.every);
    let chain = chain(names);
    let (mut run_id, mut found) = (id.to_owned(), vec![None; chain.len()]);
    for one in if attach { meant(id) } else { Vec::new() } {
        if found.iter().all(Option::is_none) {
            let newest =
                |step: &RunTask| aws.wait(batch.newest(&names.queue, &job_name(DAG, step.task, UNMAPPED, &one)));
            found = chain.iter().map(newest).collect::<Result<_>>()?;
            run_id = one;
        }
    }
    let run_id = run_id.as_str();
    if attach {
        let failure = || Failure::new(format!("there is no run `{id}` in the queue `{}`", names.queue));
        ensure!(found.iter().any(Option::is_some), failure().hint("Batch forgets a run about a week after its end"));
    }
    let mut behind: Option<String> = None;
    for (step, found) in chain.iter().zip(found) {
        let id = match found {
            Some(id) => id,
            // What Airflow began it goes on with by itself.
            None if attach && !(is_direct(run_id) && may_follow(&aws, &batch, behind.as_deref())?) => break,
            None => {
                report(RunProgress::Step(step.task.to_owned(), format!("submitting to `{}`", names.queue)));
                aws.wait(batch.submit(&names.queue, run_id, step, behind.as_deref(), request.every))?
            }
        };
        follow.add(step.task, &id);
        behind = Some(id);
    }
    loop {
        follow.look(report)?;
        if follow.is_over() {
            break;
        }
        follow.wait();
    }
    let jobs: Vec<_> = chain.iter().map(|step| (step.task.to_owned(), follow.job(step.task).cloned())).collect();
    Ok(outcome(run_id, None, &jobs))
}

/// Whether a job may still be submitted behind another: it has not failed.
fn may_follow(aws: &Aws, batch: &Batch, behind: Option<&str>) -> Result<bool> {
    let Some(id) = behind else { return Ok(true) };
    let jobs = aws.wait(batch.describe(&[id.to_owned()]))?;
    Ok(jobs.iter().all(|job| !job.has_ended() || Job::has_succeeded(job)))
}
