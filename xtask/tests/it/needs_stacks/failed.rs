//! Operations that fail in CloudFormation: the error, and the recovery.

use serde_json::json;

use super::{
    FIRST, SECOND, account, deploy_requires_recover, folder, recording, text, two_stacks, wait_until, write_calls,
};
use crate::support::account::{Account, texts};

/// A rule for a security group that does not exist.
const BAD: &str = r"
  Rule:
    Type: AWS::EC2::SecurityGroupIngress
    DependsOn: Topic
    Properties: {GroupId: sg-0, IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}
";

/// Returns the first template with one more resource.
fn first_with(resource: &str) -> String {
    FIRST.replace("\nOutputs:", &format!("{resource}\nOutputs:"))
}

fn console(account: &Account) -> String {
    let id = format!("arn%3Aaws%3Acloudformation%3Aeu-west-1%3A{}%3Astack%2FDataPlatform-first%2F", account.number);
    format!("https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/events?stackId={id}")
}

fn topics(account: &Account) -> usize {
    texts(&account.call("sns", "ListTopics", &[]), "TopicArn").len()
}

fn display_name(account: &Account) -> String {
    let arn = format!("arn:aws:sns:eu-west-1:{}:dpstack-first", account.number);
    let output = account.call("sns", "GetTopicAttributes", &[("TopicArn", &arn)]);
    let name = output.split("<key>DisplayName</key>").nth(1).expect("a name");
    texts(name, "value").remove(0)
}

#[test]
fn a_failed_creation_reports_why_and_succeeds_after_the_fix() {
    let (account, bad) = (account(), folder(&[("first", &first_with(BAD)), ("second", SECOND)]));
    let failed = account.with("deploy", bad.path(), &["--yes"]);
    failed.refused(&[
        "error: the stack `DataPlatform-first` is ROLLBACK_COMPLETE",
        "`Rule` (AWS::EC2::SecurityGroupIngress) CREATE_FAILED: The security group 'sg-0' does not exist",
        "hint: fix the cause; `cargo xtask deploy` then deletes the stack and creates it again",
        &console(&account),
    ]);
    assert_eq!(account.status("first").as_deref(), Some("ROLLBACK_COMPLETE"));
    assert!(account.status("second").is_none(), "a stack that depends on it is not created");
    assert_eq!(topics(&account), 0, "the created resources are deleted");

    let (two, proxy) = (two_stacks(), recording());
    let plan = account.with("diff", two.path(), &["--json"]).json();
    assert_eq!(plan["plan"]["stacks"][0]["action"], "recreate");
    account.run_by(&proxy.endpoint, &["deploy", "--yes", "--folder", text(two.path())]).done();
    let create = ["CreateChangeSet", "ExecuteChangeSet"];
    assert_eq!(write_calls(&proxy.requests()), [&["DeleteStack"], &create[..], &create[..]].concat());
    for stack in ["first", "second"] {
        assert_eq!(account.status(stack).as_deref(), Some("CREATE_COMPLETE"));
    }
}

#[test]
fn a_failed_update_is_rolled_back_and_succeeds_after_the_fix() {
    let (account, two) = (account(), two_stacks());
    account.with("deploy", two.path(), &["--yes"]).done();
    let before = account.state();
    let renamed = |text: &str| text.replace("DisplayName: one", "DisplayName: two");
    let bad = folder(&[("first", &renamed(&first_with(BAD))), ("second", SECOND)]);
    account.with("deploy", bad.path(), &["--yes"]).refused(&[
        "error: the stack `DataPlatform-first` is UPDATE_ROLLBACK_COMPLETE",
        // For a resource that an update adds, AWS reports CREATE_FAILED, MiniStack UPDATE_FAILED.
        "`Rule` (AWS::EC2::SecurityGroupIngress) ",
        "_FAILED: The security group 'sg-0' does not exist",
        "hint: fix the cause, then run the same command again",
        &console(&account),
    ]);
    let after = account.state();
    assert_eq!(after["first"]["status"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!((&after["first"]["resources"], &after["second"]), (&before["first"]["resources"], &before["second"]));
    assert_eq!(display_name(&account), "one");

    let fixed = folder(&[("first", &renamed(FIRST)), ("second", SECOND)]);
    account.with("deploy", fixed.path(), &["--yes"]).done();
    assert_eq!((account.status("first").as_deref(), display_name(&account).as_str()), (Some("UPDATE_COMPLETE"), "two"));
}

#[test]
fn a_validation_error_is_reported_with_its_resource() {
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

#[test]
fn an_update_without_rollback_is_rolled_back() {
    let (account, two) = (account(), two_stacks());
    account.with("deploy", two.path(), &["--yes"]).done();
    let name = ("StackName", "DataPlatform-first");
    let template = first_with(BAD).replace("DisplayName: one", "DisplayName: two");
    let parameter =
        [("Parameters.member.1.ParameterKey", "ProjectName"), ("Parameters.member.1.ParameterValue", "dpstack")];
    let set = [name, ("ChangeSetName", "manual"), ("TemplateBody", &template)];
    account.call("cloudformation", "CreateChangeSet", &[&set[..], &parameter[..]].concat());
    let executed = [name, ("ChangeSetName", "manual"), ("DisableRollback", "true")];
    account.call("cloudformation", "ExecuteChangeSet", &executed);
    wait_until("UPDATE_FAILED", || account.status("first").as_deref() == Some("UPDATE_FAILED"));
    deploy_requires_recover(&account, &two, "is UPDATE_FAILED: an update failed and was not rolled back");
    let output = account.with("recover", two.path(), &["--json"]).json();
    assert_eq!(output, json!({"DataPlatform-first": "was rolled back", "DataPlatform-second": "needs no recovery"}));
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(display_name(&account), "one");
    assert_eq!(account.with("diff", two.path(), &["--json"]).json()["idle"], true);
}

#[test]
fn a_resource_that_cannot_be_deleted_is_named_and_can_be_retained() {
    const NETWORK: &str = "Description: A network.\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n  Vpc:\n    \
                           Type: AWS::EC2::VPC\n    DependsOn: Topic\n    Properties: {CidrBlock: 10.0.0.0/16}\n";
    let (account, network) = (account(), folder(&[("first", NETWORK)]));
    account.with("deploy", network.path(), &["--yes"]).done();
    let vpc = account.state()["first"]["resources"]["Vpc"][1].as_str().expect("an ID").to_owned();
    // A subnet prevents the deletion of the VPC.
    account.call("ec2", "CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", "10.0.1.0/24")]);
    let failed = account.with("destroy", network.path(), &["--yes"]);
    failed.refused(&[
        "error: the stack `DataPlatform-first` is DELETE_FAILED",
        "`Vpc` (AWS::EC2::VPC) DELETE_FAILED",
        "DependencyViolation",
        "--stack NAME --retain RESOURCE to retain a resource that cannot be deleted",
        &console(&account),
    ]);
    deploy_requires_recover(&account, &network, "is DELETE_FAILED: creating or deleting it failed");
    account.with("recover", network.path(), &[]).refused(&["is DELETE_FAILED", "DependencyViolation"]);
    let output = account.with("recover", network.path(), &["--stack", "first", "--retain", "Vpc", "--json"]).json();
    assert_eq!(output["DataPlatform-first"], "was deleted; `cargo xtask deploy` creates it again");
    assert!(account.state().is_empty() && topics(&account) == 0);
    let networks = texts(&account.call("ec2", "DescribeVpcs", &[]), "vpcId");
    assert!(networks.contains(&vpc), "the VPC is retained");
}
