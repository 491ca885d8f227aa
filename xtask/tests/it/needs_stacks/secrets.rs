//! A source with secrets, in a copy of the repository: its stack is created, found when no source needs it, and deleted.

use serde_json::Value;

use super::account;
use crate::rehearse::{add_source, remove_source};
use crate::support::account::Account;
use crate::support::copy::copy_repository;

fn definition_in_dags(account: &Account) -> Value {
    let bucket = account.buckets().into_iter().find(|name| name.contains("airflow")).expect("Airflow's bucket");
    let (_, text) = account.call_rest("s3", "GET", &format!("/{bucket}/dags/platform.json"), "");
    let platform: Value = serde_json::from_str(&text).expect("JSON");
    platform["sources"]["my_shop"]["jobs"]["transformation"]["definition"].clone()
}

#[test]
fn the_stack_of_a_source_follows_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    copy_repository(root);
    add_source(root, "{}");
    let account = account().in_repository(root);
    let needed = ["sources.my_shop", "its contract needs the secrets `SHOP_TOKEN`; set `secret` to where they are"];
    account.run(&["diff"]).refused(&needed);

    add_source(root, "{secret: /dpstack/my_shop}");
    account.run(&["deploy", "--stack", "registry", "--stack", "storage", "--yes"]).done();
    account.push_images();
    account.run(&["deploy", "--yes"]).done();
    let state = account.state();
    let stack = &state["source-my-shop"];
    assert_eq!(stack["parameters"]["SecretResource"], "parameter/dpstack/my_shop");
    let job = stack["resources"]["Job"][1].as_str().unwrap_or_default();
    assert!(job.ends_with(":job-definition/ingestion-job-source-my_shop:1"), "{stack}");
    assert_eq!(definition_in_dags(&account), "ingestion-job-source-my_shop");
    let diff = account.run(&["diff"]).done().stdout;
    assert!(diff.contains("Nothing to do"), "{diff}");

    add_source(root, "{secret: /dpstack/my_shop, enabled: false}");
    let line =
        "DataPlatform-source-my-shop  no source needs it; `cargo xtask destroy --stack source-my-shop` deletes it";
    let diff = account.run(&["diff"]).done().stdout;
    assert!(diff.contains(line), "{diff}");
    let status = account.run(&["status"]).stdout;
    assert!(status.contains("source-my-shop") && !status.contains("no source in the settings needs this"), "{status}");
    remove_source(root);
    let status = account.run(&["status"]).stdout;
    assert!(status.contains("no source in the settings needs this stack"), "{status}");
    account.run(&["destroy", "--yes", "--stack", "source-other"]).refused(&["`source-other` does not exist"]);
    account.run(&["destroy", "--yes", "--stack", "source-my-shop"]).done();
    assert_eq!(account.status("source-my-shop"), None);
    assert_eq!(account.state().len(), state.len() - 1);
}
