//! Follows jobs: reports their states and log lines, and explains why a job does not start.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use contract::Exit;

use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::edge::files;
use crate::edge::logs::{self, Client};
use crate::failure::exit_of;
use crate::lines::{Line, Lines, Stream};
use crate::run::{Job, Outcome, RunOptions, explain, job_name, outcome};
use crate::settings::{Ingestion, RunTask, Settings, Variables, jobs};

/// Number of queries after which the state RUNNABLE is explained: on Fargate, a job starts in about 30 seconds.
const RUNNABLE_QUERIES: u32 = 10;
/// Number of consecutive temporary errors after which the run is no longer followed.
const ERRORS: u32 = 20;
/// Maximum number of queries for a job that Batch does not return yet.
const UNKNOWN_QUERIES: u32 = 10;
/// Time in milliseconds after a job finishes until all its log lines have arrived.
const PAST_MS: i64 = 300_000;

#[derive(Clone, Debug)]
pub struct RunRequest {
    pub settings: Settings,
    pub variables: Variables,
    pub interval: Duration,
    /// The source of the run.
    pub ingestion: Ingestion,
    pub options: RunOptions,
}

impl RunRequest {
    /// Returns the jobs of the run, in order.
    pub fn jobs(&self) -> Vec<RunTask> {
        jobs(&self.settings, &self.ingestion).into_iter().filter(|task| self.options.select(task)).collect()
    }

    pub(super) fn job_name(&self, task: &RunTask, run_id: &str) -> String {
        job_name(&self.ingestion.dag, task, run_id)
    }
}

/// The progress of a run. The first field is the task name, or the job name if the job belongs to a different DAG.
#[derive(Debug)]
pub enum RunProgress {
    Step(String, String),
    /// The reason why a job does not start, or why its log lines are missing.
    Note(String, String),
    Line(String, Line),
    /// The task finished, with an error if it failed.
    Finished(String, Option<String>),
}

impl RunProgress {
    /// Returns the progress with another name of its task.
    pub(in crate::flows) fn renamed(self, name: impl Fn(String) -> String) -> Self {
        match self {
            Self::Step(task, text) => Self::Step(name(task), text),
            Self::Note(task, text) => Self::Note(name(task), text),
            Self::Line(task, line) => Self::Line(name(task), line),
            Self::Finished(task, error) => Self::Finished(name(task), error),
        }
    }
}

pub(in crate::flows) struct Follow<'a> {
    aws: &'a Aws,
    batch: Batch,
    logs: Client,
    request: &'a RunRequest,
    started: Instant,
    jobs: Vec<Followed>,
    lines: Lines,
    tasks: BTreeMap<Stream, String>,
    errors: u32,
    logs_unreadable: bool,
    /// Later lines are ignored; in milliseconds since the Unix epoch.
    until: Option<i64>,
}

#[derive(Default)]
struct Followed {
    task: String,
    id: String,
    job: Option<Job>,
    runnable: u32,
    unknown: u32,
    /// Reason and number of containers at the last explanation.
    explained: Option<(Option<String>, usize)>,
    explanation: String,
    finished: bool,
}

impl<'a> Follow<'a> {
    pub(in crate::flows) fn new(aws: &'a Aws, request: &'a RunRequest) -> Self {
        let settle = i64::try_from(request.interval.as_millis()).unwrap_or(i64::MAX).saturating_mul(2);
        Self {
            aws,
            batch: Batch::new(&aws.config),
            logs: Client::new(&aws.config),
            request,
            started: Instant::now(),
            jobs: Vec::new(),
            lines: Lines::new(settle),
            tasks: BTreeMap::new(),
            errors: 0,
            logs_unreadable: false,
            until: None,
        }
    }

    /// Reads only the lines written so far, and does not wait for the jobs.
    pub(super) fn until_now(&mut self) {
        self.until = Some(now_ms());
    }

    pub(super) fn newest(&self, name: &str) -> Result<Option<String>> {
        self.aws.wait(self.batch.newest(&self.request.settings.batch.queue, name))
    }

    /// Follows a job, which replaces an earlier job of the same task.
    pub(in crate::flows) fn add(&mut self, task: &str, id: &str) {
        if self.jobs.iter().any(|one| one.id == id) {
            return;
        }
        let new = Followed { task: task.to_owned(), id: id.to_owned(), ..Followed::default() };
        match self.jobs.iter_mut().find(|one| one.task == task) {
            Some(one) => *one = new,
            None => self.jobs.push(new),
        }
    }

    pub(super) fn job(&self, task: &str) -> Option<&Job> {
        self.jobs.iter().find(|one| one.task == task)?.job.as_ref()
    }

    pub(in crate::flows) fn outcome(&self, run_id: &str, dag_run_id: Option<&str>, tasks: &[RunTask]) -> Outcome {
        let labels = tasks.iter().map(RunTask::label);
        let jobs: Vec<_> = labels.map(|label| (label.clone(), self.job(&label).cloned())).collect();
        outcome(run_id, dag_run_id, &jobs)
    }

    /// Whether every known job has finished and all its lines have been reported.
    pub(super) fn is_complete(&self) -> bool {
        self.jobs.iter().all(|one| one.finished) && (self.logs_unreadable || self.lines.are_complete())
    }

    pub(super) fn wait(&self) {
        let interval = self.request.interval;
        self.aws.wait(async move { tokio::time::sleep(interval).await });
    }

