//! An image's bill of materials, from the lock files: CycloneDX 1.5 (ECMA-424) as JSON. The same packages give the same
//! bytes, so it has neither a random serial number nor a time.
//!
//! OWASP's own library would have every macro of the workspace compiled twice; the few fields here do not need it.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use serde_json::{Value, json};

use super::{ImagePlan, Package};

/// The document; the image itself is its subject, by name and key.
pub fn sbom(plan: &ImagePlan) -> String {
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": { "type": "container", "name": plan.name, "version": plan.key() } },
        "components": plan.packages.iter().map(component).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn component(package: &Package) -> Value {
    // Names and versions of both registries need no escape but for the `+` before a build's own number.
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
