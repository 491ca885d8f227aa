//! The plans of the two images and their keys.
//!
//! An image's tag is its key: the SHA-256 of everything that decides the image's contents. Equal keys mean equal images, so
//! an image that the registry has is neither built nor pushed again; a key that missed an input would ship old code.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod dbt;
mod ingestion;
mod key;
mod packages;
mod sbom;
mod tree;

#[cfg(test)]
#[path = "../tests/unit/image.rs"]
mod tests;

pub use dbt::dbt;
pub use ingestion::{Toolchain, ingestion};
pub use key::{Inputs, Key};
pub use packages::{CargoTree, Package};
pub use sbom::sbom;
pub use tree::{Node, Tree};

use std::collections::BTreeMap;

use serde::Serialize;

/// The image of `transformation` and `copy`.
pub const INGESTION: &str = "ingestion-image";
/// The image of dbt and its project.
pub const DBT: &str = "dbt-image";

/// The plan of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImagePlan {
    /// `ingestion-image` or `dbt-image`.
    pub name: &'static str,
    /// Everything that decides its contents.
    pub inputs: Inputs,
    /// The build context; programs that this machine compiles are added later.
    #[serde(skip)]
    pub context: Tree,
    /// Where in the context the Dockerfile is.
    pub dockerfile: &'static str,
    /// The packages in it, for its bill of materials.
    #[serde(skip)]
    pub packages: Vec<Package>,
    /// Build arguments that are not part of the key: addresses, or values that the key has in another form.
    #[serde(skip)]
    pub passing: BTreeMap<String, String>,
    /// The toolchain, if this machine compiles the program.
    #[serde(skip)]
    pub here: Option<Toolchain>,
}

impl ImagePlan {
    /// The image's tag.
    pub fn key(&self) -> Key {
        self.inputs.key()
    }
}
