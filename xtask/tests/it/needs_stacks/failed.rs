//! Operations that fail in CloudFormation: the error, and the recovery.

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{FIRST, SECOND, account, changing, endpoint, folder, listening, two};
use crate::support::account::{Account, Ran, texts};
use crate::support::http;

/// A rule for a security group that is not there.
const BAD: &str = r"
  Rule:
    Type: AWS::EC2::SecurityGroupIngress
    DependsOn: Topic
    Properties: {GroupId: sg-0, IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}
";

/// The first of two with one more resource.
fn with(resource: &str) -> String {
    FIRST.replace("\nOutputs:", &format!("{resource}\nOutputs:"))
}

fn console(account: &Account) -> String {
    let id = format!("arn%3Aaws%3Acloudformation%3Aeu-west-1%3A{}%3Astack%2FDataPlatform-first%2F", account.number);
    format!("https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/events?stackId={id}")
}

fn topics(account: &Account) -> usize {
    texts(&account.call("sns", "ListTopics", &[]), "TopicArn").len()
}

fn shown_name(account: &Account) -> String {
    let arn = format!("arn:aws:sns:eu-west-1:{}:dpstack-first", account.number);
    let output = account.call("sns", "GetTopicAttributes", &[("TopicArn", &arn)]);
    let name = output.split("<key>DisplayName</key>").nth(1).expect("its name");
    texts(name, "value").remove(0)
}

#[test]
fn a_failed_creation_reports_why_and_succeeds_after_the_fix() {
    let (account, bad) = (account(), folder(&[("first", &with(BAD)), ("second", SECOND)]));
    let failed = account.with("deploy", bad.path(), &["--yes"]);
    failed.refused(&[
        "error: the stack `DataPlatform-first` is ROLLBACK_COMPLETE",
        "`Rule` (AWS::EC2::SecurityGroupIngress) CREATE_FAILED: The security group 'sg-0' does not exist",
        "hint: fix the cause; `cargo xtask deploy` then deletes the stack and creates it again",
        &console(&account),
    ]);
    assert_eq!(account.status("first").as_deref(), Some("ROLLBACK_COMPLETE"));
    assert!(account.status("second").is_none(), "what waits for it never began");
    assert_eq!(topics(&account), 0, "what was made is gone");

    let (two, proxy) = (two(), listening());
    let plan = account.with("diff", two.path(), &["--json"]).json();
    assert_eq!(plan["plan"]["stacks"][0]["action"], "recreate");
    account.run_by(&proxy.endpoint, &["deploy", "--yes", "--folder", two.path().to_str().expect("text")]).done();
    let made = ["CreateChangeSet", "ExecuteChangeSet"];
    assert_eq!(changing(&proxy.requests()), [&["DeleteStack"], &made[..], &made[..]].concat());
    for stack in ["first", "second"] {
        assert_eq!(account.status(stack).as_deref(), Some("CREATE_COMPLETE"));
    }
}

