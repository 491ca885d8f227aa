//! The suite "images": both images with a real engine and two real registries. The engine is the machine's own, so what
//! the suite adds to it is named here and taken away again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};

use super::{Outcome, judged};
use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::python::{self, Packages};
use crate::edge::{files, machine, shell};
use crate::flows::{configure, marts};

/// Checks a bill of materials against CycloneDX's own schema.
const CYCLONEDX: &str = "xtask/tests/it/needs_docker/bill_of_materials.lock";

pub(super) fn run(
    root: &Path,
    dir: &Path,
    mut environment: BTreeMap<String, String>,
    tell: &mut dyn FnMut(&str),
) -> Result<Outcome> {
    if machine::says("docker", &["version", "--format", "{{.Server.Version}}"]).is_none() {
        return Ok(Outcome::NotRun(
            "no Docker engine answers; start one, and install Docker's command line".to_owned(),
        ));
    }
    if machine::says("docker-registry", &["--version"]).is_none() {
        return Ok(Outcome::NotRun("no docker-registry; `sudo apt-get install docker-registry`".to_owned()));
    }
    tell("Starting two registries; making an image to build upon");
    let python = match python::environment(&root.join("target/python/ministack"), Packages::Pinned(&[MINISTACK])) {
        Ok(python) => python,
        Err(error) => return Ok(Outcome::NotRun(format!("{error:#}"))),
    };
    files::remove(&dir.join("registry"))?;
    let ministack = Emulator::ministack(&python, &files::folder(&dir.join("ministack"))?)?;
    let registry = Emulator::registry(&files::folder(&dir.join("registry"))?)?;
    let settings = configure::module(Some("dev"), &BTreeMap::new())?;
    let before = names()?;
    let base = &settings.settings().images.dbt.base;
    let base = shell::says(&root.join("xtask/tests/base-image.sh").display().to_string(), &[base, registry.host()]);
    let base = base.context("no image to build upon; debootstrap makes one, as root")?;
    let lock = root.join(CYCLONEDX);
    let cyclonedx = python::environment(&root.join("target/python/cyclonedx"), Packages::Locked(&lock))?;
    environment.extend([
        ("TEST_AWS_ENDPOINT".to_owned(), ministack.endpoint.clone()),
        ("TEST_REGISTRY".to_owned(), registry.host().to_owned()),
        ("TEST_BASE_IMAGE".to_owned(), base),
        ("TEST_REPOSITORY".to_owned(), dir.join("repository").display().to_string()),
        ("TEST_DBT".to_owned(), marts::environment()?.join("bin").display().to_string()),
        ("TEST_CYCLONEDX".to_owned(), cyclonedx.join("bin/python").display().to_string()),
    ]);
    tell("Building, pushing, pulling and running the images");
    // One after the other: they share an engine, and some measure.
    let filter = ["needs_docker::", "--test-threads", "1"];
    let passed = shell::cargo_test(root, &["--package", "xtask", "--test", "it"], &filter, &environment)?;
    remove(&names()?.difference(&before).collect())?;
    Ok(judged(passed))
}

/// Every name of every image that the engine has.
fn names() -> Result<BTreeSet<String>> {
    let format = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}";
    let told = shell::says("docker", &["image", "ls", "--digests", "--format", format])?;
    let names = told.split_whitespace().filter(|name| !name.contains("<none>"));
    Ok(names.map(str::to_owned).collect())
}

/// Removes what the suite added, but for the image to build upon, which takes a minute to make.
fn remove(added: &BTreeSet<&String>) -> Result<()> {
    let ours =
        |name: &str| ["ingestion-image", "dbt-image", "plain-image", "/base"].iter().any(|own| name.contains(own));
    let names: Vec<&str> = added.iter().map(|name| name.as_str()).filter(|name| ours(name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    shell::says("docker", &[&["image", "rm", "--force"], names.as_slice()].concat()).map(drop)
}
