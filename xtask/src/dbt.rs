//! dbt's input: the generated sources, and proposed staging models.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod sources;
mod staging;

pub use sources::sources;
pub use staging::staging;
