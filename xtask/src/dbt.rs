//! dbt's input and output: the generated sources, proposed staging models, and run results.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod results;
mod sources;
mod staging;

pub use results::{Finding, Results};
pub use sources::sources;
pub use staging::staging;
