//! The request of a run, and its progress.

use std::time::Duration;

use crate::lines::Line;
use crate::settings::{Settings, Variables};

#[derive(Clone, Debug)]
pub struct RunRequest {
    pub settings: Settings,
    pub variables: Variables,
    pub interval: Duration,
}

/// The progress of a run, each with a task.
#[derive(Debug)]
pub enum RunProgress {
    Step(String, String),
    Note(String, String),
    Line(String, Line),
    /// The task finished, with an error if it failed.
    Finished(String, Option<String>),
}
