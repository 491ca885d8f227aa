//! What passes between the platform and dbt: the sources that dbt reads, and the results that it leaves.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod results;
mod sources;

pub use results::{Finding, Results};
pub use sources::sources;
