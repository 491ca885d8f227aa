//! The "images" suite: tests both images with a real engine and two real registries. The engine is the machine's own,
//! so the suite removes the images that it adds.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::{Bench, LAUNCHER, XTASK, require_docker_and};
use crate::edge::emulator::Emulator;
use crate::edge::{files, machine, shell};
use crate::flows::{configure, marts};

/// The lock file of the tools that check a bill of materials against CycloneDX's own schema.
const BILL_OF_MATERIALS: &str = "xtask/tests/it/needs_docker/requirements-bill-of-materials.txt";

pub(super) fn run(bench: &Bench<'_>) -> Result<bool> {
    test(bench, &["needs_docker::", "--skip", "plain::"])
}

/// Compares the ingestion image with a simple one.
pub(super) fn size(bench: &Bench<'_>) -> Result<bool> {
    test(bench, &["needs_docker::plain::"])
}

fn test(bench: &Bench<'_>, filter: &[&str]) -> Result<bool> {
    require_docker_and("docker-registry")?;
    (bench.report)("Starting two registries, and creating the base image");
    let dir = bench.folder("images")?;
    files::remove(&dir.join("registry"))?;
    let ministack = bench.ministack(Some(LAUNCHER), "images/ministack")?;
    let registry = Emulator::registry(&files::folder(&dir.join("registry"))?)?;
    let before = names()?;
    let settings = configure::module(Some("dev"), &BTreeMap::new())?;
    let base = settings.settings().images.dbt.base.as_str();
    let script = bench.root.join("xtask/emulator/base-image.sh").display().to_string();
    let base = shell::read(&script, &[base, registry.host()], "");
    let base = base.context("cannot create the base image; debootstrap needs root")?;
    let cyclonedx = bench.python("cyclonedx", BILL_OF_MATERIALS)?.join("bin/python");
    let more = [
        ("TEST_AWS_ENDPOINT", ministack.endpoint.clone()),
        ("TEST_REGISTRY", registry.host().to_owned()),
        ("TEST_BASE_IMAGE", base),
        ("TEST_REPOSITORY", files::folder(&dir.join("repository"))?.display().to_string()),
        ("TEST_DBT", marts::environment()?.join("bin").display().to_string()),
        ("TEST_CYCLONEDX", cyclonedx.display().to_string()),
    ];
    (bench.report)("Building, pushing, pulling and running the images");
    // Sequentially: the tests share an engine, and some measure times and print the figures for `docs/images.md`.
    let filter = [filter, &["--test-threads", "1", "--show-output"]].concat();
    let passed = bench.cargo_test(&XTASK, &filter, &more)?;
    remove(names()?.difference(&before).cloned());
    Ok(passed)
}

/// Returns all image names in the engine.
fn names() -> Result<BTreeSet<String>> {
    let format = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}";
    let listed = shell::read("docker", &["image", "ls", "--digests", "--format", format], "")?;
    let names = listed.split_whitespace().filter(|name| !name.contains("<none>"));
    Ok(names.map(str::to_owned).collect())
}

/// Removes the images that the suite added, except the base image, which takes a minute to create.
fn remove(added: impl Iterator<Item = String>) {
    let ours = ["ingestion-image", "dbt-image", "plain-image", "/base"];
    for name in added.filter(|name| ours.iter().any(|own| name.contains(own))) {
        // Removing an image's last tag removes its digests.
        machine::first_line("docker", &["image", "rm", "--force", &name]);
    }
}
