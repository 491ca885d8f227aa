//! An archive takes the images from the job that builds them to the jobs that push them.

use std::fs;

use std::process::Command;

use serde_json::Value;

use super::{REGION, build_images, docker, first, ministack, on_aws, refusal};

/// Pushes an image in an archive to the registry in a region.
fn push(region: &str, image: &str, archive: &str, more: &[&str]) -> Command {
    let registry = ministack();
    let always = ["--push", "--from", archive, "--registry", &registry, "--image", image, "--json"];
    let mut command = build_images(&[&always, more].concat());
    command.env("AWS_DEFAULT_REGION", region);
    command
}

#[track_caller]
fn image(command: &mut Command) -> Value {
    let output = command.output().expect("xtask starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).expect("JSON")[0].take()
}

#[test]
fn every_registry_gets_the_image_in_the_archive_and_nothing_else_is_pushed() {
    let tested = &first()[1];
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("new folder/images.tar").display().to_string();
    let saved = build_images(&["--save", &archive, "--image", "dbt-image"]).output().expect("xtask starts");
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));

    // Another account's registry, and an engine that does not have the image.
    let other = "eu-west-3";
    on_aws(other, &["repositories", "dbt-image"]);
    let local = format!("dbt-image:{}", tested["key"].as_str().expect("a key"));
    assert!(docker(&["image", "rm", "--force", &local]).status.success());
    // An incomplete archive, and one of other files or settings.
    let half = folder.path().join("half.tar").display().to_string();
    let bytes = fs::read(&archive).expect("an archive");
    fs::write(&half, &bytes[..bytes.len() / 2]).expect("written");
    let (code, message) = refusal(&mut push(other, "dbt-image", &half, &[]));
    assert!(code == Some(1) && message.contains(&format!("cannot load the images in `{half}`")), "{message}");
    let (code, message) =
        refusal(push(other, "dbt-image", &archive, &[]).env("IMAGE_BASE", format!("python@sha256:{}", "0".repeat(64))));
    assert!(code == Some(1) && message.contains("does not contain `dbt-image:"), "{message}");

    let pushed = image(&mut push(other, "dbt-image", &archive, &[]));
    assert_eq!((&pushed["digest"], &pushed["built"]), (&tested["digest"], &false.into()), "{pushed}");
}

#[test]
fn a_later_environment_gets_the_image_in_the_registry_of_the_first_one() {
    let (tested, name) = (&first()[0], "ingestion-image");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let [rebuilt, deployed, record] = ["rebuilt.tar", "deployed.tar", "images.json"].map(path);
    // The same files, built for another commit: the key is the same, the image is not.
    let built = image(&mut build_images(&["--no-cache", "--image", name, "--save", &rebuilt, "--json"]));
    assert_eq!(built["key"], tested["key"]);

    let kept = image(&mut push(REGION, name, &rebuilt, &["--save", &deployed]));
    assert!(kept["digest"] == tested["digest"] && kept["id"] != built["id"], "{kept} {built}");
    fs::write(&record, Value::from(vec![kept.clone()]).to_string()).expect("written");

    let later = "eu-west-2";
    on_aws(later, &["repositories", name]);
    let (code, message) = refusal(&mut push(later, name, &rebuilt, &["--expect", &record]));
    let expected = format!("`ingestion-image` is {}, and not {}", built["id"], kept["id"]).replace('"', "");
    assert!(code == Some(1) && message.contains(&expected), "{message}");
    let promoted = image(&mut push(later, name, &deployed, &["--expect", &record]));
    assert_eq!((&promoted["digest"], &promoted["id"]), (&kept["digest"], &kept["id"]));
    assert!(!promoted["pushed"].is_null(), "the refused one was not pushed: {promoted}");
}
