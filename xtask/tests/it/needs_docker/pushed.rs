//! Images are built and pushed only if they changed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Command;

use super::{build_images, docker_output, first, ministack, pushed, repository, setting};
use crate::support::images::image_contains;

/// Compiled in seconds, because nothing else uses it.
const CHANGED: &str = "jobs/src/bin/jobs.rs";

#[test]
fn an_image_in_the_registry_is_neither_built_nor_pushed_and_needs_no_engine() {
    let first = first();
    let mut command = build_images(&["--push", "--registry", &ministack(), "--json"]);
    let output = command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let second: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(second.len(), 2);
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first["uri"], second["uri"]);
        assert!(second["built"] == false && second["pushed"].is_null(), "{second}");
    }
}

#[test]
fn a_changed_source_file_changes_one_layer_of_one_image() {
    let first = first();
    let source = repository().join(CHANGED);
    let before = fs::read(&source).expect("a source file");
    // The linker does not remove this from the program.
    let mut file = OpenOptions::new().append(true).open(&source).expect("a source file");
    let more = format!("\n#[used]\nstatic CHANGED: [u8; 8] = *b\"{:08x}\";\n", std::process::id());
    file.write_all(more.as_bytes()).expect("written");
    let second = pushed(&[]);
    fs::write(&source, before).expect("as it was");
    assert_eq!(second[1]["uri"], first[1]["uri"], "the dbt image does not change");
    assert!(second[1]["built"] == false && second[1]["pushed"].is_null(), "{second:?}");
    assert_ne!(second[0]["key"], first[0]["key"]);
    assert!(second[0]["built"] == true && second[0]["pushed"]["layers"] == 1, "{second:?}");
}

#[test]
fn three_builds_without_cache_give_the_same_layer_of_less_than_28_mb() {
    let name = first()[0]["uri"].as_str().expect("a name").to_owned();
    let mut layers = Vec::new();
    // `first` was the first of the three.
    for _ in 0..2 {
        let output =
            build_images(&["--no-cache", "--image", "ingestion-image", "--json"]).output().expect("xtask starts");
        let built: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let local = built[0]["uri"].as_str().expect("a name");
        layers.push(docker_output(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", local]));
        assert!(built[0]["size"].as_u64().is_some_and(|size| size < 28_000_000), "{built}");
    }
    layers.push(docker_output(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", &name]));
    assert!(layers.iter().all(|other| *other == layers[0] && other.matches("sha256:").count() == 1), "{layers:?}");
}

#[test]
fn no_layer_and_no_label_contains_a_secret() {
    for image in first() {
        let name = image["uri"].as_str().expect("a name");
        assert!(image_contains(name, &["org.opencontainers.image.title"]), "{name}");
        assert!(!image_contains(name, &["canary"]), "{name}");
        let labels = docker_output(&["image", "inspect", "--format", "{{json .Config.Labels}}", name]);
        for label in ["title", "version"] {
            assert!(labels.contains(&format!("org.opencontainers.image.{label}")), "{labels}");
        }
    }
}

#[test]
fn the_bills_of_materials_are_valid_cyclonedx() {
    let bills = first().iter().map(|image| image["sbom"].as_str().expect("a path").to_owned());
    let mut command = Command::new(setting("TEST_CYCLONEDX"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/needs_docker/bill_of_materials.py")).args(bills);
    let output = command.output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
}
