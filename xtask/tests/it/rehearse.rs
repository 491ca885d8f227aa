//! What a rehearsal refuses before it starts anything, in a copy of the repository. The suite "rehearsal" runs rehearsals.

use std::fs;
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
    fs::write(root.join("jobs/contracts/my_shop.yaml"), CONTRACT).expect("written");
    let file = root.join("infra/settings/rehearse.yaml");
    let text = fs::read_to_string(&file).expect("the settings");
    let text = text.split("sources:").next().unwrap_or_default().trim_end().to_owned();
    fs::write(file, format!("{text}\n\nsources:\n  my_shop: {source}\n")).expect("written");
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
}
