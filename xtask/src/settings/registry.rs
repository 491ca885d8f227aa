//! The image repositories in ECR.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, quoted};

/// The image repositories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Holds `transformation` and `copy`.
    pub ingestion: String,
    /// Holds dbt and its project.
    pub dbt: String,
    /// How many images each keeps; the one that a job definition names is always among the newest.
    #[schemars(range(min = 2, max = 1000))]
    pub keep_images: u32,
}

impl Registry {
    pub(super) fn check(&self, found: &mut Findings) {
        for (key, name) in [("ingestion", &self.ingestion), ("dbt", &self.dbt)] {
            let fix = "write 2 to 256 of a-z 0-9 with single . _ - / between: ECR takes no others";
            found.must(legal(name), &format!("registry.{key}"), quoted(name), fix);
        }
        let fix = "is the other image's name too; images are told apart by their repository";
        found.must(self.ingestion != self.dbt, "registry.dbt", quoted(&self.dbt), fix);
        let keep = self.keep_images;
        // Ours: one to run and one to go back to.
        found.must((2..=1000).contains(&keep), "registry.keep_images", keep, "write 2 to 1000");
    }
}

/// `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`, 2 to 256 characters (Amazon ECR API Reference,
/// CreateRepository).
fn legal(name: &str) -> bool {
    (2..=256).contains(&name.len())
        && name
            .split(['/', '.', '_', '-'])
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}
