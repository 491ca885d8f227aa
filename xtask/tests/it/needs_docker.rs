//! `cargo xtask build-images` with a real Docker engine and registries (MiniStack's ECR and Debian's docker-registry),
//! and the images in containers. `cargo xtask test --all` starts all of these.
//!
//! The tests use a copy of the repository, because one of them changes a source file.

mod archive;
mod doubles;
mod engine;
mod interrupted;
mod plain;
mod pushed;
mod refused;
mod run;
mod workflow;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::copy::copy_repository;

/// A secret key, which no output and no layer may contain.
const SECRET: &str = "canary/secret+access+key/canary";

/// The region of the repositories.
const REGION: &str = "eu-west-1";

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("this test needs {name}: run it with `cargo xtask test --all`"))
}

/// Both images, built without the cache after an interrupted build and pushed to MiniStack, once for all tests.
fn first() -> &'static [Value] {
    static FIRST: OnceLock<Vec<Value>> = OnceLock::new();
    FIRST.get_or_init(|| {
        copy_repository(&repository());
        on_aws(REGION, &["repositories", "ingestion-image", "dbt-image"]);
        interrupted::interrupt_a_build();
        let made = pushed(&["--no-cache"]);
        assert!(made.iter().all(|image| image["built"] == true && image["pushed"]["layers"] != 0), "{made:?}");
        made
    })
}

/// Pushes to MiniStack and returns the result for each image.
#[track_caller]
fn pushed(arguments: &[&str]) -> Vec<Value> {
    let output = build_images(&[&["--push", "--registry", &ministack(), "--json"], arguments].concat()).output();
    let output = output.expect("xtask starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {message}");
    assert!(!message.contains(SECRET));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Returns the exit code and standard error of a failure.
#[track_caller]
fn refusal(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("xtask starts");
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(!output.status.success() && !message.contains(SECRET), "{message}");
    (output.status.code(), message)
}

fn ministack() -> String {
    setting("TEST_AWS_ENDPOINT").trim_start_matches("http://").to_owned()
}

fn repository() -> PathBuf {
    PathBuf::from(setting("TEST_REPOSITORY"))
}

/// Returns the program in the copied repository.
fn build_images(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("build-images").args(arguments).current_dir(repository()).stdin(Stdio::null());
    command.env_remove("SETTINGS_MODULE").env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
    command.env("AWS_DEFAULT_REGION", REGION);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", SECRET);
    command.envs(machine());
    command
}

/// The settings for this machine: MiniStack instead of AWS, a local base image (because Docker Hub may be unreachable),
/// and the CA certificates of a proxy.
fn machine() -> Vec<(&'static str, String)> {
    let bundle = std::env::var("SSL_CERT_FILE").unwrap_or_else(|_| "/etc/ssl/certs/ca-certificates.crt".to_owned());
    let bundle = Some(("IMAGE_CA_BUNDLE", bundle)).filter(|(_, bundle)| Path::new(bundle).is_file());
    let settings = [("AWS_ENDPOINT_URL", setting("TEST_AWS_ENDPOINT")), ("IMAGE_BASE", setting("TEST_BASE_IMAGE"))];
    settings.into_iter().chain(bundle).collect()
}

fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("docker starts")
}

/// Returns the output of a `docker` command.
#[track_caller]
fn docker_output(arguments: &[&str]) -> String {
    let output = docker(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Prepares MiniStack; see `aws.py`.
#[track_caller]
fn on_aws(region: &str, arguments: &[&str]) {
    let mut command = Command::new(Path::new(&setting("TEST_DBT")).join("python"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/needs_docker/aws.py")).args(arguments);
    command.env("AWS_ENDPOINT_URL", setting("TEST_AWS_ENDPOINT")).env("AWS_DEFAULT_REGION", region);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    assert!(command.status().expect("python starts").success(), "{arguments:?}");
}