#[test]
fn a_failed_update_is_rolled_back_and_succeeds_after_the_fix() {
    let (account, two) = (account(), two());
    account.with("deploy", two.path(), &["--yes"]).done();
    let before = account.state();
    let renamed = |text: &str| text.replace("DisplayName: one", "DisplayName: two");
    let bad = folder(&[("first", &renamed(&with(BAD))), ("second", SECOND)]);
    account.with("deploy", bad.path(), &["--yes"]).refused(&[
        "error: the stack `DataPlatform-first` is UPDATE_ROLLBACK_COMPLETE",
        // AWS says CREATE_FAILED of what a change adds, MiniStack UPDATE_FAILED.
        "`Rule` (AWS::EC2::SecurityGroupIngress) ",
        "_FAILED: The security group 'sg-0' does not exist",
        "hint: fix the cause, then run the same command again",
        &console(&account),
    ]);
    let after = account.state();
    assert_eq!(after["first"]["status"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!((&after["first"]["resources"], &after["second"]), (&before["first"]["resources"], &before["second"]));
    assert_eq!(shown_name(&account), "one");

    let fixed = folder(&[("first", &renamed(FIRST)), ("second", SECOND)]);
    account.with("deploy", fixed.path(), &["--yes"]).done();
    assert_eq!((account.status("first").as_deref(), shown_name(&account).as_str()), (Some("UPDATE_COMPLETE"), "two"));
}

#[test]
fn validation_errors_are_reported_with_their_place() {
    const BUCKET: &str = "Description: A bucket.\nResources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    \
                          Properties: {BucketName: NAME}\n";
    let account = account();
    let name = format!("taken-{}", account.number);
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    account.call_rest("s3", "PUT", &format!("/{name}"), place);
    let taken = folder(&[("first", &BUCKET.replace("NAME", &name))]);
    account.with("deploy", taken.path(), &["--yes"]).refused(&[
        "error: the stack `DataPlatform-first` is ROLLBACK_COMPLETE",
        "cause: `Bucket` at /Resources/Bucket: Resource of type 'AWS::S3::Bucket' with",
        "`cargo xtask deploy` then deletes the stack and creates it again",
    ]);
    assert_eq!(account.buckets(), [name]);
}

/// Refused by `deploy`, which sends nothing that changes anything.
fn only_recover_helps(account: &Account, folder: &TempDir, words: &[&str]) {
    let proxy = listening();
    let arguments = ["deploy", "--yes", "--folder", folder.path().to_str().expect("text")];
    account.run_by(&proxy.endpoint, &arguments).refused(&[words, &["`cargo xtask recover`"]].concat());
    assert_eq!(changing(&proxy.requests()), Vec::<String>::new());
}

#[test]
fn an_update_without_rollback_is_rolled_back() {
    let (account, two) = (account(), two());
    account.with("deploy", two.path(), &["--yes"]).done();
    let name = ("StackName", "DataPlatform-first");
    let template = with(BAD).replace("DisplayName: one", "DisplayName: two");
    let parameter =
        [("Parameters.member.1.ParameterKey", "ProjectName"), ("Parameters.member.1.ParameterValue", "dpstack")];
    let set = [name, ("ChangeSetName", "theirs"), ("TemplateBody", &template)];
    account.call("cloudformation", "CreateChangeSet", &[&set[..], &parameter[..]].concat());
    let executed = [name, ("ChangeSetName", "theirs"), ("DisableRollback", "true")];
    account.call("cloudformation", "ExecuteChangeSet", &executed);
    until("UPDATE_FAILED", || account.status("first").as_deref() == Some("UPDATE_FAILED"));
    only_recover_helps(&account, &two, &["is UPDATE_FAILED: an update failed and was not rolled back"]);
    let output = account.with("recover", two.path(), &["--json"]).json();
    assert_eq!(output, json!({"DataPlatform-first": "was rolled back", "DataPlatform-second": "needs no recovery"}));
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(shown_name(&account), "one");
    assert_eq!(account.with("diff", two.path(), &["--json"]).json()["idle"], true);
}

#[test]
fn what_cannot_be_deleted_is_named_and_can_be_retained() {
    const NETWORK: &str = "Description: A network.\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n  Vpc:\n    \
                           Type: AWS::EC2::VPC\n    DependsOn: Topic\n    Properties: {CidrBlock: 10.0.0.0/16}\n";
    let (account, network) = (account(), folder(&[("first", NETWORK)]));
    account.with("deploy", network.path(), &["--yes"]).done();
    let vpc = account.state()["first"]["resources"]["Vpc"][1].as_str().expect("its id").to_owned();
    // Somebody uses it.
    account.call("ec2", "CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", "10.0.1.0/24")]);
    let failed = account.with("destroy", network.path(), &["--yes"]);
    failed.refused(&[
        "error: the stack `DataPlatform-first` is DELETE_FAILED",
        "`Vpc` (AWS::EC2::VPC) DELETE_FAILED",
        "DependencyViolation",
        "--stack NAME --retain RESOURCE retains a resource that cannot be deleted",
        &console(&account),
    ]);
    only_recover_helps(&account, &network, &["is DELETE_FAILED: creating or deleting it failed"]);
    account.with("recover", network.path(), &[]).refused(&["is DELETE_FAILED", "DependencyViolation"]);
    let output = account.with("recover", network.path(), &["--stack", "first", "--retain", "Vpc", "--json"]).json();
    assert_eq!(output["DataPlatform-first"], "was deleted; `cargo xtask deploy` creates it again");
    assert!(account.state().is_empty() && topics(&account) == 0);
    let networks = texts(&account.call("ec2", "DescribeVpcs", &[]), "vpcId");
    assert!(networks.contains(&vpc), "it was left where it is");
}

/// A filter of a log group of somebody else's, and something that waits for word from outside.
const WAITING: &str = r#"Description: "The first, which takes its time."
Parameters:
  ProjectName:
    Type: String
    Description: The settings'.
Resources:
  Errors:
    Type: AWS::Logs::MetricFilter
    Properties:
      FilterName: errors
      LogGroupName: /theirs/jobs
      FilterPattern: after
      MetricTransformations: [{MetricName: errors, MetricNamespace: !Ref ProjectName, MetricValue: "1"}]
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  Wait:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Errors
    Properties: {Handle: !Ref Handle, Timeout: 120, Count: 1}
"#;

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: it never came");
        thread::sleep(Duration::from_millis(10));
    }
}

