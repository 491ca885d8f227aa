//! Stacks that belong to other settings: the tag `module` names the settings that deployed a stack.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{FIRST, account, folder, recording, text, two_stacks, wait_until, with_images, write_calls};
use crate::support::copy::copy_repository;

/// A module that `new-env` has written, beside the module of the other tests.
#[test]
fn two_modules_in_one_account_neither_share_nor_change_anything() {
    let copy = tempfile::tempdir().expect("a folder");
    copy_repository(copy.path());
    let mut new = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let written = new.args(["new-env", "ann"]).current_dir(copy.path()).output().expect("xtask starts");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));

    let (account, proxy) = (with_images().in_repository(copy.path()), recording());
    account.run(&["deploy", "--yes"]).done();
    let before = account.state();
    let ann = |arguments: &[&str]| account.run_by(&proxy.endpoint, &[arguments, &["--env", "ann"]].concat()).done();
    ann(&["deploy", "--yes", "--stack", "registry", "--stack", "storage"]);
    account.push_images_of("ann", "ann-");
    ann(&["deploy", "--yes"]);
    ann(&["upload-sample"]);
    let both = account.state();
    assert_eq!(both.len(), 2 * before.len(), "{:?}", both.keys());
    assert!(before.iter().all(|(name, stack)| both.get(name) == Some(stack)), "{both:#?}");
    ann(&["destroy", "--yes", "--delete-data"]);
    assert_eq!(account.state(), before);
    let output = account.run(&["diff"]).done().stdout;
    assert!(output.contains("Nothing to do"), "{output}");

    // No request names a resource of the other module.
    let resources = before.values().flat_map(|stack| stack["resources"].as_object().expect("resources").values());
    let names: Vec<&str> = resources.filter_map(|resource: &Value| resource[1].as_str()).collect();
    let of_word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let names: Vec<&str> = names.into_iter().filter(|name| name.len() > 8 && name.chars().all(of_word)).collect();
    assert!(names.len() > 40, "{names:?}");
    for request in proxy.requests() {
        let text = format!("{} {} {}", request.line(), request.head, String::from_utf8_lossy(&request.body));
        let is_named = |name: &&&str| text.split(|c| !of_word(c)).any(|word| word == **name);
        let named = names.iter().find(is_named);
        assert!(named.is_none() || request.reads(), "{named:?}: {}", request.line());
    }
}

/// The settings `dev`, with the stack names of the settings `rehearse`, which these tests deploy with.
#[test]
fn stacks_of_other_settings_are_refused() {
    let (account, two, proxy) = (account(), two_stacks(), recording());
    account.with("deploy", two.path(), &["--yes"]).done();
    let before = account.state();
    for arguments in [
        &["deploy", "--yes"][..],
        &["deploy", "--yes", "--stack", "second"],
        &["diff"],
        &["recover"],
        &["destroy", "--yes"],
    ] {
        let arguments = [arguments, &["--folder", text(two.path()), "--env", "dev"]].concat();
        let messages = [
            "belongs to the settings module `rehearse`, not to `dev`",
            "hint: choose the settings with --env rehearse",
        ];
        account.run_by(&proxy.endpoint, &arguments).refused(&messages);
    }
    assert_eq!(write_calls(&proxy.requests()), Vec::<String>::new());
    assert_eq!(account.state(), before);
    account.with("diff", two.path(), &[]).done();
}

/// Commands that change no stack but use its resources.
#[test]
fn buckets_and_jobs_of_other_settings_are_not_used() {
    let (account, proxy) = (account(), recording());
    account.run(&["deploy", "--yes", "--stack", "registry", "--stack", "storage"]).done();
    let dags = folder(&[]);
    fs::write(dags.path().join("requirements.txt"), "").expect("written");
    fs::write(dags.path().join("own.py"), "").expect("written");
    for arguments in [&["sync-dags", "--dir", text(dags.path())][..], &["upload-sample"], &["run", "--direct"]] {
        let refused = account.run_by(&proxy.endpoint, &[arguments, &["--env", "dev"]].concat());
        refused.refused(&["`DataPlatform-storage` belongs to the settings module `rehearse`, not to `dev`"]);
    }
    assert_eq!(write_calls(&proxy.requests()), Vec::<String>::new());
    account.run(&["upload-sample"]).done();
}

#[test]
fn a_stack_without_the_tag_gets_it_with_the_next_deployment() {
    let (account, two) = (account(), two_stacks());
    account.with("deploy", two.path(), &["--yes"]).done();
    // Earlier versions set no tag.
    let parameters = [
        ("StackName", "DataPlatform-first"),
        ("TemplateBody", FIRST),
        ("Parameters.member.1.ParameterKey", "ProjectName"),
        ("Parameters.member.1.ParameterValue", "dpstack"),
        ("Tags", ""),
    ];
    account.call("cloudformation", "UpdateStack", &parameters);
    let description = || account.call("cloudformation", "DescribeStacks", &[("StackName", "DataPlatform-first")]);
    wait_until("UPDATE_COMPLETE", || account.status("first").as_deref() == Some("UPDATE_COMPLETE"));
    assert!(!description().contains("<Value>rehearse</Value>"), "{}", description());

    let output = account.with("diff", two.path(), &[]).done().stdout;
    assert!(output.contains("DataPlatform-first   update tags; tag module=rehearse"), "{output}");
    account.with("deploy", two.path(), &["--yes"]).done();
    assert!(description().contains("<Value>rehearse</Value>"), "{}", description());
    let output = account.with("diff", two.path(), &[]).done().stdout;
    assert!(output.contains("Nothing to do"), "{output}");
}
