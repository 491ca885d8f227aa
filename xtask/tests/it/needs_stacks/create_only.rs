//! `deploy --create-only`, which a workflow runs before a plan is approved.

use serde_json::json;

use super::{FIRST, SECOND, account, folder, recording, text, write_calls};

#[test]
fn create_only_creates_missing_stacks_and_changes_no_existing_stack() {
    let account = account();
    account.with("deploy", folder(&[("first", FIRST)]).path(), &["--yes"]).done();
    let before = account.state();
    let changed = FIRST.replace("DisplayName: one", "DisplayName: two");
    let both = folder(&[("first", &changed), ("second", SECOND)]);
    let path = text(both.path());

    let proxy = recording();
    let ran = account.run_by(&proxy.endpoint, &["deploy", "--create-only", "--yes", "--folder", path]).done();
    assert!(ran.stdout.contains("DataPlatform-first   exists; not part of this plan\n"), "{}", ran.stdout);
    let requests = proxy.requests();
    assert_eq!(write_calls(&requests), ["CreateChangeSet", "ExecuteChangeSet"]);
    let created = requests.iter().find(|request| !request.reads()).expect("a change set");
    assert!(String::from_utf8_lossy(&created.body).contains("StackName=DataPlatform-second"));
    let after = account.state();
    assert_eq!((&after["first"], &after["second"]["status"]), (&before["first"], &json!("CREATE_COMPLETE")));
    let topic = &before["first"]["outputs"]["FirstTopic"];
    assert_eq!(&after["second"]["parameters"]["FirstTopic"], topic, "the parameter has the other stack's output");

    // A second run has nothing to create, and changes nothing.
    let proxy = recording();
    let output =
        account.run_by(&proxy.endpoint, &["deploy", "--create-only", "--yes", "--json", "--folder", path]).json();
    assert_eq!(write_calls(&proxy.requests()), Vec::<String>::new());
    let names = json!(["DataPlatform-first", "DataPlatform-second"]);
    assert_eq!((&output["applied"], &output["plan"]["left_alone"]), (&json!(false), &names));
    assert_eq!(account.state(), after);

    // The plan to approve contains the change.
    let plan = account.with("diff", both.path(), &["--json"]).json()["plan"].clone();
    let actions = plan["stacks"].as_array().expect("stacks").iter().map(|stack| stack["action"].clone());
    assert_eq!(actions.collect::<Vec<_>>(), [json!("update"), json!("keep")]);
    account.with("deploy", both.path(), &["--yes"]).done();
    assert_eq!(account.state()["first"]["status"], "UPDATE_COMPLETE");
}
