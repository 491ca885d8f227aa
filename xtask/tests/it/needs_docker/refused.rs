//! Pushes that a registry refuses, each told in one error.

use super::doubles::taken;
use super::{build_images, docker_says, first, ministack, refusal};

#[test]
fn a_tag_with_another_image_is_an_error_that_says_whose_it_is() {
    let digest = first()[0]["digest"].as_str().expect("a digest");
    // Another time of building is another configuration, so another digest.
    let arguments = ["--push", "--registry", &ministack(), "--no-cache", "--image", "ingestion-image"];
    let (code, words) = refusal(&mut build_images(&arguments));
    assert_eq!(code, Some(1), "{words}");
    let expected = format!("has another image ({digest}) under the tag ");
    assert!(words.contains(&expected) && words.contains("hint: a tag is never moved"), "{words}");
}

#[test]
fn the_same_image_under_a_tag_that_somebody_pushed_in_between_is_success() {
    let local = format!("ingestion-image:{}", first()[0]["key"].as_str().expect("a key"));
    let local = docker_says(&["image", "inspect", "--format", "{{.Id}}", &local]);
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

    let (code, words) = refusal(&mut push(&taken(&digest, "sha256:somebody-else's")));
    assert!(code == Some(1) && words.contains(&format!("has another image ({digest})")), "{words}");
}

#[test]
fn a_repository_that_is_not_there_is_an_error_that_says_what_makes_it() {
    let mut command = build_images(&["--push", "--registry", &ministack(), "--image", "dbt-image"]);
    let (code, words) = refusal(command.env("AWS_DEFAULT_REGION", "us-east-1"));
    assert!(code == Some(1) && words.contains("RepositoryNotFoundException"), "{words}");
    assert!(words.contains("the stack `registry` of `cargo xtask deploy` has both repositories"), "{words}");
}

#[test]
fn a_base_image_that_is_not_there_is_an_error_that_names_the_image() {
    let registry = ministack();
    let base = format!("{registry}/nothing@sha256:{}", "0".repeat(64));
    let (code, words) = refusal(build_images(&["--image", "dbt-image"]).env("IMAGE_BASE", base));
    assert!(code == Some(1) && words.contains("`dbt-image` cannot be built"), "{words}");
    assert!(words.contains("hint: is the base image in the settings there, and may this engine pull it?"), "{words}");
}

#[test]
fn nothing_is_pushed_to_another_account_than_the_settings() {
    let mut command = build_images(&["--push", "--registry", &ministack()]);
    let (code, words) = refusal(command.env("AWS_ACCOUNT_ID", "123456789012"));
    assert!(code == Some(1) && words.contains("of account 000000000000, the settings of 123456789012"), "{words}");
}
