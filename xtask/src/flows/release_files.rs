//! Builds the files of a release: this program, the program of the jobs, the images as archives, what each contains
//! (CycloneDX), the changes, and the checksums of all of them.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::images::{self, ImageRequest};
use crate::digest::sha256;
use crate::edge::docker::Engine;
use crate::edge::{files, git, shell};
use crate::failure::Failure;
use crate::image::bill_of_materials;
use crate::release::{Version, current, notes};
use crate::settings::given;

/// The target of the programs, without which their names would be ambiguous.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds the files into an empty folder; returns their names. The tag must be that of `Cargo.toml`'s version, and its
/// commit one of `main`.
pub fn build(request: &ImageRequest, tag: &str, folder: &Path) -> Result<Vec<String>> {
    let root = files::root();
    let read = |name: &str| files::read(&root.join(name))?.with_context(|| format!("`{name}` does not exist"));
    let version = current(&read("Cargo.toml")?).and_then(|version| version.parse::<Version>().ok());
    let version = version.filter(|version| version.tag() == tag);
    let version = version.with_context(|| Failure::new(format!("`{tag}` is not the version in `Cargo.toml`")))?;
    let merged = git::git(&root, &["merge-base", "--is-ancestor", "HEAD", "origin/main"]);
    merged.map_err(|_| Failure::new("the commit is not on `main`").hint("merge it, and tag the commit on `main`"))?;
    let folder = files::folder(folder)?;
    ensure!(files::list(&folder)?.is_empty(), Failure::new(format!("`{}` is not empty", folder.display())));
    let changes = read("CHANGELOG.md")?;
    let changes = notes(&changes, version).with_context(|| format!("`CHANGELOG.md` has no section for {version}"))?;
    files::write(&folder.join("CHANGES.md"), changes)?;

    let (program, packages) = shell::release_program(&root, TARGET)?;
    files::copy(&program, &folder.join(format!("xtask-{TARGET}")))?;
    let bill =
        bill_of_materials("application", "xtask", &version.to_string(), &packages.packages(&read("Cargo.lock")?)?);
    files::write(&folder.join("xtask.cdx.json"), &bill)?;

    let plans = images::plan(request)?;
    images::apply(request, &plans, &mut ())?;
    let engine = Engine::connect(given(&request.variables, "DOCKER_HOST"))?;
    for plan in &plans {
        engine.save(&[plan.tag()], &folder.join(format!("{}.tar", plan.name)))?;
        files::write(&folder.join(format!("{}.cdx.json", plan.name)), &plan.bill_of_materials())?;
    }
    checksums(&folder)
}

/// Writes `SHA256SUMS`, as `sha256sum --check` reads it; returns the names of all files.
fn checksums(folder: &Path) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for path in files::list(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = files::bytes(&path)?.with_context(|| format!("`{name}` was removed"))?;
        lines.push((name, sha256(&bytes)));
    }
    lines.sort();
    let text: String = lines.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    files::write(&folder.join("SHA256SUMS"), &text)?;
    Ok(lines.into_iter().map(|(name, _)| name).chain(["SHA256SUMS".to_owned()]).collect())
}
