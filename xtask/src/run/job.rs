//! A Batch job, and the exit code for its result.

use contract::Exit;

use crate::lines::Stream;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Job {
    pub id: String,
    pub name: String,
    /// `SUBMITTED`, `PENDING`, `RUNNABLE`, `STARTING`, `RUNNING`, `SUCCEEDED` or `FAILED`.
    pub status: String,
    pub reason: Option<String>,
    /// Whether a user cancelled or terminated the job.
    pub was_terminated: bool,
    /// When the job was submitted, in milliseconds since the Unix epoch.
    pub created_ms: Option<i64>,
    /// When the last container started, in milliseconds since the Unix epoch.
    pub started_ms: Option<i64>,
    /// When the job finished, in milliseconds since the Unix epoch.
    pub stopped_ms: Option<i64>,
    pub vcpu: Option<f64>,
    pub log_group: String,
    /// The job's finished containers, oldest first.
    pub attempts: Vec<Attempt>,
    pub container: Attempt,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The container's exit code; `None` if the container did not start or its host was lost.
    pub code: Option<i32>,
    pub reason: Option<String>,
    pub stream: Option<String>,
}

impl Job {
    pub fn has_finished(&self) -> bool {
        self.status == "SUCCEEDED" || self.status == "FAILED"
    }

    pub fn has_succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    /// Returns the log streams of the job's containers, and whether each container has finished.
    pub fn streams(&self) -> Vec<(Stream, bool)> {
        let of = |attempt: &Attempt| attempt.stream.clone().map(|stream| (self.log_group.clone(), stream));
        let mut all: Vec<_> = self.attempts.iter().filter_map(of).map(|stream| (stream, true)).collect();
        let newest = of(&self.container).filter(|newest| !all.iter().any(|(stream, _)| stream == newest));
        all.extend(newest.map(|newest| (newest, self.has_finished())));
        all
    }

    pub fn code(&self) -> Option<i32> {
        if self.has_finished() { self.container.code } else { None }
    }

    /// Returns the exit code for the job's result, with the same rules as `is_retryable` in `dags/dpworld/batch/jobs.py`:
    ///
    /// | result of the container | exit code |
    /// |---|---|
    /// | succeeded | 0 |
    /// | 75 | 75: a retry may succeed |
    /// | no exit code: the image cannot be pulled | 1: Batch does not retry either |
    /// | no exit code: no container, or its host was lost | 75 |
    /// | no exit code: a user terminated the job | 1 |
    /// | any other exit code | 1 |
    pub fn exit(&self) -> Exit {
        match self.code() {
            _ if self.has_succeeded() => Exit::Done,
            Some(code) if code == Exit::TempFail as i32 => Exit::TempFail,
            None if !self.was_terminated && !self.lacks_image() => Exit::TempFail,
            _ => Exit::Failed,
        }
    }

    /// Whether the image could not be pulled (Amazon ECS Developer Guide, "CannotPullContainer task errors").
    fn lacks_image(&self) -> bool {
        let reasons = [&self.container.reason, &self.reason];
        reasons.into_iter().flatten().any(|reason| reason.starts_with("CannotPullContainer"))
    }

    /// Returns the exit code with its meaning, and the reasons reported for the job and its container.
    pub fn result(&self) -> String {
        let meaning = match self.code() {
            Some(1) => " (permanent failure)",
            Some(2) => " (invalid command line)",
            Some(75) => " (temporary failure)",
            _ => "",
        };
        let code = self.code().map_or("no exit code".to_owned(), |code| format!("exit code {code}{meaning}"));
        let mut parts: Vec<String> =
            [Some(code), self.reason.clone(), self.container.reason.clone()].into_iter().flatten().collect();
        parts.dedup();
        parts.join(": ")
    }

    pub(super) fn seconds(&self) -> Option<f64> {
        Some((self.stopped_ms? - self.started_ms?) as f64 / 1000.0)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run/job.rs"]
mod tests;
