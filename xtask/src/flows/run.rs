//! A run in the cloud: begun, followed to its end, its lines told on the way.

mod airflow;
mod direct;
mod follow;
mod logs;

use std::time::Duration;

pub use airflow::run as through_airflow;
pub use direct::run as directly;
pub use logs::{LogOutput, logs};

use crate::lines::Line;
use crate::settings::{Settings, Variables};

/// What a run is done with.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The settings.
    pub settings: Settings,
    /// The environment over `.env`.
    pub variables: Variables,
    /// From one look to the next.
    pub every: Duration,
}

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum RunProgress {
    /// A task takes its next step.
    Step(String, String),
    /// Something about a task that should stay in sight.
    Note(String, String),
    /// A container said something.
    Line(String, Line),
    /// A task ended; without an error it is done.
    Ended(String, Option<String>),
}
