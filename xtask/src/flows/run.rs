//! Starts a run in the cloud, follows it to completion, and reads its logs.

mod airflow;
mod direct;
mod follow;
mod logs;

pub use airflow::run as through_airflow;
pub use direct::run as directly;
pub(super) use follow::Follow;
pub use follow::{RunProgress, RunRequest};
pub use logs::logs;
