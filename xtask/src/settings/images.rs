//! The two images: how they are built, and their ECR repositories.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// How the images are built. The CPU architecture is set in `batch.platform`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The image with `transformation`, `copy` and `report`.
    pub ingestion: IngestionImage,
    /// The dbt image.
    pub dbt: DbtImage,
    /// Python package index for the dbt image. IMAGE_PACKAGE_INDEX overrides it.
    pub package_index: String,
    /// PEM file, relative to the repository, with CA certificates that builds trust in addition to the public ones, for
    /// machines behind a corporate proxy. The file is not included in the images. IMAGE_CA_BUNDLE overrides it.
    pub ca_bundle: Option<String>,
    /// Proxy for HTTP requests during a build.
    pub http_proxy: Option<String>,
    /// Proxy for HTTPS requests during a build.
    pub https_proxy: Option<String>,
}

/// The image with `transformation`, `copy` and `report`: one static program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestionImage {
    /// Where the programs are compiled. IMAGE_COMPILE overrides it.
    pub compile: Compile,
    /// Rust image used to compile them in Docker, pinned by digest.
    #[schemars(regex(pattern = r"^[^@\s]+@sha256:[0-9a-f]{64}$"))]
    pub builder: String,
}

/// Where an image's programs are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compile {
    /// On this machine if the target is installed, otherwise in Docker.
    Auto,
    /// On this machine; this takes seconds after the first build.
    Host,
    /// In Docker; this takes minutes, but works on any machine.
    Docker,
}

/// The dbt image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DbtImage {
    /// Python base image, pinned by digest because a tag can change. IMAGE_BASE overrides it, for machines that can
    /// only reach a different registry.
    #[schemars(regex(pattern = r"^[^@\s]+@sha256:[0-9a-f]{64}$"))]
    pub base: String,
}

/// The image repositories in ECR.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Name of the repository for the image with `transformation`, `copy` and `report`.
    pub ingestion: String,
    /// Name of the repository for the dbt image.
    pub dbt: String,
    /// Number of images that each repository keeps.
    #[schemars(range(min = 2, max = 1000))]
    pub keep_images: u32,
}

impl Images {
    pub(super) fn check(&self, found: &mut Findings<'_>) {
        for path in ["images.ingestion.builder", "images.dbt.base"] {
            // OCI Image Specification, "Digests".
            let fix = "add the image's digest: python:3.12-slim-bookworm@sha256: and 64 hexadecimal digits";
            found.pattern(path, r"^[^@\s]+@sha256:[0-9a-f]{64}$", fix);
        }
        let fix = "use https://host/path, such as https://pypi.org/simple";
        found.pattern("images.package_index", r"^https://[^/\s]\S*$", fix);
        for path in ["images.http_proxy", "images.https_proxy"] {
            found.pattern(path, r"^https?://[^/\s]\S*$", "use http://host:port");
        }
        found.pattern("images.ca_bundle", r"\S", "use a file path, or remove the key");
    }
}

impl Registry {
    pub(super) fn check(&self, found: &mut Findings<'_>) {
        for (path, name) in [("registry.ingestion", &self.ingestion), ("registry.dbt", &self.dbt)] {
            // `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`, 2 to 256 characters (Amazon ECR API
            // Reference, CreateRepository).
            let fix = "must be 2 to 256 characters of a-z 0-9, with single . _ - / between them";
            if found.pattern(path, "^[a-z0-9]+([._/-][a-z0-9]+)*$", fix) {
                found.must((2..=256).contains(&name.len()), path, fix);
            }
        }
        let fix = "is also the name of the other repository; use a different name";
        found.must(self.ingestion != self.dbt, "registry.dbt", fix);
        // Our rule: one image to run and one to roll back to.
        found.range("registry.keep_images", 2..=1000, "must be 2 to 1000");
    }
}
