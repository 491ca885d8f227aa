//! Stacks that belong to other settings: the tag `module` names the settings that deployed a stack.

use std::fs;

use super::{FIRST, account, folder, recording, text, two_stacks, wait_until, write_calls};

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
