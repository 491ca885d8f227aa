//! What a rehearsal refuses before it starts anything, in a copy of the repository. The suite "rehearsal" runs rehearsals.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::copy::copy_repository;

/// An API with a token.
pub(crate) const CONTRACT: &str = "source: my_shop
base_url: http://127.0.0.1:9/v1
request: {auth: {type: bearer, token: {secret: SHOP_TOKEN}}}
collections:
  orders:
    path: /orders
    key: id
    doc: Orders.
    columns: {id: {type: integer, doc: The number.}}
";

/// Adds the source to the contracts and to the settings `rehearse`.
pub(crate) fn add_source(root: &Path, source: &str) {
    remove_source(root);
    fs::write(root.join("jobs/contracts/my_shop.yaml"), CONTRACT).expect("written");
    let file = root.join("infra/settings/rehearse.yaml");
    let text = fs::read_to_string(&file).expect("the settings");
    fs::write(file, format!("{text}\n\nsources:\n  my_shop: {source}\n")).expect("written");
}

/// Removes the source from the settings `rehearse`; its contract remains.
pub(crate) fn remove_source(root: &Path) {
    let file = root.join("infra/settings/rehearse.yaml");
    let text = fs::read_to_string(&file).expect("the settings");
    fs::write(file, text.split("\nsources:").next().unwrap_or_default().trim_end()).expect("written");
}

#[test]
fn a_rehearsal_needs_the_secrets_of_its_sources_and_passes_them_to_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    copy_repository(root);
    add_source(root, "{secret: /dpstack/my_shop}");
    let refused = |arguments: &[&str], token: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("rehearse").args(arguments).current_dir(root).env_remove("SHOP_TOKEN");
        // No engine accepts connections here.
        command.env("DOCKER_HOST", "tcp://127.0.0.1:1").envs(token.map(|token| ("SHOP_TOKEN", token)));
        let output = command.output().expect("xtask starts");
        let message = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(1), "{message}");
        message
    };
    let missing = refused(&[], None);
    assert!(missing.contains("`my_shop` needs the secrets SHOP_TOKEN, which are not set"), "{missing}");
    let started = refused(&["--source", "my_shop=http://127.0.0.1:9"], Some("canary"));
    assert!(started.contains("missing requirements for a rehearsal") && !started.contains("canary"), "{started}");
    fs::write(root.join(".env"), "SHOP_TOKEN=canary\n").expect("written");
    assert!(refused(&[], None).contains("missing requirements for a rehearsal"));
    for (source, message) in [
        ("zoo=http://127.0.0.1:9", "the source `zoo` is not in the settings"),
        ("my_shop=/tmp", "only the default source can be a folder"),
    ] {
        let found = refused(&["--source", source], None);
        assert!(found.contains(message), "{found}");
    }
    for both in [["my_shop=http://127.0.0.1:9", "my_shop=http://127.0.0.1:8"], ["http://127.0.0.1:9", "spacex=/tmp"]] {
        let found = refused(&["--source", both[0], "--source", both[1]], None);
        assert!(found.contains(&format!("`--source {}`: this source has another `--source`", both[1])), "{found}");
    }
}

#[test]
fn a_rehearsal_refuses_a_source_that_is_not_on_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    copy_repository(root);
    // The account of `dev`, which a rehearsal extends, has the secret.
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dpstack/my_shop-AbCdEf";
    let key = "arn:aws:kms:eu-west-1:123456789012:key/k";
    add_source(root, &format!("{{secret: \"{secret}\", secret_key: \"{key}\"}}"));
    let rehearse = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("rehearse").args(arguments).current_dir(root).env_remove("SHOP_TOKEN");
        let output = command.env("DOCKER_HOST", "tcp://127.0.0.1:1").output().expect("xtask starts");
        String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let contract = root.join("jobs/contracts/my_shop.yaml");
    fs::write(&contract, CONTRACT.replace("http://127.0.0.1:9/v1", "https://shop.example/v1")).expect("written");
    let found = rehearse(&[]);
    let problem =
        "`base_url` of the source `my_shop` is `https://shop.example/v1`, but a rehearsal connects only to this";
    assert!(found.contains(problem), "{found}");
    assert!(found.contains("hint: pass --source my_shop=http://127.0.0.1:PORT"), "{found}");
    // With another URL, or without its run, only the engine is missing.
    let here = ["--source", "my_shop=http://127.0.0.1:9"];
    assert!(rehearse(&here).contains("needs the secrets SHOP_TOKEN"));
    let found = rehearse(&["--inject-fault", "image"]);
    assert!(found.contains("missing requirements for a rehearsal"), "{found}");

    let oauth = "{type: oauth2_client_credentials, access_token_url: 'https://login.example/t', client_id: me, \
                 client_secret: {secret: SHOP_TOKEN}}";
    fs::write(&contract, CONTRACT.replace("{type: bearer, token: {secret: SHOP_TOKEN}}", oauth)).expect("written");
    let found = rehearse(&here);
    assert!(found.contains("`access_token_url` of the source `my_shop` is `https://login.example/t`, but"), "{found}");
    assert!(found.contains("set `sources.my_shop.enabled: false` in infra/settings/rehearse.yaml"), "{found}");
}

/// Any crate's build script can read its environment.
#[test]
fn cargo_does_not_inherit_the_secrets_of_sources() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    copy_repository(root);
    add_source(root, "{secret: /dpstack/my_shop}");
    let cargo = root.join("cargo");
    fs::write(&cargo, "#!/bin/sh\nenv >&2\nexit 1\n").expect("written");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("set");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["local", "--no-dbt"]).current_dir(root).env("CARGO", &cargo).env("SHOP_TOKEN", "canary");
    let output = command.output().expect("xtask starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("PATH=") && stderr.contains("do not compile") && !stderr.contains("canary"), "{stderr}");
}
