//! Runs the DAG in Airflow, through MWAA: triggers the DAG, finds its tasks' jobs by name, and follows them in Batch.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use contract::Exit;
use serde_json::Value;

use super::follow::{Follow, RunProgress, RunRequest, ignore_temporary_error};
use crate::edge::aws::Aws;
use crate::edge::mwaa::Mwaa;
use crate::failure::{Failure, exit_of};
use crate::flows::account;
use crate::run::{ApiRequest, DagRun, Job, Outcome, TaskInstance, run_id_of};
use crate::settings::{RunTask, Webserver};

/// Maximum number of queries for the job of a finished task: ListJobs returns a new job with a delay of a few seconds.
const LATE_QUERIES: u32 = 5;
const QUEUED_QUERIES: u32 = 10;

/// Triggers the DAG, or attaches to a run, and follows the run to completion. A failed run is not an error.
pub fn run(
    request: &RunRequest,
    dag_run_id: &str,
    attach: bool,
    report: &mut dyn FnMut(RunProgress),
) -> Result<Outcome> {
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    let hint = "pass --direct, or set AWS_ENDPOINT_URL_MWAA to the endpoint of an Airflow server";
    let failure = || Failure::new("the AWS endpoint is an emulator without Airflow").hint(hint);
    ensure!(!aws.is_unsupported("MWAA"), failure());
    account::check(&request.settings, &aws)?;
    let airflow = Airflow { aws: &aws, mwaa: Mwaa::new(&aws.config), request };
    if !attach {
        airflow.start(dag_run_id)?;
    }
    report(RunProgress::Step(request.ingestion.dag.clone(), "queued".to_owned()));
    airflow.follow(dag_run_id, report)
}

struct Airflow<'a> {
    aws: &'a Aws,
    mwaa: Mwaa,
    request: &'a RunRequest,
}

