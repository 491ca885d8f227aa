//! A run by Airflow, through MWAA: the DAG is triggered and looked at, its tasks' jobs are found by their names and followed
//! in Batch itself.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use contract::Exit;
use serde_json::Value;

use super::follow::{Follow, bear};
use super::{RunProgress, RunRequest};
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::edge::mwaa::Mwaa;
use crate::failure::{Failure, exit_of};
use crate::flows::account;
use crate::run::{DAG, DagRun, Job, Outcome, Question, TaskInstance, chain, job_name, outcome, run_id_of};
use crate::settings::Webserver;

/// Looks at a task that has ended well, or failed, for its job: Batch's list shows one some seconds later.
const LATE_LOOKS: u32 = 5;
/// Looks at a run that stays queued before that is explained.
const QUEUED_LOOKS: u32 = 10;

/// Triggers the DAG, or with `attach` looks on at a run of it, and follows it to its end.
///
/// # Errors
/// When the credentials are of another account, Airflow cannot be asked, is paused or knows no such run. A run that fails is
/// no error here.
pub fn run(
    request: &RunRequest,
    dag_run_id: &str,
    attach: bool,
    report: &mut dyn FnMut(RunProgress),
) -> Result<Outcome> {
    let aws = Aws::of(&request.settings, &request.variables)?;
    if aws.is_unanswered("MWAA") {
        let failure = Failure::new("an emulator answers here, which has no Airflow");
        bail!(failure.hint("say --direct, or give it an endpoint of its own by AWS_ENDPOINT_URL_MWAA"));
    }
    account::check(&request.settings, &aws)?;
    let airflow = Airflow { aws: &aws, mwaa: Mwaa::new(&aws.config), request };
    if !attach {
        airflow.begin(dag_run_id)?;
    }
    report(RunProgress::Step(DAG.to_owned(), "queued".to_owned()));
    airflow.follow(dag_run_id, report)
}

struct Airflow<'a> {
    aws: &'a Aws,
    mwaa: Mwaa,
    request: &'a RunRequest,
}

