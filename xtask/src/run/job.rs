//! A job of Batch: what it tells, and what its end is worth.

use contract::Exit;

use crate::lines::Stream;

/// What Batch tells of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Its name: DAG, task and run.
    pub name: String,
    /// Where it stands: `SUBMITTED`, `PENDING`, `RUNNABLE`, `STARTING`, `RUNNING`, `SUCCEEDED` or `FAILED`.
    pub status: String,
    /// Why, in Batch's words.
    pub reason: Option<String>,
    /// Whether somebody asked Batch to end it.
    pub was_ended: bool,
    /// When its container began, in milliseconds since 1970.
    pub began: Option<i64>,
    /// When it ended, in milliseconds since 1970.
    pub stopped: Option<i64>,
    /// What it wants.
    pub vcpu: Option<f64>,
    /// Where its containers log.
    pub log_group: String,
    /// Its containers that have ended, the oldest first.
    pub attempts: Vec<Attempt>,
    /// The newest container, ended or not.
    pub container: Attempt,
}

/// One container of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// What it answered; none if it did not begin, or its host was lost.
    pub code: Option<i32>,
    /// Why it ended, in its host's words.
    pub reason: Option<String>,
    /// Its log stream, once it has begun.
    pub stream: Option<String>,
}

impl Job {
    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.status == "SUCCEEDED" || self.status == "FAILED"
    }

    /// Whether it ended well.
    pub fn has_succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    /// The streams of all its containers, and whether each has ended.
    pub fn streams(&self) -> Vec<(Stream, bool)> {
        let of = |attempt: &Attempt| attempt.stream.clone().map(|stream| (self.log_group.clone(), stream));
        let mut all: Vec<_> = self.attempts.iter().filter_map(of).map(|stream| (stream, true)).collect();
        let newest = of(&self.container).filter(|newest| !all.iter().any(|(stream, _)| stream == newest));
        all.extend(newest.map(|newest| (newest, self.has_ended())));
        all
    }

    /// What the last container answered.
    pub fn code(&self) -> Option<i32> {
        if self.has_ended() { self.container.code } else { None }
    }

    /// The exit code that its end is worth: as `may_help_again` of `dags/batch.py`.
    ///
    /// | container's answer | exit |
    /// |---|---|
    /// | it succeeded | 0 |
    /// | 75 | 75: for now |
    /// | none: the image cannot be pulled | 1: Batch does not try again either |
    /// | none: no container, or its host was lost | 75 |
    /// | none, and somebody ended the job | 1: it was meant |
    /// | any other code | 1 |
    pub fn exit(&self) -> Exit {
        match self.code() {
            _ if self.has_succeeded() => Exit::Done,
            Some(code) if code == Exit::TempFail as i32 => Exit::TempFail,
            None if !self.was_ended && !self.lacks_image() => Exit::TempFail,
            _ => Exit::Failed,
        }
    }

    /// Whether its image could not be pulled (Amazon ECS Developer Guide, "CannotPullContainer task errors").
    fn lacks_image(&self) -> bool {
        let reasons = [&self.container.reason, &self.reason];
        reasons.into_iter().flatten().any(|reason| reason.starts_with("CannotPullContainer"))
    }

    /// Exit code, its meaning, and the reasons that Batch and the container's host give.
    pub fn how_it_ended(&self) -> String {
        let meaning = match self.code() {
            Some(1) => " (refused, or failed for good)",
            Some(2) => " (the command line is wrong)",
            Some(75) => " (failed for now)",
            _ => "",
        };
        let answer = self.code().map_or("no exit code".to_owned(), |code| format!("exit code {code}{meaning}"));
        let mut words = vec![answer];
        words.extend(self.reason.clone());
        words.extend(self.container.reason.clone());
        words.dedup();
        words.join(": ")
    }

    /// From the last container's start to its end.
    pub(super) fn seconds(&self) -> Option<f64> {
        Some((self.stopped? - self.began?) as f64 / 1000.0)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run/job.rs"]
mod tests;
