//! The dbt image: Python, the hash-locked packages, the dbt project, and the entry point that uploads artifacts.

use std::collections::BTreeMap;

use super::packages::requirements;
use super::plan::{DBT, ImagePlan, Inputs};
use super::tree::Tree;
use crate::failure::Failure;

/// Whether the image contains this file in `dbt/`; unit tests and linter settings are left out.
fn is_project(path: &str) -> bool {
    let folders = ["models", "seeds", "snapshots", "macros", "packages", "tests"].map(|name| format!("dbt/{name}/"));
    let files =
        ["dbt_project.yml", "packages.yml", "profiles.yml", "requirements.txt", "lineage.py", "run.py", "Dockerfile"];
    folders.iter().any(|folder| path.starts_with(folder.as_str()))
        || path.strip_prefix("dbt/").is_some_and(|name| files.contains(&name))
}

/// Plans the image from the repository's files. `certificates` are a company's CA certificates, which the build and pip
/// trust in addition to the public ones; `passing` contains the build arguments for the package index and proxies.
pub fn dbt(
    repository: &Tree,
    base: &str,
    platform: &str,
    certificates: &str,
    mut passing: BTreeMap<String, String>,
) -> Result<ImagePlan, Failure> {
    let lock =
        repository.text("dbt/requirements.txt").ok_or_else(|| Failure::new("`dbt/requirements.txt` not found"))?;
    let packages = requirements(lock)?;
    let mut context = repository.only(is_project);
    let files = context.fingerprints();
    // A digest identifies the image in every registry.
    let digest = base.rsplit_once('@').map_or(base, |(_, digest)| digest).to_owned();
    passing.insert("BASE".to_owned(), base.to_owned());
    let inputs = Inputs { files, platform: platform.to_owned(), base: Some(digest), ..Inputs::default() };
    // Not part of the key: the packages' hashes are locked.
    context.file("certificates.pem", certificates);
    Ok(ImagePlan { name: DBT, inputs, context, dockerfile: "dbt/Dockerfile", packages, passing, here: None })
}
