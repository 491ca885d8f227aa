//! Compares the ingestion image with a simple one: Python, pandas and awswrangler on the same base. Prints the figures
//! for the table in `docs/images.md`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use std::collections::BTreeMap;

use serde_json::Value;

use super::run::{container, source};
use super::{REGION, docker_output, first, on_aws, setting};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/needs_docker/plain");

/// The uncompressed size in bytes.
fn size(image: &str) -> u64 {
    docker_output(&["image", "inspect", "--format", "{{.Size}}", image]).trim().parse().expect("a number")
}

/// The compressed size of the layers in bytes, as they are stored in a registry and pulled.
fn packed(image: &str) -> u64 {
    let manifest = docker_output(&["manifest", "inspect", "--insecure", image]);
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    manifest["layers"].as_array().expect("layers").iter().map(|layer| layer["size"].as_u64().expect("a size")).sum()
}

#[test]
fn the_ingestion_image_has_a_tenth_of_the_size_of_a_simple_one() {
    let ours = first();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["Dockerfile", "requirements.txt", "job.py"] {
        fs::copy(Path::new(FILES).join(name), folder.path().join(name)).expect("copied");
    }
    let bundle = std::env::var("SSL_CERT_FILE").unwrap_or_else(|_| "/etc/ssl/certs/ca-certificates.crt".to_owned());
    fs::copy(bundle, folder.path().join("certificates.pem")).expect("certificates");
    let plain = format!("{}/plain-image", setting("TEST_REGISTRY"));
    let began = Instant::now();
    let mut build = Command::new("docker");
    build.args(["build", "--quiet", "--no-cache", "--tag", &plain, "--build-arg"]);
    build
        .arg(format!("BASE={}", setting("TEST_BASE_IMAGE")))
        .args(["--build-arg", "PIP_INDEX_URL=https://pypi.org/simple"]);
    let built = build.arg(folder.path()).output().expect("docker starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let seconds = began.elapsed().as_secs_f64();
    docker_output(&["push", "--quiet", &plain]);

    on_aws(REGION, &["bucket", "plain"]);
    let environment = BTreeMap::from([
        ("BUCKET", "plain".to_owned()),
        ("AWS_ENDPOINT_URL", setting("TEST_AWS_ENDPOINT")),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ]);
    let began = Instant::now();
    let (code, message) = container(&plain, &[], &environment, &source());
    assert_eq!(code, Some(0), "{message}");
    println!("plain: its job took {:.1} s, its build {seconds:.0} s", began.elapsed().as_secs_f64());
    let names = ours.iter().map(|image| image["uri"].as_str().expect("a name")).chain([plain.as_str()]);
    for name in names {
        println!("{name}: {} MB unpacked, {:.1} MB packed", size(name) / 1_000_000, packed(name) as f64 / 1e6);
    }
    println!("ours: {ours:?}");
    assert!(size(ours[0]["uri"].as_str().expect("a name")) * 10 < size(&plain));
}
