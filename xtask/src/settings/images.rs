//! The sources of the two images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, web_address};

/// The sources of the images. Their CPU architecture is `batch.platform`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// Image of `transformation` and `copy`.
    pub ingestion: IngestionImage,
    /// Image of dbt.
    pub dbt: DbtImage,
    /// Python package index for dbt's image. IMAGE_PACKAGE_INDEX overrides it.
    pub package_index: String,
    /// PEM file of CAs that a build trusts in addition to the public ones, for machines behind a company's proxy; no image
    /// contains it. Relative to the repository. IMAGE_CA_BUNDLE overrides it.
    #[serde(default)]
    pub ca_bundle: Option<String>,
    /// Proxy for HTTP requests of a build.
    #[serde(default)]
    pub http_proxy: Option<String>,
    /// Proxy for HTTPS requests of a build.
    #[serde(default)]
    pub https_proxy: Option<String>,
}

/// The image of `transformation` and `copy`: two static programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestionImage {
    /// Where the programs are compiled.
    pub compile: Compile,
    /// Rust image that compiles them in Docker, by digest.
    #[schemars(regex(pattern = r"^[^@\s]+@sha256:[0-9a-f]{64}$"))]
    pub builder: String,
}

/// Where the programs of an image are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compile {
    /// On this machine if it has the target, else in Docker.
    Auto,
    /// On this machine: takes seconds after the first build.
    Host,
    /// In Docker: takes minutes, on any machine.
    Docker,
}

/// The image of dbt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DbtImage {
    /// Python base image, by digest, because a tag can change. IMAGE_BASE overrides it, for machines that reach only
    /// another registry.
    #[schemars(regex(pattern = r"^[^@\s]+@sha256:[0-9a-f]{64}$"))]
    pub base: String,
}

impl Images {
    pub(super) fn check(&self, found: &mut Findings) {
        for (key, image) in [("ingestion.builder", &self.ingestion.builder), ("dbt.base", &self.dbt.base)] {
            let fix = "add the image's digest: python:3.12-slim-bookworm@sha256: and 64 hexadecimal digits";
            found.must(pinned(image), &format!("images.{key}"), image, fix);
        }
        let index = &self.package_index;
        let fix = "write https://host/path, such as https://pypi.org/simple";
        found.must(index.starts_with("https://") && web_address(index), "images.package_index", index, fix);
        for (key, proxy) in [("http_proxy", &self.http_proxy), ("https_proxy", &self.https_proxy)] {
            if let Some(proxy) = proxy {
                found.must(web_address(proxy), &format!("images.{key}"), proxy, "write http://host:port");
            }
        }
        if let Some(bundle) = &self.ca_bundle {
            found.must(
                !bundle.trim().is_empty(),
                "images.ca_bundle",
                bundle,
                "write the path of a file, or remove the key",
            );
        }
    }
}

/// `name@sha256:` and 64 lower-case hexadecimal digits (OCI Image Specification, "Digests").
fn pinned(image: &str) -> bool {
    let Some((name, digest)) = image.split_once("@sha256:") else { return false };
    !name.is_empty()
        && !name.contains(char::is_whitespace)
        && digest.len() == 64
        && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