    /// Queries until every known job has finished and all its lines have been reported.
    pub(in crate::flows) fn complete(&mut self, report: &mut dyn FnMut(RunProgress)) -> Result<()> {
        self.query(report)?;
        while !self.is_complete() {
            self.wait();
            self.query(report)?;
        }
        Ok(())
    }

    /// Queries everything once: all jobs with one DescribeJobs request, and each open log stream. Fails if Batch
    /// rejects a request, or after many consecutive temporary errors.
    pub(super) fn query(&mut self, report: &mut dyn FnMut(RunProgress)) -> Result<()> {
        let ids: Vec<String> = self.jobs.iter().filter(|one| !one.finished).map(|one| one.id.clone()).collect();
        if !ids.is_empty() {
            match self.aws.wait(self.batch.describe(&ids)) {
                Ok(found) => {
                    self.errors = 0;
                    self.update(&found, report)?;
                }
                Err(error) => ignore_temporary_error(&mut self.errors, error)?,
            }
        }
        self.read_logs(report)?;
        self.explain(report);
        Ok(())
    }

    fn update(&mut self, found: &[Job], report: &mut dyn FnMut(RunProgress)) -> Result<()> {
        let now = now_ms();
        for one in self.jobs.iter_mut().filter(|one| !one.finished) {
            let Some(job) = found.iter().find(|job| job.id == one.id) else {
                one.unknown += 1;
                let unknown = || format!("the job {} does not exist in Batch", one.id);
                (one.unknown < UNKNOWN_QUERIES).then_some(()).with_context(unknown)?;
                continue;
            };
            let is_past = job.stopped_ms.is_some_and(|stopped| stopped + PAST_MS < now);
            for (stream, finished) in job.streams() {
                if is_past && job.has_finished() {
                    self.lines.watch_past(&stream, job.created_ms);
                } else {
                    self.lines.watch(&stream, job.created_ms, finished || self.until.is_some());
                }
                self.tasks.insert(stream, one.task.clone());
            }
            let before = one.job.as_ref().map(|job| (job.status.as_str(), job.attempts.len()));
            if before != Some((job.status.as_str(), job.attempts.len())) {
                let retry = if job.attempts.is_empty() || job.has_finished() {
                    String::new()
                } else {
                    format!(", container {}", job.attempts.len() + 1)
                };
                report(RunProgress::Step(one.task.clone(), format!("{} job {}{retry}", job.status, job.id)));
            }
            one.runnable = if job.status == "RUNNABLE" { one.runnable + 1 } else { 0 };
            if job.has_finished() {
                let error = (!job.has_succeeded()).then(|| job.result());
                report(RunProgress::Finished(one.task.clone(), error));
            }
            one.finished = job.has_finished() || self.until.is_some();
            one.job = Some(job.clone());
        }
        Ok(())
    }

    fn read_logs(&mut self, report: &mut dyn FnMut(RunProgress)) -> Result<()> {
        for (stream, from) in if self.logs_unreadable { Vec::new() } else { self.lines.queries() } {
            match self.aws.wait(logs::lines(&self.logs, &stream, from)) {
                Ok(mut lines) => {
                    lines.retain(|line| self.until.is_none_or(|until| line.timestamp <= until));
                    let elapsed = self.elapsed_ms();
                    self.lines.add(&stream, lines, elapsed);
                }
                Err(error) if exit_of(&error) == Exit::TempFail => ignore_temporary_error(&mut self.errors, error)?,
                // An unreadable log does not change the result of the run.
                Err(error) => {
                    self.logs_unreadable = true;
                    let task = self.tasks.get(&stream).cloned().unwrap_or_default();
                    report(RunProgress::Note(task, format!("log lines are not available: {error:#}")));
                    break;
                }
            }
        }
        let elapsed = self.elapsed_ms();
        let mut ready = self.lines.ready(elapsed);
        if self.logs_unreadable || self.lines.are_complete() {
            ready.extend(self.lines.rest());
        }
        for line in ready {
            let task = self.tasks.get(&line.stream).cloned().unwrap_or_default();
            report(RunProgress::Line(task, line));
        }
        Ok(())
    }

    /// Explains why a job is RUNNABLE when Batch reports a new reason, or when the job has waited for a long time.
    fn explain(&mut self, report: &mut dyn FnMut(RunProgress)) {
        for one in &mut self.jobs {
            let Some(job) = one.job.as_ref().filter(|job| job.status == "RUNNABLE") else { continue };
            let facts = Some((job.reason.clone(), job.attempts.len()));
            let is_new = facts != Some((None, 0)) && facts != one.explained;
            // If nothing is new, explain it only every few queries, because an explanation needs five calls.
            if !is_new && one.runnable % RUNNABLE_QUERIES != 0 {
                continue;
            }
            one.explained = facts;
            let Ok(queue) = self.aws.wait(self.batch.queue_state(&self.request.settings.batch.queue)) else { continue };
            let explanation = explain(job, &queue);
            if one.explanation != explanation {
                report(RunProgress::Note(one.task.clone(), format!("remains RUNNABLE: {explanation}")));
                one.explanation = explanation;
            }
        }
    }

    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Ignores a temporary error, unless there were too many consecutive ones.
pub(super) fn ignore_temporary_error(errors: &mut u32, error: anyhow::Error) -> Result<()> {
    *errors += 1;
    if exit_of(&error) != Exit::TempFail || *errors >= ERRORS { Err(error) } else { Ok(()) }
}

fn now_ms() -> i64 {
    files::now("%s%3f").parse().unwrap_or_default()
}