impl Airflow<'_> {
    /// Sends a request and returns the response body; fails unless the status is 2xx.
    fn body(&self, request: &ApiRequest) -> Result<Value> {
        let (status, body) = self.send(request)?;
        if !(200..300).contains(&status) {
            let failure = Failure::new(format!("Airflow returned {status} for `{}`: {}", request.path, detail(&body)));
            bail!(if status == 429 { failure.exit(Exit::TempFail) } else { failure });
        }
        Ok(body)
    }

    fn send(&self, request: &ApiRequest) -> Result<(i32, Value)> {
        let settings = &self.request.settings.airflow;
        self.aws.wait(self.mwaa.call(&settings.environment, request)).map_err(|error| {
            if settings.webserver == Webserver::Private {
                let failure = Failure::new(format!("cannot reach Airflow's private web server: {error:#}"));
                let hint = "it is reachable only from inside the VPC; `cargo xtask run --direct` does not need Airflow";
                return failure.exit(exit_of(&error)).hint(hint).into();
            }
            error
        })
    }

    /// Triggers a run with the given ID. After a temporary failure, the request is repeated; if Airflow received the
    /// first one, it returns 409.
    fn start(&self, dag_run_id: &str) -> Result<()> {
        let name = &self.request.ingestion.dag;
        let (status, dag) = self.send(&ApiRequest::dag(name))?;
        let missing = || Failure::new(format!("the DAG `{name}` does not exist in Airflow"));
        ensure!(status != 404, missing().hint("run `cargo xtask sync-dags`"));
        let paused = || Failure::new(format!("the DAG `{name}` is paused, so a run would never start"));
        ensure!(dag["is_paused"] != true, paused().hint("unpause it in the Airflow UI (`cargo xtask open`)"));
        let trigger = ApiRequest::trigger(name, dag_run_id, &self.request.options.conf());
        let mut response = self.send(&trigger);
        if response.as_ref().is_err_and(|error| exit_of(error) == Exit::TempFail) {
            let interval = self.request.interval;
            self.aws.wait(async move { tokio::time::sleep(interval).await });
            response = self.send(&trigger);
        }
        let (status, body) = response?;
        let failure = || Failure::new(format!("cannot trigger `{name}`: Airflow returned {status}: {}", detail(&body)));
        ensure!((200..300).contains(&status) || status == 409, failure());
        Ok(())
    }

    fn follow(&self, dag_run_id: &str, report: &mut dyn FnMut(RunProgress)) -> Result<Outcome> {
        let (dag, mut jobs) = (&self.request.ingestion.dag, self.request.jobs());
        let run_id = run_id_of(dag, dag_run_id);
        let mut follow = Follow::new(self.aws, self.request);
        let mut reported = Reported { dag: dag.clone(), ..Reported::default() };
        let (mut late, mut errors) = (0, 0);
        let state = loop {
            let mut finished = None;
            match self.query(dag_run_id) {
                Ok((run, tasks)) => {
                    errors = 0;
                    reported.run(&run, report);
                    let mut missing = false;
                    // A group without a selected collection is skipped.
                    let state =
                        |of: &RunTask| tasks.iter().find(|task| task.is(of)).and_then(|task| task.state.as_deref());
                    jobs.retain(|one| one.map_index.is_none() || state(one) != Some("skipped"));
                    for (task, one) in
                        tasks.iter().filter_map(|task| Some((task, jobs.iter().find(|one| task.is(one))?)))
                    {
                        let label = one.label();
                        let job_succeeded = follow.job(&label).is_some_and(Job::has_succeeded);
                        let is_new = reported.task(&label, task, job_succeeded, report);
                        let name = self.request.job_name(one, &run_id);
                        missing |= !self.find(&mut follow, (&label, task), is_new, &name)?;
                    }
                    late += u32::from(missing && run.has_finished());
                    finished = (run.has_finished() && (!missing || late > LATE_QUERIES)).then_some(run.state);
                }
                Err(error) => ignore_temporary_error(&mut errors, error)?,
            }
            follow.query(report)?;
            match finished.filter(|_| follow.is_complete()) {
                Some(state) => break state,
                None => follow.wait(),
            }
        };
        let mut outcome = follow.outcome(&run_id, Some(dag_run_id), &jobs);
        outcome.set_airflow_state(dag, &state);
        report(RunProgress::Finished(dag.clone(), outcome.reason.clone()));
        Ok(outcome)
    }

    /// Adds the job of a task that has started; returns false if ListJobs does not return the job yet.
    fn find(
        &self,
        follow: &mut Follow<'_>,
        (label, task): (&str, &TaskInstance),
        is_new: bool,
        name: &str,
    ) -> Result<bool> {
        let known = follow.job(label);
        let may_have_another = known.is_none() || task.is_active() || is_new;
        if !task.has_started() || !may_have_another || known.is_some_and(|job| !job.has_finished()) {
            return Ok(true);
        }
        match follow.newest(name) {
            Ok(Some(id)) => follow.add(label, &id),
            Err(error) if exit_of(&error) != Exit::TempFail => return Err(error),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn query(&self, dag_run_id: &str) -> Result<(DagRun, Vec<TaskInstance>)> {
        let dag = &self.request.ingestion.dag;
        let mut offset = 0;
        let run = loop {
            let runs = self.body(&ApiRequest::runs(dag, offset))?;
            if let Some(run) = DagRun::find(&runs, dag_run_id) {
                break run;
            }
            let missing =
                || Failure::new(format!("the run `{dag_run_id}` of the DAG `{dag}` does not exist in Airflow"));
            offset = DagRun::next_page(&runs, offset).with_context(missing)?;
        };
        Ok((run, TaskInstance::all(&self.body(&ApiRequest::tasks(dag, dag_run_id))?)))
    }
}

fn detail(body: &Value) -> String {
    body["detail"].as_str().map_or_else(|| body.to_string(), str::to_owned)
}

#[derive(Default)]
struct Reported {
    dag: String,
    run: String,
    tasks: BTreeMap<String, String>,
    queries: u32,
}

impl Reported {
    fn run(&mut self, run: &DagRun, report: &mut dyn FnMut(RunProgress)) {
        self.queries += 1;
        if self.run != run.state {
            report(RunProgress::Step(self.dag.clone(), run.state.clone()));
            self.run.clone_from(&run.state);
        }
        if run.state == "queued" && self.queries == QUEUED_QUERIES {
            let note = "remains queued: another run is active (the limit is one), or no worker is free";
            report(RunProgress::Note(self.dag.clone(), note.to_owned()));
        }
    }

    /// Reports a state change of a task, unless the task is waiting or the success of its job has already been
    /// reported. Returns whether the state changed.
    fn task(
        &mut self,
        label: &str,
        task: &TaskInstance,
        job_succeeded: bool,
        report: &mut dyn FnMut(RunProgress),
    ) -> bool {
        let shown = task.shown();
        let is_new = self.tasks.get(label) != Some(&shown);
        if is_new {
            let state = task.state.as_deref();
            let is_waiting = [None, Some("scheduled"), Some("queued")].contains(&state);
            if !(is_waiting || job_succeeded && state == Some("success")) {
                report(RunProgress::Step(label.to_owned(), shown.clone()));
            }
            self.tasks.insert(label.to_owned(), shown);
        }
        is_new
    }
}
