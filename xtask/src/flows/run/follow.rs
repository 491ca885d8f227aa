//! Jobs under way: looked at all at once, their lines told as they come, what holds them up explained.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use contract::Exit;

use super::RunProgress;
use crate::edge::aws::Aws;
use crate::edge::batch::Batch;
use crate::edge::files;
use crate::edge::logs::Logs;
use crate::failure::exit_of;
use crate::lines::{Lines, Stream};
use crate::run::{Job, Why, explain};

/// Looks at a job that stays RUNNABLE before it is explained: on Fargate one starts in about 30 seconds.
const PATIENCE: u32 = 10;
/// Looks without an answer, one after the other, before the run is left alone.
const SILENT_LOOKS: u32 = 20;
/// Looks at a job of an id that Batch does not know, or not yet.
const UNKNOWN_LOOKS: u32 = 10;
/// Milliseconds after a job's end when none of its lines can be late any more.
const PAST_MS: i64 = 300_000;

/// The jobs of a run that are known, and their lines.
pub(super) struct Follow<'a> {
    aws: &'a Aws,
    batch: Batch,
    logs: Logs,
    queue: &'a str,
    every: Duration,
    began: Instant,
    jobs: Vec<Followed>,
    lines: Lines,
    of: BTreeMap<Stream, String>,
    silent: u32,
    deaf: bool,
    /// The time, in milliseconds since 1970, after which nothing counts.
    last: Option<i64>,
}

struct Followed {
    task: String,
    id: String,
    job: Option<Job>,
    runnable: u32,
    unknown: u32,
    /// What had been said of it, and how many containers it had had, when it was explained.
    heard: Option<(Option<String>, usize)>,
    told: Option<Why>,
    ended: bool,
}

