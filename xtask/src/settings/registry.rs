//! The image repositories in ECR.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, lower};

/// The image repositories in ECR.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Name of the repository for the image of `transformation` and `copy`.
    pub ingestion: String,
    /// Name of the repository for the image of dbt.
    pub dbt: String,
    /// Number of images that each repository keeps.
    #[schemars(range(min = 2, max = 1000))]
    pub keep_images: u32,
}

impl Registry {
    pub(super) fn check(&self, found: &mut Findings) {
        for (key, name) in [("ingestion", &self.ingestion), ("dbt", &self.dbt)] {
            // `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`, 2 to 256 characters (Amazon ECR API
            // Reference, CreateRepository).
            let part = |part: &str| !part.is_empty() && part.chars().all(|c| lower(c) || c.is_ascii_digit());
            let legal = (2..=256).contains(&name.len()) && name.split(['/', '.', '_', '-']).all(part);
            let fix = "write 2 to 256 of a-z 0-9, with single . _ - / between them";
            found.must(legal, &format!("registry.{key}"), name, fix);
        }
        let fix = "is also the name of the other repository; they must differ";
        found.must(self.ingestion != self.dbt, "registry.dbt", &self.dbt, fix);
        let keep = self.keep_images;
        // Ours: one to run and one to roll back to.
        found.must((2..=1000).contains(&keep), "registry.keep_images", keep, "write 2 to 1000");
    }
}