fn start(account: &Account, folder: &TempDir) -> Child {
    let mut command = account.by(&endpoint(), &["deploy", "--yes", "--folder", folder.path().to_str().expect("text")]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("xtask starts")
}

fn end(child: Child) -> Ran {
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn waits(account: &Account) {
    until("the wait", || {
        let there = account.state().contains_key("first");
        let asked = [("StackName", "DataPlatform-first")];
        there && account.call("cloudformation", "DescribeStackEvents", &asked).contains("<LogicalResourceId>Wait<")
    });
}

/// Word from outside, as the program that is waited for sends it.
fn signal(account: &Account, status: &str) {
    let state = account.state();
    let url = state["first"]["resources"]["Handle"][1].as_str().expect("its address").replace("&amp;", "&");
    let path = format!("/{}", url.splitn(4, '/').nth(3).expect("a path"));
    let body = json!({"Status": status, "UniqueId": "1", "Reason": "said so", "Data": "none"}).to_string();
    let (head, _) = http::ask(&endpoint(), ("PUT", &path), &[("Host", "signal")], body.as_bytes());
    assert!(head.contains(" 200 "), "{head}");
}

#[test]
fn an_interrupted_deployment_continues() {
    let (account, waiting) = (account(), folder(&[("first", WAITING)]));
    theirs(&account, "CreateLogGroup");
    let child = start(&account, &waiting);
    waits(&account);
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a process")), Signal::SIGINT).expect("it runs");
    let left = end(child);
    assert_eq!(left.code, Some(130), "{}", left.stderr);
    assert!(left.stderr.contains("Interrupted. CloudFormation finishes the operations"), "{}", left.stderr);
    assert_eq!(account.status("first").as_deref(), Some("CREATE_IN_PROGRESS"));

    let again = start(&account, &waiting);
    thread::sleep(Duration::from_millis(500));
    signal(&account, "SUCCESS");
    let output = end(again).done();
    assert!(
        output.stderr.contains("Waiting for CloudFormation to finish its operation on DataPlatform-first"),
        "{}",
        output.stderr
    );
    let state = account.state();
    assert_eq!((&state["first"]["status"], &state["first"]["open"]), (&json!("CREATE_COMPLETE"), &json!([])));
    assert_eq!(account.with("diff", waiting.path(), &["--json"]).json()["idle"], true);
}

/// Their log group comes or goes.
fn theirs(account: &Account, action: &str) {
    account.call_json("logs", &format!("Logs_20140328.{action}"), &json!({"logGroupName": "/theirs/jobs"}));
}

/// What their log group is filtered by.
fn filtered(account: &Account) -> Value {
    let found =
        account.call_json("logs", "Logs_20140328.DescribeMetricFilters", &json!({"logGroupName": "/theirs/jobs"}));
    found["metricFilters"][0]["filterPattern"].clone()
}

/// A change whose rollback fails: while it waited, somebody deleted a resource that it had changed.
fn half_rolled_back() -> (Account, TempDir) {
    let (account, waiting) = (account(), folder(&[("first", WAITING)]));
    theirs(&account, "CreateLogGroup");
    let before = WAITING.split_once("  Handle:").expect("two halves").0.replace("Pattern: after", "Pattern: before");
    account.with("deploy", folder(&[("first", &before)]).path(), &["--yes"]).done();
    let child = start(&account, &waiting);
    waits(&account);
    theirs(&account, "DeleteLogGroup");
    signal(&account, "FAILURE");
    end(child).refused(&[
        "error: the stack `DataPlatform-first` is UPDATE_ROLLBACK_FAILED",
        "`Errors` (AWS::Logs::MetricFilter) UPDATE_FAILED: ",
        "The specified log group does not exist",
        "`Wait` (AWS::CloudFormation::WaitCondition) ",
        "said so",
        "hint: fix what the events name, then `cargo xtask recover`; --stack NAME --skip RESOURCE skips a resource",
    ]);
    only_recover_helps(&account, &waiting, &["is UPDATE_ROLLBACK_FAILED: an update failed, and so did its rollback"]);
    (account, waiting)
}

#[test]
fn a_failed_rollback_continues_after_the_fix() {
    let (account, waiting) = half_rolled_back();
    account
        .with("recover", waiting.path(), &[])
        .refused(&["is UPDATE_ROLLBACK_FAILED", "`Errors` (AWS::Logs::MetricFilter)"]);
    theirs(&account, "CreateLogGroup");
    let output = account.with("recover", waiting.path(), &["--json"]).json();
    assert_eq!(output, json!({"DataPlatform-first": "was rolled back"}));
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(filtered(&account), "before");
}

#[test]
fn a_failed_rollback_leaves_out_skipped_resources() {
    let (account, waiting) = half_rolled_back();
    account.with("recover", waiting.path(), &["--stack", "first", "--skip", "Errors"]).done();
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    theirs(&account, "CreateLogGroup");
    assert_eq!(filtered(&account), Value::Null, "it was not rolled back");
}
