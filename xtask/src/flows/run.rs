//! A run in the cloud: started, followed to its end, and its log lines.

mod airflow;
mod direct;
mod follow;
mod logs;

pub use airflow::run as through_airflow;
pub use direct::run as directly;
pub use follow::{RunProgress, RunRequest};
pub use logs::logs;
