//! Change sets that differ from the plan: they need another approval.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{FIRST, SECOND, account, endpoint, folder, text, two_stacks, write_calls};
use crate::support::account::{Account, Ran};
use crate::support::proxy::Proxy;

/// CloudFormation reports a replacement of the topic; the plan predicts an update in place.
fn replacing() -> Proxy {
    let editor =
        |_: &_, body: String| body.replace("<Replacement>False</Replacement>", "<Replacement>True</Replacement>");
    Proxy::editing(&endpoint(), Box::new(editor))
}

/// Creates an account with both stacks, and a folder with a change in the first one.
fn with_a_change() -> (Account, TempDir) {
    let (account, two) = (account(), two_stacks());
    account.with("deploy", two.path(), &["--yes"]).done();
    (account, folder(&[("first", &FIRST.replace("DisplayName: one", "DisplayName: more")), ("second", SECOND)]))
}

/// Returns the digest in the hint.
fn new_digest(refused: &Ran) -> String {
    let (_, rest) = refused.stderr.split_once("--expect ").expect("a digest");
    rest.split_whitespace().next().expect("a digest").to_owned()
}

#[test]
fn a_change_set_that_differs_from_the_plan_needs_its_own_digest() {
    let (account, after) = with_a_change();
    let before = account.state();
    let deploy = |arguments: &[&str], proxy: &Proxy| {
        account.run_by(&proxy.endpoint, &[&["deploy", "--folder", text(after.path())], arguments].concat())
    };
    let messages =
        ["CloudFormation would replace `Topic` (AWS::SNS::Topic)", "which the plan does not show", "--expect "];
    let plan = account.with("diff", after.path(), &["--json"]).json()["digest"].as_str().expect("a digest").to_owned();
    let mut digests = Vec::new();
    for arguments in [&["--yes"][..], &["--expect", &plan], &["--yes", "--expect", &plan]] {
        let proxy = replacing();
        digests.push(new_digest(&deploy(arguments, &proxy).refused(&messages)));
        assert_eq!(write_calls(&proxy.requests()), ["CreateChangeSet", "DeleteChangeSet"]);
        assert_eq!(account.state(), before);
    }
    assert!(digests.iter().all(|digest| *digest == digests[0] && digest.starts_with(&plan)), "{digests:?}");

    // `--json` prints the same digest.
    let refused = deploy(&["--yes", "--json"], &replacing()).refused(&messages);
    let output: Value = serde_json::from_str(&refused.stdout).expect("JSON");
    assert_eq!((&output["digest"], &output["applied"]), (&digests[0].as_str().into(), &false.into()));
    assert_eq!(account.state(), before);

    // The digest approves only this change set.
    let removing = Proxy::editing(
        &endpoint(),
        Box::new(|_: &_, body: String| body.replace("<Action>Modify</Action>", "<Action>Remove</Action>")),
    );
    let other = deploy(&["--expect", &digests[0]], &removing).refused(&["would remove `Topic`"]);
    assert_ne!(new_digest(&other), digests[0]);
    assert_eq!(account.state(), before);

    let proxy = replacing();
    deploy(&["--expect", &digests[0]], &proxy).done();
    assert_eq!(write_calls(&proxy.requests()), ["CreateChangeSet", "ExecuteChangeSet"]);
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_COMPLETE"));
}

/// Runs a command in a terminal (`script`), and types the answers.
fn on_a_terminal(command: &Command, answers: &str) -> (String, Option<i32>) {
    let line: Vec<_> = [command.get_program()].into_iter().chain(command.get_args()).collect();
    let line = line.iter().map(|word| word.to_str().expect("text")).collect::<Vec<_>>().join(" ");
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear();
    terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut terminal =
        terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("script starts");
    // Open until the command exits.
    let mut keyboard = terminal.stdin.take().expect("a pipe");
    keyboard.write_all(answers.as_bytes()).expect("typed");
    let output = terminal.wait_with_output().expect("it exits");
    // The terminal may wrap lines.
    let text = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    (text, output.status.code())
}

#[test]
fn on_a_terminal_a_change_set_that_differs_from_the_plan_is_confirmed() {
    for (answers, code, status) in [("y\nn\n", 1, "CREATE_COMPLETE"), ("y\ny\n", 0, "UPDATE_COMPLETE")] {
        let (account, after) = with_a_change();
        let proxy = replacing();
        let deploy = account.by(&proxy.endpoint, &["deploy", "--folder", text(after.path())]);
        let (output, found) = on_a_terminal(&deploy, answers);
        assert_eq!(found, Some(code), "{output}");
        assert!(output.contains("which the plan does not show. Apply it?"), "{output}");
        assert_eq!(output.contains("to approve these changes"), code == 1, "{output}");
        assert_eq!(account.status("first").as_deref(), Some(status), "{output}");
    }
}

#[test]
fn a_new_stack_without_approval_is_deleted() {
    let (account, two) = (account(), two_stacks());
    let editor = |_: &_, body: String| body.replace("<Action>Add</Action>", "<Action>Remove</Action>");
    let proxy = Proxy::editing(&endpoint(), Box::new(editor));
    let refused = account.run_by(&proxy.endpoint, &["deploy", "--yes", "--folder", text(two.path())]);
    refused.refused(&["would remove `Topic`", "these stacks were not changed"]);
    assert_eq!(write_calls(&proxy.requests()), ["CreateChangeSet", "DeleteStack"]);
    assert!(account.state().is_empty());
}
