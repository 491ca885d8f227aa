//! What the two images are made of, and the key that follows from it.
//!
//! An image's tag is its key: the SHA-256 of everything that decides what is in it. Equal keys are equal images, so what
//! a registry has is neither built nor sent again; a key that forgot an input would ship yesterday's code.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod dbt;
mod ingestion;
mod key;
mod lock;
mod sbom;
mod tree;

#[cfg(test)]
mod tests;

pub use dbt::dbt;
pub use ingestion::{Toolchain, ingestion};
pub use key::{Inputs, Key};
pub use lock::Package;
pub use sbom::sbom;
pub use tree::{Node, Tree};

use std::collections::BTreeMap;

use serde::Serialize;

/// The image of `transformation` and `copy`.
pub const INGESTION: &str = "ingestion-image";
/// The image of dbt and its project.
pub const DBT: &str = "dbt-image";

/// What one image is to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImagePlan {
    /// `ingestion-image` or `dbt-image`.
    pub name: &'static str,
    /// Everything that decides what is in it.
    pub inputs: Inputs,
    /// What the engine gets to build from; for programs compiled on this machine without them yet.
    #[serde(skip)]
    pub context: Tree,
    /// Where in the context the Dockerfile is.
    pub dockerfile: &'static str,
    /// The packages in it, for its bill of materials.
    #[serde(skip)]
    pub packages: Vec<Package>,
    /// Build arguments that the key does not need: where things come from, or what it has in another form.
    #[serde(skip)]
    pub passing: BTreeMap<String, String>,
    /// What compiles a program on this machine for the context.
    #[serde(skip)]
    pub here: Option<Toolchain>,
}

impl ImagePlan {
    /// The image's tag.
    pub fn key(&self) -> Key {
        self.inputs.key()
    }
}
