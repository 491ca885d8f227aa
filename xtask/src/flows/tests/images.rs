//! The suite "images": both images with a real engine and two real registries. The engine is the machine's own, so what
//! the suite adds to it is named here and taken away again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::stacks::LAUNCHER;
use super::{Bench, Outcome, XTASK, docker};
use crate::edge::emulator::{Emulator, MINISTACK};
use crate::edge::python::Packages;
use crate::edge::{files, machine, shell};
use crate::flows::{configure, marts};

/// Checks a bill of materials against CycloneDX's own schema.
const BILL_OF_MATERIALS: &str = "xtask/tests/it/needs_docker/bill_of_materials.lock";

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Outcome> {
    if docker().is_none() {
        return Ok(Outcome::NotRun(
            "no Docker engine answers; start one, and install Docker's command line".to_owned(),
        ));
    }
    if machine::says("docker-registry", &["--version"]).is_none() {
        return Ok(Outcome::NotRun("no docker-registry; `sudo apt-get install docker-registry`".to_owned()));
    }
    (bench.tell)("Starting two registries; making an image to build upon");
    let python = match bench.python("ministack", Packages::Pinned(&[MINISTACK])) {
        Ok(python) => python,
        Err(not_run) => return Ok(not_run),
    };
    let dir = bench.folder("images")?;
    files::remove(&dir.join("registry"))?;
    let launcher = bench.root.join(LAUNCHER);
    let ministack = Emulator::ministack_by(&launcher, &python, &files::folder(&dir.join("ministack"))?)?;
    let registry = Emulator::registry(&files::folder(&dir.join("registry"))?)?;
    let before = names()?;
    let settings = configure::module(Some("dev"), &BTreeMap::new())?;
    let base = &settings.settings().images.dbt.base;
    let script = bench.root.join("xtask/emulator/base-image.sh").display().to_string();
    let base = shell::says(&script, &[base, registry.host()]);
    let base = base.context("no image to build upon; debootstrap makes one, as root")?;
    let lock = bench.root.join(BILL_OF_MATERIALS);
    let cyclonedx = match bench.python("cyclonedx", Packages::Locked(&lock)) {
        Ok(python) => python.join("bin/python"),
        Err(not_run) => return Ok(not_run),
    };
    let more = [
        ("TEST_AWS_ENDPOINT", ministack.endpoint.clone()),
        ("TEST_REGISTRY", registry.host().to_owned()),
        ("TEST_BASE_IMAGE", base),
        ("TEST_REPOSITORY", files::folder(&dir.join("repository"))?.display().to_string()),
        ("TEST_DBT", marts::environment()?.join("bin").display().to_string()),
        ("TEST_CYCLONEDX", cyclonedx.display().to_string()),
    ];
    (bench.tell)("Building, pushing, pulling and running the images");
    // One after the other: they share an engine, and some measure; they print the figures of `docs/images.md`.
    let outcome = bench.cargo_test(&XTASK, &["needs_docker::", "--test-threads", "1", "--show-output"], &more)?;
    remove(names()?.difference(&before).cloned());
    Ok(outcome)
}

/// Every name of every image that the engine has.
fn names() -> Result<BTreeSet<String>> {
    let format = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}";
    let told = shell::says("docker", &["image", "ls", "--digests", "--format", format])?;
    let names = told.split_whitespace().filter(|name| !name.contains("<none>"));
    Ok(names.map(str::to_owned).collect())
}

/// Removes what the suite added, but for the image to build upon, which takes a minute to make.
fn remove(added: impl Iterator<Item = String>) {
    let ours = ["ingestion-image", "dbt-image", "plain-image", "/base"];
    for name in added.filter(|name| ours.iter().any(|own| name.contains(own))) {
        // With an image's last tag its digests go too.
        machine::says("docker", &["image", "rm", "--force", &name]);
    }
}
