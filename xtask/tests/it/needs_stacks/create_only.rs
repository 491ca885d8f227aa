//! `deploy --create-only`: what a workflow does before a plan is approved.

use serde_json::json;

use super::{FIRST, SECOND, account, changing, folder, listening};

#[test]
fn a_missing_stack_is_created_and_a_changed_one_stays_as_it_is_until_the_whole_plan_is_applied() {
    let account = account();
    account.with("deploy", folder(&[("first", FIRST)]).path(), &["--yes"]).done();
    let before = account.state();
    let changed = FIRST.replace("DisplayName: one", "DisplayName: two");
    let both = folder(&[("first", &changed), ("second", SECOND)]);
    let text = both.path().to_str().expect("text");

    let proxy = listening();
    let ran = account.run_by(&proxy.endpoint, &["deploy", "--create-only", "--yes", "--folder", text]).done();
    assert!(ran.stdout.contains("DataPlatform-first   exists, not part of this plan\n"), "{}", ran.stdout);
    let asked = proxy.requests();
    assert_eq!(changing(&asked), ["CreateChangeSet", "ExecuteChangeSet"]);
    let created = asked.iter().find(|asked| !asked.reads()).expect("a change set");
    assert!(String::from_utf8_lossy(&created.body).contains("StackName=DataPlatform-second"));
    let after = account.state();
    assert_eq!((&after["first"], &after["second"]["status"]), (&before["first"], &json!("CREATE_COMPLETE")));
    let topic = &before["first"]["outputs"]["FirstTopic"];
    assert_eq!(&after["second"]["parameters"]["FirstTopic"], topic, "it takes what the other one gives");

    // Once more there is nothing to create, and nothing is changed.
    let proxy = listening();
    let output =
        account.run_by(&proxy.endpoint, &["deploy", "--create-only", "--yes", "--json", "--folder", text]).json();
    assert_eq!(changing(&proxy.requests()), Vec::<String>::new());
    let names = json!(["DataPlatform-first", "DataPlatform-second"]);
    assert_eq!((&output["applied"], &output["plan"]["left_alone"]), (&json!(false), &names));
    assert_eq!(account.state(), after);

    // The plan that is approved has the change.
    let plan = account.with("diff", both.path(), &["--json"]).json()["plan"].clone();
    let actions = plan["stacks"].as_array().expect("stacks").iter().map(|stack| stack["action"].clone());
    assert_eq!(actions.collect::<Vec<_>>(), [json!("update"), json!("keep")]);
    account.with("deploy", both.path(), &["--yes"]).done();
    assert_eq!(account.state()["first"]["status"], "UPDATE_COMPLETE");
}
