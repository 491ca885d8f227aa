//! Complete deployments against MiniStack's CloudFormation, which creates, updates and deletes resources of the types in
//! our templates. `cargo xtask test --all` starts it. Each test uses its own accounts.
//!
//! The tests check the order, the parameters, the calls and the leftovers, not that AWS accepts a template; the suite
//! "templates" and the rule tests in `stack` do that.

mod change_set;
mod create_only;
mod failed;
mod in_progress;
mod killed;
mod lifecycle;
mod other_settings;
mod preflight;
mod recipients;
mod refused;
mod secrets;
mod statuses;
mod stub;
mod warehouse;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::account::Account;
use crate::support::proxy::{Fate, Proxy, Recorded};

/// A topic; its ARN is an output.
const FIRST: &str = r#"Description: "The first of two stacks."
Parameters:
  ProjectName:
    Type: String
    Description: The project name in the settings.
    AllowedPattern: "[a-z-]+"
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub "${ProjectName}-first"
      DisplayName: one
Outputs:
  FirstTopic:
    Description: The ARN of the topic.
    Value: !Ref Topic
"#;

/// A log group; the topic's ARN is its tag.
const SECOND: &str = r#"Description: "The second of two stacks."
Parameters:
  FirstTopic:
    Type: String
    Description: The output of the first stack.
    AllowedPattern: "arn:.+"
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      LogGroupName: /two/second
      RetentionInDays: 7
      Tags:
        - {Key: topic, Value: !Ref FirstTopic}
Outputs:
  SecondLogs:
    Description: The name of the log group.
    Value: !Ref Logs
"#;

fn endpoint() -> String {
    let name = "TEST_STACKS_ENDPOINT";
    std::env::var(name).unwrap_or_else(|_| panic!("this test needs {name}: run it with `cargo xtask test --all`"))
}

fn account() -> Account {
    Account::new(&endpoint())
}

/// Starts a proxy that only records the requests.
fn recording() -> Proxy {
    Proxy::start(&endpoint(), Box::new(|_, _| Fate::Pass))
}

/// Returns the recorded calls that change something.
fn write_calls(requests: &[Recorded]) -> Vec<String> {
    requests.iter().filter(|request| !request.reads()).map(Recorded::call).collect()
}

/// Creates a folder with these templates.
fn folder(templates: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in templates {
        fs::write(folder.path().join(format!("{name}.yaml")), text).expect("written");
    }
    folder
}

fn two_stacks() -> TempDir {
    folder(&[("first", FIRST), ("second", SECOND)])
}

/// Creates a folder with the templates in `infra/`, one of them changed.
fn infra_with(stack: &str, from: &str, to: &str) -> TempDir {
    let (folder, infra) =
        (tempfile::tempdir().expect("a folder"), Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra"));
    for file in fs::read_dir(infra).expect("infra").flatten().map(|entry| entry.path()) {
        if file.extension().is_some_and(|end| end == "yaml") {
            let text = fs::read_to_string(&file).expect("a template");
            let name = file.file_name().expect("a name");
            let is_changed = name.to_str() == Some(&format!("{stack}.yaml"));
            assert!(!is_changed || text.contains(from), "{stack} has no `{from}`");
            let text = if is_changed { text.replacen(from, to, 1) } else { text };
            fs::write(folder.path().join(name), text).expect("written");
        }
    }
    folder
}

/// Creates an account with all stacks.
fn deployed() -> Account {
    let account = with_images();
    account.run(&["deploy", "--yes"]).done();
    account
}

/// Creates an account with the stacks `registry` and `storage`, and with images, so that a deployment needs no Docker
/// engine.
fn with_images() -> Account {
    let account = account();
    account.run(&["deploy", "--stack", "registry", "--stack", "storage", "--yes"]).done();
    account.push_images();
    account
}

/// Checks that `deploy` refuses to continue, sends no call that changes something, and names `recover`.
fn deploy_requires_recover(account: &Account, folder: &TempDir, message: &str) {
    let proxy = recording();
    let arguments = ["deploy", "--yes", "--folder", text(folder.path())];
    account.run_by(&proxy.endpoint, &arguments).refused(&[message, "`cargo xtask recover`"]);
    assert_eq!(write_calls(&proxy.requests()), Vec::<String>::new());
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(180), "timed out: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}
