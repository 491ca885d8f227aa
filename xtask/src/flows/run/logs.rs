//! Reports the log lines of a run's jobs or of a single job: either only those written so far, or future ones too.

use anyhow::{Result, ensure};

use super::follow::{Follow, RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::failure::Failure;
use crate::run::{is_job_id, job_name, possible_run_ids, task_of};
use crate::settings::{self, RunTask};

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
    let all: Vec<_> = settings.ingestions().into_iter().map(|of| (settings::jobs(settings, &of), of.dag)).collect();
    let mut jobs = Follow::new(&aws, request);
    if !follow {
        jobs.until_now();
    }
    let mut run = None;
    let mut found = false;
    if is_job_id(id) {
        if let Some(job) = aws.wait(Batch::new(&aws.config).describe(&[id.to_owned()]))?.into_iter().next() {
            let task = all.iter().find_map(|(tasks, dag)| task_of(dag, tasks, &job.name));
            jobs.add(&task.map_or(job.name.clone(), RunTask::label), id);
            found = true;
        }
    } else {
        for (tasks, dag) in &all {
            for possible in possible_run_ids(dag, id) {
                if !found && add_jobs(&mut jobs, (tasks, dag), &possible)? {
                    found = true;
                    run = Some(((tasks.as_slice(), dag.as_str()), possible));
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
            let Some(((tasks, dag), run_id)) = run.as_ref().filter(|_| follow) else { return Ok(()) };
            let all_known = tasks.last().is_none_or(|last| jobs.job(&last.label()).is_some());
            let succeeded = tasks.iter().filter_map(|one| jobs.job(&one.label())).all(|job| job.has_succeeded());
            if all_known || !succeeded {
                return Ok(());
            }
            add_jobs(&mut jobs, (tasks, dag), run_id)?;
        }
        jobs.wait();
    }
}

/// Adds the existing jobs of a run; returns false if none exist.
fn add_jobs(jobs: &mut Follow<'_>, (tasks, dag): (&[RunTask], &str), run_id: &str) -> Result<bool> {
    let mut any = false;
    for one in tasks {
        if let Some(id) = jobs.newest(&job_name(dag, one, run_id))? {
            jobs.add(&one.label(), &id);
            any = true;
        }
    }
    Ok(any)
}
