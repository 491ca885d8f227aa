//! Pushes that a registry rejects: one error each.

use super::doubles::taken;
use super::{build_images, docker_output, first, ministack, refusal};

#[test]
fn a_tag_of_another_image_is_an_error_with_that_images_digest() {
    let digest = first()[0]["digest"].as_str().expect("a digest");
    // A later build has another creation time in its configuration, so another digest.
    let arguments = ["--push", "--registry", &ministack(), "--no-cache", "--image", "ingestion-image"];
    let (code, message) = refusal(&mut build_images(&arguments));
    assert_eq!(code, Some(1), "{message}");
    let expected = format!("already contains a different image ({digest}) with the tag ");
    assert!(message.contains(&expected) && message.contains("hint: tags are immutable"), "{message}");
}

#[test]
fn a_tag_that_another_client_pushed_meanwhile_is_a_success_if_the_image_is_the_same() {
    let local = format!("ingestion-image:{}", first()[0]["key"].as_str().expect("a key"));
    let local = docker_output(&["image", "inspect", "--format", "{{.Id}}", &local]);
    let push = |host: &str| {
        let mut command = build_images(&["--push", "--registry", host, "--image", "ingestion-image", "--json"]);
        command.env("AWS_ENDPOINT_URL", format!("http://{host}"));
        command
    };
    let digest = format!("sha256:{}", "5".repeat(64));
    let output = push(&taken(&digest, local.trim())).output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(made[0]["digest"] == digest.as_str() && made[0]["pushed"]["layers"] == 0, "{made}");

    let (code, message) = refusal(&mut push(&taken(&digest, "sha256:another")));
    assert!(
        code == Some(1) && message.contains(&format!("already contains a different image ({digest})")),
        "{message}"
    );
}

#[test]
fn a_missing_repository_is_an_error_that_names_its_stack() {
    let mut command = build_images(&["--push", "--registry", &ministack(), "--image", "dbt-image"]);
    let (code, message) = refusal(command.env("AWS_DEFAULT_REGION", "us-east-1"));
    assert!(code == Some(1) && message.contains("RepositoryNotFoundException"), "{message}");
    assert!(message.contains("its `registry` stack contains both repositories"), "{message}");
}

#[test]
fn a_missing_base_image_is_an_error_that_names_the_image() {
    let registry = ministack();
    let base = format!("{registry}/nothing@sha256:{}", "0".repeat(64));
    let (code, message) = refusal(build_images(&["--image", "dbt-image"]).env("IMAGE_BASE", base));
    assert!(code == Some(1) && message.contains("cannot build `dbt-image`"), "{message}");
    assert!(message.contains("hint: check that the base image in the settings exists"), "{message}");
}

#[test]
fn nothing_is_pushed_to_another_account_than_the_settings() {
    let mut command = build_images(&["--push", "--registry", &ministack()]);
    let (code, message) = refusal(command.env("AWS_ACCOUNT_ID", "123456789012"));
    assert!(
        code == Some(1)
            && message.contains("are for account 000000000000, but the settings require account 123456789012"),
        "{message}"
    );
}
