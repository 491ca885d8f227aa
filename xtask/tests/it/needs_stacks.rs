//! Whole deployments against a CloudFormation that really makes, changes and deletes: MiniStack with the types of our
//! templates, which `cargo xtask test --all` starts. Each test has accounts of its own in it.
//!
//! It proves order, wires, calls and what is left over, not that AWS would take a template: the suite "templates" and the
//! tests of the rules in `stack` are for that.

mod create_only;
mod failed;
mod killed;
mod life;
mod refused;
mod statuses;
mod stub;
mod warehouse;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::account::Account;
use crate::support::proxy::{Fate, Proxy, Recorded};

/// A topic, whose ARN is an output.
const FIRST: &str = r#"Description: "The first of two."
Parameters:
  ProjectName:
    Type: String
    Description: The settings'.
    AllowedPattern: "[a-z]+"
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub "${ProjectName}-first"
      DisplayName: one
Outputs:
  FirstTopic:
    Description: Its ARN.
    Value: !Ref Topic
"#;

/// A log group, which takes it.
const SECOND: &str = r#"Description: "The second of two."
Parameters:
  FirstTopic:
    Type: String
    Description: The first's output.
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
    Description: Its name.
    Value: !Ref Logs
"#;

fn endpoint() -> String {
    let name = "TEST_STACKS_ENDPOINT";
    std::env::var(name).unwrap_or_else(|_| panic!("this test needs {name}: run it with `cargo xtask test --all`"))
}

fn account() -> Account {
    Account::new(&endpoint())
}

/// A proxy that only writes down.
fn listening() -> Proxy {
    Proxy::start(&endpoint(), Box::new(|_, _| Fate::Pass))
}

/// What was asked and changes something.
fn changing(asked: &[Recorded]) -> Vec<String> {
    asked.iter().filter(|asked| !asked.reads()).map(Recorded::call).collect()
}

/// A folder with these templates.
fn folder(templates: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in templates {
        fs::write(folder.path().join(format!("{name}.yaml")), text).expect("written");
    }
    folder
}

fn two() -> TempDir {
    folder(&[("first", FIRST), ("second", SECOND)])
}

/// A folder with the real templates, one of them changed.
fn changed(stack: &str, from: &str, to: &str) -> TempDir {
    let (folder, infra) =
        (tempfile::tempdir().expect("a folder"), Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra"));
    for file in fs::read_dir(infra).expect("infra").flatten().map(|entry| entry.path()) {
        if file.extension().is_some_and(|end| end == "yaml") {
            let text = fs::read_to_string(&file).expect("a template");
            let name = file.file_name().expect("a name");
            let wanted = name.to_str() == Some(&format!("{stack}.yaml"));
            assert!(!wanted || text.contains(from), "{stack} has no `{from}`");
            let text = if wanted { text.replacen(from, to, 1) } else { text };
            fs::write(folder.path().join(name), text).expect("written");
        }
    }
    folder
}

/// A whole deployment, made.
fn deployed() -> Account {
    let account = account();
    account.run(&["deploy", "--stack", "registry", "--stack", "storage", "--yes"]).done();
    account.push_images();
    account.run(&["deploy", "--yes"]).done();
    account
}
