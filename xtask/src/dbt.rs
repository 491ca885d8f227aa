//! dbt's input and output: the generated sources, and run results.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod results;
mod sources;

pub use results::{Finding, Results};
pub use sources::sources;
