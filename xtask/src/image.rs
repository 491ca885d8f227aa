//! The plans for the two images, and their keys.
//!
//! An image's tag is its key: the SHA-256 of everything that determines the image's contents. Equal keys mean equal
//! images, so an image that is already in the registry is neither built nor pushed again; if a key did not cover an
//! input, stale code would be deployed.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod dbt;
mod ingestion;
mod packages;
mod plan;
mod tree;

#[cfg(test)]
#[path = "../tests/unit/image.rs"]
mod tests;

pub use dbt::dbt;
pub use ingestion::ingestion;
pub use packages::{CargoTree, Package};
pub use plan::{DBT, INGESTION, ImagePlan, Toolchain, bill_of_materials, short};
pub use tree::{Node, Tree};
