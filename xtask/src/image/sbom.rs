//! An image's software bill of materials: CycloneDX 1.5 (ECMA-424) as JSON, without a serial number or a time, so that equal
//! packages give equal bytes.
//!
//! OWASP's library needs a second version of `syn` and more; these few fields do not justify it.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use serde_json::{Value, json};

use super::{ImagePlan, Package};

/// The document of one image, identified by name and key.
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
    // In names and versions of both registries, only the `+` of build metadata needs an escape.
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
