//! An image's plan, key, and software bill of materials.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::packages::Package;
use super::tree::Tree;
use crate::digest::sha256;

/// The image of `transformation`, `copy` and `report`.
pub const INGESTION: &str = "ingestion-image";
/// The image with dbt and the dbt project.
pub const DBT: &str = "dbt-image";

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImagePlan {
    /// [`INGESTION`] or [`DBT`].
    pub name: &'static str,
    pub inputs: Inputs,
    /// The build context; programs that are compiled on this machine are added later.
    #[serde(skip)]
    pub context: Tree,
    /// The Dockerfile's path in the context.
    pub dockerfile: &'static str,
    /// The packages in the bill of materials.
    #[serde(skip)]
    pub packages: Vec<Package>,
    /// Build arguments that are not part of the key: addresses, or values that the key contains in a different form.
    #[serde(skip)]
    pub passing: BTreeMap<String, String>,
    /// The toolchain, if the program is compiled on this machine.
    #[serde(skip)]
    pub here: Option<Toolchain>,
}

/// The toolchain that compiles the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// Compiler version, as printed by `rustc -vV`.
    pub rustc: String,
    /// The target triple, such as `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// The C compiler's version and the SHA-256 of a linked C library. Empty for a compiler image, which contains both.
    pub c: String,
    /// The value of `RUSTFLAGS`.
    pub flags: String,
    /// The compiler image, by digest; `None` for this machine's compiler.
    pub image: Option<String>,
}

/// Everything that determines an image's contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inputs {
    /// The fingerprint of each file by path, including the Dockerfile.
    pub files: BTreeMap<String, String>,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// The Dockerfile stage to build.
    pub target: String,
    /// `linux/amd64` or `linux/arm64`.
    pub platform: String,
    /// The base image, by digest; `None` for `FROM scratch`.
    pub base: Option<String>,
}

/// Returns the first 12 digits of a key, for display.
pub fn short(key: &str) -> &str {
    &key[..12]
}

impl ImagePlan {
    /// Returns the SHA-256 of the inputs, which is also the image tag: 64 lowercase hexadecimal digits.
    pub fn key(&self) -> String {
        // Maps are sorted by key, so equal inputs produce equal text.
        sha256(&serde_json::to_vec(&self.inputs).unwrap_or_default())
    }

    /// Returns the local name of the image, `NAME:KEY`.
    pub fn tag(&self) -> String {
        format!("{}:{}", self.name, self.key())
    }

    /// Returns the image's bill of materials.
    pub fn bill_of_materials(&self) -> String {
        bill_of_materials("container", self.name, &self.key(), &self.packages)
    }
}

/// Returns the bill of materials of an image (`container`) or a program (`application`) as CycloneDX 1.5 (ECMA-424)
/// JSON, without a timestamp and with a serial number of the content, so that equal packages produce equal bytes.
/// `actions/attest` requires a serial number (v4.2.2, `src/sbom.ts`). OWASP's library would add a second version of
/// `syn`, among other dependencies; these few fields do not justify it.
pub fn bill_of_materials(kind: &str, name: &str, version: &str, packages: &[Package]) -> String {
    let mut document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": { "type": kind, "name": name, "version": version } },
        "components": packages.iter().map(component).collect::<Vec<_>>(),
    });
    let digits = sha256(document.to_string().as_bytes());
    // A UUID of version 8, whose digits may be any others (RFC 9562, section 5.8).
    let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..15], &digits[15..18], &digits[18..30]);
    document["serialNumber"] = format!("urn:uuid:{a}-{b}-8{c}-8{d}-{e}").into();
    format!("{document:#}\n")
}

fn component(package: &Package) -> Value {
    // In package names and versions of both registries, only the `+` of build metadata must be escaped.
    let version = package.version.replace('+', "%2B");
    let purl = format!("pkg:{}/{}@{version}", package.kind, package.name);
    let mut component = json!({
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
    });
    if let Some(sha256) = &package.sha256 {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    component
}
