//! The input and output of dbt: the generated sources, and the results of a run.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod results;
mod sources;

pub use results::{Finding, Results};
pub use sources::sources;
