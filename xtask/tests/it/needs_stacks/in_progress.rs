//! Updates that take time: an interruption, and a rollback that fails.

use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{account, deploy_requires_recover, endpoint, folder, text, wait_until};
use crate::support::account::{Account, Ran};
use crate::support::http;

/// A metric filter for a log group outside the stack, and a wait condition.
const WAITING: &str = r#"Description: "The first stack, which waits for a signal."
Parameters:
  ProjectName:
    Type: String
    Description: The project name in the settings.
Resources:
  Errors:
    Type: AWS::Logs::MetricFilter
    Properties:
      FilterName: errors
      LogGroupName: /external/jobs
      FilterPattern: after
      MetricTransformations: [{MetricName: errors, MetricNamespace: !Ref ProjectName, MetricValue: "1"}]
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  Wait:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Errors
    Properties: {Handle: !Ref Handle, Timeout: 120, Count: 1}
"#;

fn start_deployment(account: &Account, folder: &TempDir) -> Child {
    let mut command = account.by(&endpoint(), &["deploy", "--yes", "--folder", text(folder.path())]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("xtask starts")
}

fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().expect("it exits");
    let utf8 = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), stdout: utf8(output.stdout), stderr: utf8(output.stderr) }
}

fn wait_for_the_wait_condition(account: &Account) {
    wait_until("the wait condition", || {
        let exists = account.state().contains_key("first");
        let stack = [("StackName", "DataPlatform-first")];
        exists && account.call("cloudformation", "DescribeStackEvents", &stack).contains("<LogicalResourceId>Wait<")
    });
}

/// Signals the wait condition, as a program outside CloudFormation does.
fn signal(account: &Account, status: &str) {
    let state = account.state();
    let url = state["first"]["resources"]["Handle"][1].as_str().expect("an address").replace("&amp;", "&");
    let path = format!("/{}", url.splitn(4, '/').nth(3).expect("a path"));
    let body = json!({"Status": status, "UniqueId": "1", "Reason": "sent by the test", "Data": "none"}).to_string();
    let (head, _) = http::ask(&endpoint(), ("PUT", &path), &[("Host", "signal")], body.as_bytes());
    assert!(head.contains(" 200 "), "{head}");
}

#[test]
fn an_interrupted_deployment_continues() {
    let (account, waiting) = (account(), folder(&[("first", WAITING)]));
    external_log_group(&account, "CreateLogGroup");
    let child = start_deployment(&account, &waiting);
    wait_for_the_wait_condition(&account);
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a process")), Signal::SIGINT).expect("it runs");
    let interrupted = finish(child);
    assert_eq!(interrupted.code, Some(130), "{}", interrupted.stderr);
    assert!(
        interrupted.stderr.contains("Interrupted. CloudFormation will finish the operations"),
        "{}",
        interrupted.stderr
    );
    assert_eq!(account.status("first").as_deref(), Some("CREATE_IN_PROGRESS"));

    let again = start_deployment(&account, &waiting);
    thread::sleep(Duration::from_millis(500));
    signal(&account, "SUCCESS");
    let output = finish(again).done();
    assert!(
        output.stderr.contains("Waiting for CloudFormation to finish its operation on DataPlatform-first"),
        "{}",
        output.stderr
    );
    let state = account.state();
    assert_eq!((&state["first"]["status"], &state["first"]["open"]), (&json!("CREATE_COMPLETE"), &json!([])));
    assert_eq!(account.with("diff", waiting.path(), &["--json"]).json()["idle"], true);
}

/// Creates or deletes the log group outside the stack.
fn external_log_group(account: &Account, action: &str) {
    account.call_json("logs", &format!("Logs_20140328.{action}"), &json!({"logGroupName": "/external/jobs"}));
}

/// Returns the filter pattern of the log group outside the stack.
fn filter_pattern(account: &Account) -> Value {
    let found =
        account.call_json("logs", "Logs_20140328.DescribeMetricFilters", &json!({"logGroupName": "/external/jobs"}));
    found["metricFilters"][0]["filterPattern"].clone()
}

/// Starts an update whose rollback fails, because the log group of the updated filter is deleted in the meantime.
fn failed_rollback() -> (Account, TempDir) {
    let (account, waiting) = (account(), folder(&[("first", WAITING)]));
    external_log_group(&account, "CreateLogGroup");
    let before = WAITING.split_once("  Handle:").expect("a handle").0.replace("Pattern: after", "Pattern: before");
    account.with("deploy", folder(&[("first", &before)]).path(), &["--yes"]).done();
    let child = start_deployment(&account, &waiting);
    wait_for_the_wait_condition(&account);
    external_log_group(&account, "DeleteLogGroup");
    signal(&account, "FAILURE");
    finish(child).refused(&[
        "error: the stack `DataPlatform-first` is UPDATE_ROLLBACK_FAILED",
        "`Errors` (AWS::Logs::MetricFilter) UPDATE_FAILED: ",
        "The specified log group does not exist",
        "`Wait` (AWS::CloudFormation::WaitCondition) ",
        "sent by the test",
        "hint: fix the cause that the events show, then run `cargo xtask recover`; add --stack NAME --skip RESOURCE to skip a resource",
    ]);
    deploy_requires_recover(&account, &waiting, "is UPDATE_ROLLBACK_FAILED: an update failed, and so did its rollback");
    (account, waiting)
}

#[test]
fn a_failed_rollback_continues_after_the_fix() {
    let (account, waiting) = failed_rollback();
    account
        .with("recover", waiting.path(), &[])
        .refused(&["is UPDATE_ROLLBACK_FAILED", "`Errors` (AWS::Logs::MetricFilter)"]);
    external_log_group(&account, "CreateLogGroup");
    let output = account.with("recover", waiting.path(), &["--json"]).json();
    assert_eq!(output, json!({"DataPlatform-first": "was rolled back"}));
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(filter_pattern(&account), "before");
}

#[test]
fn recover_skips_a_resource_that_cannot_be_rolled_back() {
    let (account, waiting) = failed_rollback();
    account.with("recover", waiting.path(), &["--stack", "first", "--skip", "Errors"]).done();
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    external_log_group(&account, "CreateLogGroup");
    assert_eq!(filter_pattern(&account), Value::Null, "it is not rolled back");
}
