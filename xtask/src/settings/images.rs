//! What the two images are made of, and from where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, quoted, web_address};

/// What the images are made of. Their processors are `batch.platform`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The image of `transformation` and `copy`.
    pub ingestion: IngestionImage,
    /// The image of dbt.
    pub dbt: DbtImage,
    /// The Python package index for dbt's image. IMAGE_PACKAGE_INDEX beats it.
    pub package_index: String,
    /// A file of certificates that a build trusts beside the public ones, for machines behind a company's proxy; it goes
    /// into no image. From the root. IMAGE_CA_BUNDLE beats it.
    #[serde(default)]
    pub ca_bundle: Option<String>,
    /// The proxy for a build's plain requests.
    #[serde(default)]
    pub http_proxy: Option<String>,
    /// The proxy for a build's TLS requests.
    #[serde(default)]
    pub https_proxy: Option<String>,
}

/// The image of `transformation` and `copy`: two static programs and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestionImage {
    /// Where the programs are compiled.
    pub compile: Compile,
    /// The Rust image that compiles them in Docker, by digest.
    #[schemars(regex(pattern = r"^[^@\s]+@sha256:[0-9a-f]{64}$"))]
    pub builder: String,
}

/// Where programs for an image are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compile {
    /// On this machine if it has the target, else in Docker.
    Auto,
    /// On this machine: seconds after the first time.
    Host,
    /// In Docker: minutes, on any machine.
    Docker,
}

/// The image of dbt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DbtImage {
    /// The Python image it begins with, by digest: a tag can be another image tomorrow. IMAGE_BASE
    /// beats it, for machines that reach another registry only.
    #[schemars(regex(pattern = r"^[^@\s]+@sha256:[0-9a-f]{64}$"))]
    pub base: String,
}

impl Images {
    pub(super) fn check(&self, found: &mut Findings) {
        for (key, image) in [("ingestion.builder", &self.ingestion.builder), ("dbt.base", &self.dbt.base)] {
            let fix = "name the image with its digest: python:3.12-slim-bookworm@sha256: and 64 hexadecimal digits";
            found.must(pinned(image), &format!("images.{key}"), quoted(image), fix);
        }
        let index = &self.package_index;
        let fix = "write https://host/path, such as https://pypi.org/simple";
        found.must(index.starts_with("https://") && web_address(index), "images.package_index", quoted(index), fix);
        for (key, proxy) in [("http_proxy", &self.http_proxy), ("https_proxy", &self.https_proxy)] {
            if let Some(proxy) = proxy {
                found.must(web_address(proxy), &format!("images.{key}"), quoted(proxy), "write http://host:port");
            }
        }
        if let Some(bundle) = &self.ca_bundle {
            found.must(!bundle.trim().is_empty(), "images.ca_bundle", quoted(bundle), "name a file, or leave it out");
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
