//! Commands that fail before they change anything.

use std::fs;
use std::path::Path;

use super::{FIRST, SECOND, account, deployed, endpoint, folder, infra_with, recording, text, two_stacks, write_calls};
use crate::support::account::{Account, ran};

/// Runs a command that fails before anything is changed.
#[track_caller]
fn unchanged(account: &Account, arguments: &[&str], messages: &[&str]) {
    let (before, proxy) = (account.state(), recording());
    account.run_by(&proxy.endpoint, arguments).refused(messages);
    assert_eq!(write_calls(&proxy.requests()), Vec::<String>::new(), "{arguments:?}");
    assert_eq!(account.state(), before, "{arguments:?}");
}

#[test]
fn malformed_templates_and_dependencies_cause_no_call() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack_corpus");
    let (account, proxy) = (account(), recording());
    let cases: Vec<_> = fs::read_dir(corpus).expect("the corpus").flatten().map(|entry| entry.path()).collect();
    let cases = cases.iter().filter(|path| path.is_dir());
    let mut count = 0;
    for case in cases {
        for command in ["deploy", "destroy", "recover"] {
            let yes = if command == "recover" { &[][..] } else { &["--yes"] };
            let refused = account.run_by(&proxy.endpoint, &[&[command, "--folder", text(case)], yes].concat());
            assert_eq!(
                (refused.code, refused.stdout.as_str()),
                (Some(1), ""),
                "{command} {case:?}: {}",
                refused.stderr
            );
            assert!(refused.stderr.contains("error: templates: "), "{command} {case:?}: {}", refused.stderr);
        }
        count += 1;
    }
    assert!(count >= 20, "{count} cases");
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[test]
fn an_unknown_stack_causes_no_call() {
    let (account, proxy, two) = (account(), recording(), two_stacks());
    let arguments = ["deploy", "--yes", "--folder", text(two.path()), "--stack", "frist"];
    account
        .run_by(&proxy.endpoint, &arguments)
        .refused(&["the stack `frist` does not exist", "the stacks are first, second"]);
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[test]
fn another_account_is_refused() {
    let (account, two, proxy) = (account(), two_stacks(), recording());
    for command in ["deploy", "destroy", "diff", "recover"] {
        let mut program = account.by(&proxy.endpoint, &[command, "--folder", text(two.path())]);
        let other = ran(program.env("AWS_ACCOUNT_ID", "999999999999"));
        let messages = format!(
            "the credentials are for account {}, but the settings require account 999999999999",
            account.number
        );
        other.refused(&[&messages, "AWS_ACCOUNT_ID"]);
    }
    let calls: Vec<String> = proxy.requests().iter().map(|request| request.call()).collect();
    assert_eq!(calls, ["GetCallerIdentity"; 4]);
}

#[test]
fn a_bucket_of_another_account_is_reported_before_anything_is_created() {
    let (other, account) = (account(), account());
    let name = format!("dpstack-airflow-t{}", account.number);
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    let (head, answer) = other.call_rest("s3", "PUT", &format!("/{name}"), place);
    assert!(head.contains(" 200 "), "{answer}");
    let messages = format!("in use by another account, or in another region: `{name}`");
    unchanged(
        &account,
        &["deploy", "--stack", "registry", "--stack", "storage", "--yes"],
        &[&messages, "BUCKET_SUFFIX"],
    );
    assert!(account.state().is_empty());
}

#[test]
fn without_a_terminal_nothing_is_approved() {
    let (account, two) = (account(), two_stacks());
    let arguments = |command| [command, "--folder", text(two.path())];
    unchanged(&account, &arguments("deploy"), &["standard input is not a terminal", "--yes or --expect"]);
    account.run(&[&arguments("deploy")[..], &["--yes"]].concat()).done();
    unchanged(
        &account,
        &arguments("destroy"),
        &["nothing was changed: standard input is not a terminal", "pass --yes"],
    );
}

#[test]
fn only_the_approved_plan_is_applied() {
    let (account, two) = (account(), two_stacks());
    let digest = |folder: &Path| {
        let plan = account.with("diff", folder, &["--json"]).json();
        plan["digest"].as_str().expect("a digest").to_owned()
    };
    let approved = digest(two.path());
    assert_eq!(approved, digest(two.path()), "the digest is stable");
    let other = folder(&[("first", &FIRST.replace("DisplayName: one", "DisplayName: other")), ("second", SECOND)]);
    let arguments = ["deploy", "--folder", text(other.path()), "--expect", &approved];
    unchanged(&account, &arguments, &["the plan has changed since it was approved", "cargo xtask diff"]);
    // Another run has applied the plan since it was approved.
    account.with("deploy", two.path(), &["--expect", &approved]).done();
    let arguments = ["deploy", "--folder", text(two.path()), "--expect", &approved];
    unchanged(&account, &arguments, &[&approved]);
}

#[test]
fn a_resource_with_a_fixed_name_is_not_replaced() {
    let (account, two) = (account(), two_stacks());
    account.with("deploy", two.path(), &["--yes"]).done();
    let fifo = FIRST.replace("DisplayName: one", "FifoTopic: true");
    let fifo = folder(&[("first", &fifo), ("second", SECOND)]);
    let messages = [
        "nothing was changed: in `first`, `Topic` (AWS::SNS::Topic) would be replaced because of FifoTopic",
        "but CloudFormation cannot create the replacement while the name is in use",
        "hint: rename it in the settings",
    ];
    unchanged(&account, &["deploy", "--yes", "--folder", text(fifo.path())], &messages);
    unchanged(&account, &["diff", "--folder", text(fifo.path())], &messages);
    // As the hint says, another name works.
    let renamed = FIRST.replace("DisplayName: one", "FifoTopic: true").replace("-first\"", "-again.fifo\"");
    let renamed = folder(&[("first", &renamed), ("second", SECOND)]);
    account.with("deploy", renamed.path(), &["--yes"]).done();
    let topic = account.state()["first"]["resources"]["Topic"][1].clone();
    assert_eq!(topic, format!("arn:aws:sns:eu-west-1:{}:dpstack-again.fifo", account.number));
}

#[test]
fn a_stack_that_another_stack_depends_on_is_not_deleted() {
    let (account, two) = (account(), two_stacks());
    account.with("deploy", two.path(), &["--yes"]).done();
    let messages =
        ["cannot delete `DataPlatform-first`: `DataPlatform-second` depends on it", "also pass --stack second"];
    unchanged(&account, &["destroy", "--yes", "--folder", text(two.path()), "--stack", "first"], &messages);
}

#[test]
fn a_protected_stack_is_not_deleted() {
    let (account, two) = (account(), two_stacks());
    account.with("deploy", two.path(), &["--yes"]).done();
    let protect = [("StackName", "DataPlatform-second"), ("EnableTerminationProtection", "true")];
    account.call("cloudformation", "UpdateTerminationProtection", &protect);
    let messages = ["protected from deletion: DataPlatform-second", "protection.termination_protection to false"];
    unchanged(&account, &["destroy", "--yes", "--folder", text(two.path())], &messages);
    // As the hint says, a deployment removes the protection.
    account.with("deploy", two.path(), &["--yes"]).done();
    account.with("destroy", two.path(), &["--yes"]).done();
    assert!(account.state().is_empty());
}

#[test]
fn destroying_production_requires_the_stack_prefix() {
    let (account, two) = (Account::of_production(&endpoint()), two_stacks());
    let production = |arguments: &[&str]| {
        let all = [arguments, &["--env", "prod", "--folder", text(two.path())]].concat();
        ran(account.by(&endpoint(), &all).env("SETTINGS_MODULE", "prod").env("ALARM_EMAIL", "a@example.com"))
    };
    production(&["deploy", "--yes"]).done();
    let protected = account.call("cloudformation", "DescribeStacks", &[]);
    assert_eq!(protected.matches("<EnableTerminationProtection>true<").count(), 2, "production protects its stacks");
    production(&["destroy", "--yes"]).refused(&["protected from deletion: "]);
    for stack in ["DataPlatformProd-first", "DataPlatformProd-second"] {
        let open = [("StackName", stack), ("EnableTerminationProtection", "false")];
        account.call("cloudformation", "UpdateTerminationProtection", &open);
    }
    let before = account.state();
    production(&["destroy", "--yes"]).refused(&["standard input is not a terminal", "--confirm DataPlatformProd"]);
    production(&["destroy", "--yes", "--confirm", "DataplatformProd"])
        .refused(&["nothing was changed: `DataplatformProd` does not match `DataPlatformProd`"]);
    assert_eq!(account.state(), before);
    production(&["destroy", "--confirm", "DataPlatformProd"]).done();
    assert!(account.state().is_empty());
}

#[test]
fn one_fixed_name_refuses_the_whole_deployment() {
    let account = deployed();
    let folder = infra_with("registry", "EncryptionType: KMS", "EncryptionType: AES256");
    let messages = [
        "nothing was changed: in `registry`, `IngestionRepository` (AWS::ECR::Repository) would be replaced",
        "because of EncryptionConfiguration/EncryptionType",
    ];
    unchanged(&account, &["deploy", "--yes", "--folder", text(folder.path())], &messages);
}