impl Airflow<'_> {
    /// An answer of Airflow with 2xx.
    fn ask(&self, question: &Question) -> Result<Value> {
        let (status, body) = self.answer(question)?;
        if !(200..300).contains(&status) {
            let failure = Failure::new(format!("Airflow refused `{}` with {status}: {}", question.path, words(&body)));
            bail!(if status == 429 { failure.exit(Exit::TempFail) } else { failure });
        }
        Ok(body)
    }

    fn answer(&self, question: &Question) -> Result<(i32, Value)> {
        let settings = &self.request.settings.airflow;
        let told = self.aws.wait(self.mwaa.ask(&settings.environment, question));
        let answer = told.map_err(|error| {
            if settings.webserver == Webserver::Private {
                let words = format!("Airflow's web server is private, and did not answer from here: {error:#}");
                let hint = "it opens only from inside the VPC; `cargo xtask run --direct` needs no Airflow";
                return Failure::new(words).exit(exit_of(&error)).hint(hint).into();
            }
            error
        })?;
        Ok((answer.status, answer.body))
    }

    /// Triggers a run under our id. Where nobody knows whether that arrived, it is done again: the second is refused with 409.
    fn begin(&self, dag_run_id: &str) -> Result<()> {
        let (status, dag) = self.answer(&Question::dag())?;
        if status == 404 {
            bail!(Failure::new(format!("Airflow knows no DAG `{DAG}`")).hint("cargo xtask sync-dags"));
        }
        if dag["is_paused"] == true {
            let failure = Failure::new(format!("the DAG `{DAG}` is paused: a run of it would wait for ever"));
            bail!(failure.hint("unpause it in Airflow (`cargo xtask open`)"));
        }
        let trigger = Question::trigger(dag_run_id);
        let mut told = self.answer(&trigger);
        if told.as_ref().is_err_and(|error| exit_of(error) == Exit::TempFail) {
            let every = self.request.every;
            self.aws.wait(async move { tokio::time::sleep(every).await });
            told = self.answer(&trigger);
        }
        let (status, body) = told?;
        let failure = || Failure::new(format!("Airflow refused to run `{DAG}` with {status}: {}", words(&body)));
        ensure!((200..300).contains(&status) || status == 409, failure());
        Ok(())
    }

    fn follow(&self, dag_run_id: &str, report: &mut dyn FnMut(RunProgress)) -> Result<Outcome> {
        let names = &self.request.settings.batch;
        let (run_id, chain) = (run_id_of(dag_run_id), chain(names));
        let mut follow = Follow::new(self.aws, &names.queue, self.request.every);
        let mut seen = Seen { run: String::new(), tasks: BTreeMap::new(), looks: 0 };
        let (mut late, mut silent) = (0, 0);
        let state = loop {
            let mut over = None;
            match self.look(dag_run_id) {
                Ok((run, tasks)) => {
                    silent = 0;
                    seen.run(&run, report);
                    let mut missing = false;
                    for task in tasks.iter().filter(|task| chain.iter().any(|step| step.task == task.task_id)) {
                        // Of a job that went well more is known than that its task did too.
                        let is_told = follow.job(&task.task_id).is_some_and(Job::has_succeeded);
                        let is_new = seen.task(task, is_told, report);
                        missing |= !self.find(
                            &mut follow,
                            task,
                            is_new,
                            &job_name(DAG, &task.task_id, task.map_index, &run_id),
                        )?;
                    }
                    late += u32::from(missing && run.has_ended());
                    over = (run.has_ended() && (!missing || late > LATE_LOOKS)).then_some(run.state);
                }
                Err(error) => bear(&mut silent, error)?,
            }
            follow.look(report)?;
            match over.filter(|_| follow.is_over()) {
                Some(state) => break state,
                None => follow.wait(),
            }
        };
        let jobs: Vec<_> = chain.iter().map(|step| (step.task.to_owned(), follow.job(step.task).cloned())).collect();
        let mut outcome = outcome(&run_id, Some(dag_run_id), &jobs);
        outcome.airflow_says(&state);
        report(RunProgress::Ended(DAG.to_owned(), outcome.reason.clone()));
        Ok(outcome)
    }

    /// Adds the job of a task that has begun; false where it has none, or none that Batch's list shows yet.
    fn find(&self, follow: &mut Follow<'_>, task: &TaskInstance, is_new: bool, name: &str) -> Result<bool> {
        let known = follow.job(&task.task_id);
        let wants = known.is_none() || task.is_live() || is_new;
        if !task.has_begun() || !wants || known.is_some_and(|job| !job.has_ended()) {
            return Ok(true);
        }
        let found = self.aws.wait(Batch::new(&self.aws.config).newest(&self.request.settings.batch.queue, name));
        match found {
            Ok(Some(id)) => follow.add(&task.task_id, &id),
            Ok(None) => return Ok(false),
            Err(error) if exit_of(&error) == Exit::TempFail => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn look(&self, dag_run_id: &str) -> Result<(DagRun, Vec<TaskInstance>)> {
        let mut offset = 0;
        let run = loop {
            let runs = self.ask(&Question::runs(offset))?;
            if let Some(run) = DagRun::find(&runs, dag_run_id) {
                break run;
            }
            let missing = || Failure::new(format!("Airflow knows no run `{dag_run_id}` of `{DAG}`"));
            offset = DagRun::next_page(&runs, offset).with_context(missing)?;
        };
        Ok((run, TaskInstance::all(&self.ask(&Question::tasks(dag_run_id))?)))
    }
}

/// What Airflow says of a refusal.
fn words(body: &Value) -> String {
    body["detail"].as_str().map_or_else(|| body.to_string(), str::to_owned)
}

/// What has been told of a run and its tasks.
struct Seen {
    run: String,
    tasks: BTreeMap<String, String>,
    looks: u32,
}

impl Seen {
    fn run(&mut self, run: &DagRun, report: &mut dyn FnMut(RunProgress)) {
        self.looks += 1;
        if self.run != run.state {
            report(RunProgress::Step(DAG.to_owned(), run.state.clone()));
            self.run.clone_from(&run.state);
        }
        if run.state == "queued" && self.looks == QUEUED_LOOKS {
            let words = "stays queued: another run is under way, of which there is one at a time, or no worker is free";
            report(RunProgress::Note(DAG.to_owned(), words.to_owned()));
        }
    }

    /// Whether it is not as it was.
    fn task(&mut self, task: &TaskInstance, is_told: bool, report: &mut dyn FnMut(RunProgress)) -> bool {
        let is_new = self.tasks.get(&task.task_id) != Some(&task.words());
        if is_new {
            let is_waiting = [None, Some("scheduled"), Some("queued")].contains(&task.state.as_deref());
            if !(is_waiting || is_told && task.state.as_deref() == Some("success")) {
                report(RunProgress::Step(task.task_id.clone(), task.words()));
            }
            self.tasks.insert(task.task_id.clone(), task.words());
        }
        is_new
    }
}
