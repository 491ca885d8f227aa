//! Reports the log lines of a run's jobs or of a single job: either only those written so far, or future ones too.

use anyhow::{Result, ensure};

use super::follow::{Follow, RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::failure::Failure;
use crate::run::{is_job_id, job_name, possible_run_ids, task_of};
use crate::settings::{RunTask, chain};

/// Reports the lines of a run, identified by its jobs' run ID or by Airflow's, or of a single job, identified by its
/// ID. With `follow`, continues until the jobs have finished; otherwise, reports only the lines written so far.
pub fn logs(
    request: &RunRequest,
    id: &str,
    follow: bool,
    report: &mut dyn FnMut(RunProgress) -> Result<()>,
) -> Result<()> {
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    let settings = &request.settings;
    let chains: Vec<_> = settings.ingestions().into_iter().map(|of| (chain(settings, &of), of.dag)).collect();
    let mut jobs = Follow::new(&aws, request);
    if !follow {
        jobs.until_now();
    }
    let mut run = None;
    let mut found = false;
    if is_job_id(id) {
        if let Some(job) = aws.wait(Batch::new(&aws.config).describe(&[id.to_owned()]))?.into_iter().next() {
            let task = chains.iter().find_map(|(chain, dag)| task_of(dag, chain, &job.name));
            jobs.add(task.map_or(job.name.as_str(), |one| one.task), id);
            found = true;
        }
    } else {
        for (chain, dag) in &chains {
            for possible in possible_run_ids(dag, id) {
                if !found && add_jobs(&mut jobs, (chain, dag), &possible)? {
                    found = true;
                    run = Some(((chain.as_slice(), dag.as_str()), possible));
                }
            }
        }
    }
    let hint =
        "Batch deletes jobs about a week after they finish; their lines remain in the jobs' log groups in CloudWatch";
    ensure!(found, Failure::new(format!("the run or job `{id}` does not exist in Batch")).hint(hint));
    loop {
        let mut written = Ok(());
        jobs.query(&mut |progress| {
            if written.is_ok() {
                written = report(progress);
            }
        })?;
        written?;
        if jobs.is_complete() {
            // Airflow submits the next job after the previous one has succeeded.
            let Some(((chain, dag), run_id)) = run.as_ref().filter(|_| follow) else { return Ok(()) };
            let all_known = chain.last().is_none_or(|last| jobs.job(last.task).is_some());
            let succeeded = chain.iter().filter_map(|one| jobs.job(one.task)).all(|job| job.has_succeeded());
            if all_known || !succeeded {
                return Ok(());
            }
            add_jobs(&mut jobs, (chain, dag), run_id)?;
        }
        jobs.wait();
    }
}

/// Adds the existing jobs of a run; returns false if none exist.
fn add_jobs(jobs: &mut Follow<'_>, (chain, dag): (&[RunTask], &str), run_id: &str) -> Result<bool> {
    let mut any = false;
    for one in chain {
        if let Some(id) = jobs.newest(&job_name(dag, one.task, run_id))? {
            jobs.add(one.task, &id);
            any = true;
        }
    }
    Ok(any)
}
