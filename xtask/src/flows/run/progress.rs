//! The request of a run, and its progress.

use std::time::Duration;

use crate::lines::Line;
use crate::settings::{Settings, Variables};

/// Where to run, and how often to query the state.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The settings.
    pub settings: Settings,
    /// The environment over `.env`.
    pub variables: Variables,
    /// The time between two queries.
    pub interval: Duration,
}

/// The progress of a run, each with a task.
#[derive(Debug)]
pub enum RunProgress {
    /// The task enters another state.
    Step(String, String),
    /// A note to keep on the display.
    Note(String, String),
    /// A log line of the task's container.
    Line(String, Line),
    /// The task finished, with an error if it failed.
    Finished(String, Option<String>),
}