impl<'a> Follow<'a> {
    pub(super) fn new(aws: &'a Aws, queue: &'a str, every: Duration) -> Self {
        let settle = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).saturating_mul(2);
        Self {
            aws,
            batch: Batch::new(&aws.config),
            logs: Logs::new(&aws.config),
            queue,
            every,
            began: Instant::now(),
            jobs: Vec::new(),
            lines: Lines::new(settle),
            of: BTreeMap::new(),
            silent: 0,
            deaf: false,
            last: None,
        }
    }

    /// Takes what was said by now for all that will be: nothing is waited for but lines that are late.
    pub(super) fn until_now(&mut self) {
        self.last = Some(epoch());
    }

    /// A job to follow, in the place of one that its task had before.
    pub(super) fn add(&mut self, task: &str, id: &str) {
        if self.jobs.iter().any(|one| one.id == id) {
            return;
        }
        let new = Followed {
            task: task.to_owned(),
            id: id.to_owned(),
            job: None,
            runnable: 0,
            unknown: 0,
            heard: None,
            told: None,
            ended: false,
        };
        match self.jobs.iter_mut().find(|one| one.task == task) {
            Some(one) => *one = new,
            None => self.jobs.push(new),
        }
    }

    /// What is known of a task's job.
    pub(super) fn job(&self, task: &str) -> Option<&Job> {
        self.jobs.iter().find(|one| one.task == task)?.job.as_ref()
    }

    /// Whether every job that is known has ended, and has said all that it will.
    pub(super) fn is_over(&self) -> bool {
        self.jobs.iter().all(|one| one.ended) && (self.deaf || self.lines.are_drained())
    }

    /// Waits for the next look.
    pub(super) fn wait(&self) {
        let every = self.every;
        self.aws.wait(async move { tokio::time::sleep(every).await });
    }

    /// One look at everything: one DescribeJobs for all jobs, and one look at each log that is open.
    ///
    /// # Errors
    /// When Batch refuses, or has not answered many times in a row.
    pub(super) fn look(&mut self, report: &mut dyn FnMut(RunProgress)) -> Result<()> {
        let ids: Vec<String> = self.jobs.iter().filter(|one| !one.ended).map(|one| one.id.clone()).collect();
        if !ids.is_empty() {
            match self.aws.wait(self.batch.describe(&ids)) {
                Ok(found) => {
                    self.silent = 0;
                    self.take(found, report)?;
                }
                Err(error) => bear(&mut self.silent, error)?,
            }
        }
        self.read(report)?;
        self.explain(report);
        Ok(())
    }

    fn take(&mut self, found: Vec<Job>, report: &mut dyn FnMut(RunProgress)) -> Result<()> {
        let now = epoch();
        for one in self.jobs.iter_mut().filter(|one| !one.ended) {
            let Some(job) = found.iter().find(|job| job.id == one.id) else {
                one.unknown += 1;
                let forgotten = || format!("Batch does not know the job {}", one.id);
                (one.unknown < UNKNOWN_LOOKS).then_some(()).with_context(forgotten)?;
                continue;
            };
            let past = job.stopped.is_some_and(|stopped| stopped + PAST_MS < now);
            for (stream, ended) in job.streams() {
                if past && job.has_ended() {
                    self.lines.watch_past(&stream);
                } else {
                    self.lines.watch(&stream, ended || self.last.is_some());
                }
                self.of.insert(stream, one.task.clone());
            }
            let before = one.job.as_ref().map(|job| (job.status.as_str(), job.attempts.len()));
            if before != Some((job.status.as_str(), job.attempts.len())) {
                let again = if job.attempts.is_empty() || job.has_ended() {
                    String::new()
                } else {
                    format!(", container {}", job.attempts.len() + 1)
                };
                report(RunProgress::Step(one.task.clone(), format!("{} job {}{again}", job.status, job.id)));
            }
            one.runnable = if job.status == "RUNNABLE" { one.runnable + 1 } else { 0 };
            if job.has_ended() {
                let error = (!job.has_succeeded()).then(|| job.how_it_ended());
                report(RunProgress::Ended(one.task.clone(), error));
            }
            one.ended = job.has_ended() || self.last.is_some();
            one.job = Some(job.clone());
        }
        Ok(())
    }

    fn read(&mut self, report: &mut dyn FnMut(RunProgress)) -> Result<()> {
        for (stream, from) in if self.deaf { Vec::new() } else { self.lines.looks() } {
            match self.aws.wait(self.logs.lines(&stream, from)) {
                Ok(mut lines) => {
                    lines.retain(|line| self.last.is_none_or(|last| line.timestamp <= last));
                    let now = self.now();
                    self.lines.take(&stream, lines, now);
                }
                Err(error) if exit_of(&error) == Exit::TempFail => bear(&mut self.silent, error)?,
                // A log that cannot be read changes nothing about the run.
                Err(error) => {
                    self.deaf = true;
                    let task = self.of.get(&stream).cloned().unwrap_or_default();
                    report(RunProgress::Note(task, format!("no lines: {error:#}")));
                    break;
                }
            }
        }
        let now = self.now();
        let mut ready = self.lines.ready(now);
        if self.deaf || self.lines.are_drained() {
            ready.extend(self.lines.rest());
        }
        for line in ready {
            let task = self.of.get(&line.stream).cloned().unwrap_or_default();
            report(RunProgress::Line(task, line));
        }
        Ok(())
    }

    /// Of jobs that wait for a place: why, once Batch says so or they wait long, and again when it is something else.
    fn explain(&mut self, report: &mut dyn FnMut(RunProgress)) {
        for one in &mut self.jobs {
            let Some(job) = one.job.as_ref().filter(|job| job.status == "RUNNABLE") else { continue };
            let says = Some((job.reason.clone(), job.attempts.len()));
            let is_new = says != Some((None, 0)) && says != one.heard;
            // Else now and then: the answer costs Batch five calls.
            if !is_new && one.runnable % PATIENCE != 0 {
                continue;
            }
            one.heard = says;
            let Ok(around) = self.aws.wait(self.batch.surroundings(self.queue)) else { continue };
            let why = explain(job, &around);
            if one.told.as_ref() != Some(&why) {
                report(RunProgress::Note(one.task.clone(), format!("stays RUNNABLE: {}; {}", why.words, why.fix)));
                one.told = Some(why);
            }
        }
    }

    fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Takes an error that may pass, a number of times in a row.
pub(super) fn bear(silent: &mut u32, error: anyhow::Error) -> Result<()> {
    *silent += 1;
    if exit_of(&error) != Exit::TempFail || *silent >= SILENT_LOOKS { Err(error) } else { Ok(()) }
}

/// Milliseconds since 1970.
fn epoch() -> i64 {
    files::now("%s%3f").parse().unwrap_or_default()
}
