//! The log lines of a run's jobs, or of one job: those until now, or also future ones.

use anyhow::{Result, ensure};

use super::follow::Follow;
use super::progress::{RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::failure::Failure;
use crate::lines::Line;
use crate::run::{DAG, UNMAPPED, chain, is_job_id, job_name, possible_run_ids, task_of};

#[derive(Debug)]
pub enum LogOutput {
    /// A line of the task's container; for a job of another DAG, the job's name takes the task's place.
    Line(String, Line),
    /// Why a job does not start, or why there are no lines.
    Note(String, String),
}

/// Reports the lines of a run, by the jobs' run ID or Airflow's, or of one job by its ID. With `follow` until the jobs have
/// finished, otherwise until now.
pub fn logs(
    request: &RunRequest,
    id: &str,
    follow: bool,
    report: &mut dyn FnMut(LogOutput) -> Result<()>,
) -> Result<()> {
    let names = &request.settings.batch;
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    let batch = Batch::new(&aws.config);
    let chain = chain(names);
    let mut jobs = Follow::new(&aws, &names.queue, request.interval);
    if !follow {
        jobs.until_now();
    }
    // Adds the existing jobs of a run; false if there are none.
    let find = |run_id: &str, jobs: &mut Follow<'_>| -> Result<bool> {
        let mut any = false;
        for one in &chain {
            if let Some(id) = aws.wait(batch.newest(&names.queue, &job_name(DAG, one.task, UNMAPPED, run_id)))? {
                jobs.add(one.task, &id);
                any = true;
            }
        }
        Ok(any)
    };
    let mut run_id = None;
    let mut found = false;
    if is_job_id(id) {
        if let Some(job) = aws.wait(batch.describe(&[id.to_owned()]))?.into_iter().next() {
            jobs.add(task_of(&chain, &job.name).map_or(job.name.as_str(), |one| one.task), id);
            found = true;
        }
    } else {
        for possible in possible_run_ids(id) {
            if !found && find(&possible, &mut jobs)? {
                found = true;
                run_id = Some(possible);
            }
        }
    }
    let hint = "Batch deletes a job about a week after its end; its lines stay in CloudWatch, in the jobs' log groups";
    ensure!(found, Failure::new(format!("Batch has no run and no job `{id}`")).hint(hint));
    loop {
        let mut written = Ok(());
        jobs.query(&mut |progress| {
            let output = match progress {
                RunProgress::Line(task, line) => LogOutput::Line(task, line),
                RunProgress::Note(task, note) => LogOutput::Note(task, note),
                RunProgress::Step(..) | RunProgress::Finished(..) => return,
            };
            if written.is_ok() {
                written = report(output);
            }
        })?;
        written?;
        if jobs.is_complete() {
            // Airflow submits the next job after the previous one succeeded.
            let all_known = chain.last().is_none_or(|last| jobs.job(last.task).is_some());
            let succeeded = chain.iter().filter_map(|one| jobs.job(one.task)).all(|job| job.has_succeeded());
            match &run_id {
                Some(run_id) if follow && !all_known && succeeded => _ = find(run_id, &mut jobs)?,
                _ => return Ok(()),
            }
        }
        jobs.wait();
    }
}
