//! An archive takes the images from the job that builds them to the jobs that push them.

use std::fs;

use super::{build_images, docker, first, ministack, on_aws, refusal};

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
    let push = |archive: &str| {
        let registry = ministack();
        let arguments = ["--push", "--from", archive, "--registry", &registry, "--image", "dbt-image", "--json"];
        let mut command = build_images(&arguments);
        command.env("AWS_DEFAULT_REGION", other);
        command
    };
    // An incomplete archive, and one of other files or settings.
    let half = folder.path().join("half.tar").display().to_string();
    let bytes = fs::read(&archive).expect("an archive");
    fs::write(&half, &bytes[..bytes.len() / 2]).expect("written");
    let (code, message) = refusal(&mut push(&half));
    assert!(code == Some(1) && message.contains(&format!("cannot load the images in `{half}`")), "{message}");
    let (code, message) = refusal(push(&archive).env("IMAGE_BASE", format!("python@sha256:{}", "0".repeat(64))));
    assert!(code == Some(1) && message.contains("does not contain `dbt-image:"), "{message}");

    let pushed = push(&archive).output().expect("xtask starts");
    assert!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
    let pushed: serde_json::Value = serde_json::from_slice(&pushed.stdout).expect("JSON");
    assert_eq!((&pushed[0]["digest"], &pushed[0]["built"]), (&tested["digest"], &false.into()), "{pushed}");
}
