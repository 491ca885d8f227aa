//! `preflight --change-sets`, which changes nothing.

use serde_json::Value;

use super::account;

#[test]
fn change_sets_are_deleted_with_the_stacks_that_they_created() {
    let account = account();
    // MiniStack's simulations know no conditions, so the lines of roles are not checked here.
    let lines = |account: &crate::support::account::Account| -> Vec<Value> {
        let ran = account.run(&["preflight", "--change-sets", "--json"]);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("no JSON: {}", ran.stderr))
    };
    let light = |lines: &[Value], check: &str| {
        let line = lines.iter().find(|line| line["check"] == check);
        line.unwrap_or_else(|| panic!("no line `{check}`: {lines:#?}"))["light"].clone()
    };
    let found = lines(&account);
    for stack in ["registry", "storage"] {
        assert_eq!(light(&found, &format!("DataPlatform-{stack}, change set")), "green", "{found:#?}");
    }
    assert_eq!(light(&found, "DataPlatform-network, change set"), "not_verifiable_here");
    assert_eq!(light(&found, "AWSServiceRoleForBatch"), "green");
    assert_eq!(light(&found, "policies"), "not_verifiable_here");
    assert!(account.state().is_empty(), "no stack is left");

    // An existing stack keeps its state, and has no change set.
    account.run(&["deploy", "--stack", "registry", "--yes"]).done();
    let before = account.state();
    assert_eq!(light(&lines(&account), "DataPlatform-registry, change set"), "green");
    assert_eq!(account.state(), before);
}
