//! The lines of a run's jobs, or of one job: those that are there, or those that come as well.

use anyhow::{Result, ensure};

use super::follow::Follow;
use super::{RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::failure::Failure;
use crate::lines::Line;
use crate::run::{DAG, RunTask, UNMAPPED, chain, is_job_id, job_name, meant, task_of};

/// A line, or a note about what holds a job up.
#[derive(Debug)]
pub enum LogOutput {
    /// A task's container said it. With the id of a job alone its name stands in the task's place.
    Line(String, Line),
    /// Why there is none.
    Note(String, String),
}

/// Tells the lines of a run's jobs, by its id of the jobs' or of Airflow's, or of one job by its own id. With `follow` until
/// they have ended; else until what is there by now has been told.
///
/// # Errors
/// When Batch knows no such job.
pub fn logs(
    request: &RunRequest,
    of: &str,
    follow: bool,
    report: &mut dyn FnMut(LogOutput) -> Result<()>,
) -> Result<()> {
    let names = &request.settings.batch;
    let aws = Aws::of(&request.settings, &request.variables)?;
    let batch = Batch::new(&aws.config);
    let chain = chain(names);
    let mut looking = Follow::new(&aws, &names.queue, request.every);
    if !follow {
        looking.until_now();
    }
    let failure = || Failure::new(format!("Batch knows no run and no job `{of}`"));
    let hint = "Batch forgets a job about a week after its end; its lines stay in CloudWatch, in the jobs' log groups";
    let mut run_id = None;
    if is_job_id(of) {
        let job = aws.wait(batch.describe(&[of.to_owned()]))?.into_iter().next();
        let task = job.map(|job| task_of(&chain, &job.name).map_or(job.name.clone(), |step| step.task.to_owned()));
        let Some(task) = task else { return Err(failure().hint(hint).into()) };
        looking.add(&task, of);
    } else {
        for meant in meant(of) {
            if find(&aws, &batch, &names.queue, &chain, &meant, &mut looking)? {
                run_id = Some(meant);
                break;
            }
        }
        ensure!(run_id.is_some(), failure().hint(hint));
    }
    let mut trouble = Ok(());
    loop {
        looking.look(&mut |progress| {
            let said = match progress {
                RunProgress::Line(task, line) => report(LogOutput::Line(task, line)),
                RunProgress::Note(task, words) => report(LogOutput::Note(task, words)),
                RunProgress::Step(..) | RunProgress::Ended(..) => Ok(()),
            };
            if trouble.is_ok() {
                trouble = said;
            }
        })?;
        std::mem::replace(&mut trouble, Ok(()))?;
        if looking.is_over() {
            // What a run of Airflow's goes on with is submitted when the task before has ended well.
            let goes_on = |run_id: &String| -> Result<bool> {
                let last = chain.last().is_none_or(|step| looking.job(step.task).is_some());
                let well = chain.iter().filter_map(|step| looking.job(step.task)).all(|job| job.has_succeeded());
                Ok(follow && !last && well && !run_id.is_empty())
            };
            match run_id.as_ref().map(goes_on).transpose()? {
                Some(true) => {
                    _ = find(&aws, &batch, &names.queue, &chain, run_id.as_deref().unwrap_or(""), &mut looking)?
                }
                _ => return Ok(()),
            }
        }
        looking.wait();
    }
}

/// Adds the jobs of a run that there are; whether there is any.
fn find(
    aws: &Aws,
    batch: &Batch,
    queue: &str,
    chain: &[RunTask],
    run_id: &str,
    looking: &mut Follow<'_>,
) -> Result<bool> {
    let mut any = false;
    for step in chain {
        if let Some(id) = aws.wait(batch.newest(queue, &job_name(DAG, step.task, UNMAPPED, run_id)))? {
            looking.add(step.task, &id);
            any = true;
        }
    }
    Ok(any)
}
