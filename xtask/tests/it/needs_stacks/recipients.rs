//! The recipients of alarms, in a copy of the repository: each is created, changed and deleted with its setting.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::account;
use crate::support::copy::copy_repository;

/// What `monitoring` creates without a recipient, apart from alarms and the budget.
const ALWAYS: [&str; 3] = ["AlarmKey", "AlarmTopic", "AlarmTopicPolicy"];

fn write(root: &Path, monitoring: &str) {
    let file = root.join("infra/settings/rehearse.yaml");
    let text = fs::read_to_string(&file).expect("the settings");
    let rest = text.split("\nmonitoring:").next().unwrap_or_default().trim_end();
    fs::write(file, format!("{rest}\n\nmonitoring: {monitoring}\n")).expect("written");
}

#[test]
fn a_webhook_and_a_slack_channel_follow_their_settings_and_no_plan_shows_the_url() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    copy_repository(root);
    let account = account().in_repository(root);
    let deploy = || account.run(&["deploy", "--stack", "monitoring", "--yes"]).done().stdout;
    let diff = || account.run(&["diff", "--stack", "monitoring"]).done().stdout;
    let resources = || account.state()["monitoring"]["resources"].as_object().expect("resources").clone();
    deploy();
    let plain = resources();
    assert!(ALWAYS.iter().all(|name| plain.contains_key(*name)), "{plain:?}");
    let optional =
        |name: &&String| name.starts_with("Chat") || name.contains("Slack") || name.ends_with("Subscription");
    assert_eq!(plain.keys().filter(optional).count(), 0, "{plain:?}");

    let slack = "slack: {workspace: T0123ABCD, channel: C0123ABCD}";
    write(root, &format!("{{webhook: 'https://localhost.tld/canary', {slack}}}"));
    let (planned, deployed) = (diff(), deploy());
    for (name, kind) in [
        ("ChatRole", "AWS::IAM::Role"),
        ("ChatTopic", "AWS::SNS::Topic"),
        ("ChatTopicPolicy", "AWS::SNS::TopicPolicy"),
        ("SlackChannelConfiguration", "AWS::Chatbot::SlackChannelConfiguration"),
        ("WebhookSubscription", "AWS::SNS::Subscription"),
    ] {
        assert!(planned.contains(&format!("+ {name}  {kind}")), "{planned}");
        assert!(resources().contains_key(name), "{name}");
    }
    let shown = [planned, deployed].concat();
    assert!(!shown.contains("canary"), "{shown}");
    // The rest is the same resources as before.
    let kept = |(name, resource): (&String, &Value)| resources()[name] == *resource;
    assert!(plain.iter().all(kept), "{plain:?}");
    assert!(diff().contains("Nothing to do"), "{}", diff());

    write(root, &format!("{{webhook: 'https://localhost.tld/canary-2', {slack}}}"));
    let before = resources();
    let planned = diff();
    assert!(planned.contains("! WebhookSubscription  AWS::SNS::Subscription  is replaced"), "{planned}");
    assert!(!planned.contains("canary"), "{planned}");
    deploy();
    let changed: Vec<String> =
        resources().into_iter().filter(|(name, to)| before[name] != *to).map(|(name, _)| name).collect();
    assert_eq!(changed, ["WebhookSubscription"]);

    write(root, "{}");
    deploy();
    assert_eq!(resources(), plain);
}
