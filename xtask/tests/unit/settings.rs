//! Tests values that the rules accept and reject, each replacing a value in `dev`.

use super::*;

/// Returns the problems of `dev` with one changed value.
fn problems(key: &str, value: &str) -> Vec<(String, String)> {
    let nested = key.split('.').rev().fold(value.to_owned(), |inner, step| format!("{{{step}: {inner}}}"));
    let text = format!("extends: dev\n{}\n", &nested[1..nested.len() - 1]);
    let own = Document { file: "own.yaml", text: &text };
    let base = Document { file: "dev.yaml", text: include_str!("../../../infra/settings/dev.yaml") };
    match resolve("settings", own, Some(base), &Variables::new()) {
        Ok(_) => Vec::new(),
        Err(found) => found.list.into_iter().map(|problem| (problem.key, problem.fix)).collect(),
    }
}

#[test]
fn values_of_aws_are_accepted() {
    for (key, values) in [
        ("airflow.maintenance", &["MON:00:00", "SUN:23:30"][..]),
        ("airflow.version", &["3.10.6"]),
        ("monitoring.email", &["a@b.cd", "data.team+alarms@example.co.uk"]),
        (
            "monitoring.webhook",
            &["https://a.cd", "https://events.example.co.uk:8443/x-1/_y?key=%2F", "https://a.cd?key=1"],
        ),
        ("monitoring.slack", &["{workspace: T0123ABCD, channel: C0123ABCD}", "{workspace: T1, channel: G1}"]),
        ("monitoring.log_days", &["14"]),
        ("network.cidr", &["10.0.0.0/16"]),
        ("region", &["eu-west-1", "us-gov-east-1", "ap-southeast-2", "mx-central-1"]),
        (
            "dags.schedule",
            &["0 5 * * *", "*/15 0-6,18 1,15 jan-jun MON-fri", "@daily", "59 23 31 12 7", "0 */6 * * 1-5/2"],
        ),
    ] {
        for value in values {
            let quoted = if key.ends_with("days") || value.starts_with('{') {
                (*value).to_owned()
            } else {
                format!("{value:?}")
            };
            assert_eq!(problems(key, &quoted), [], "{key} {value}");
        }
    }
    for (vcpu, memory) in [(0.25, 512), (0.25, 2048), (0.5, 4096), (1.0, 2048), (2.0, 16_384), (4.0, 30_720)] {
        assert_eq!(problems("batch.dbt", &format!("{{vcpu: {vcpu}, memory_mib: {memory}}}")), [], "{vcpu} {memory}");
    }
}

#[test]
fn other_values_are_refused() {
    for (key, values, fix) in [
        (
            "airflow.maintenance",
            &["", "Sun:03:30", "SUN:3:30", "SUN:24:00", "SUN:03:15", "SUN:+3:30", "SUN"][..],
            "SUN:03:30",
        ),
        ("airflow.version", &["", "3", "3.0", "3.0.6.1", "3.0.x", "3.0.+6", "3.0.06", "v3.0.6"], "use 3.0.6"),
        (
            "monitoring.email",
            &["", "a", "@b.cd", "a@b", "a@b..cd", "a b@c.de", "a@b@c.de", "<a@b.cd>"],
            "is not an email address",
        ),
        (
            "monitoring.webhook",
            &[
                "",
                "a.cd",
                "http://a.cd",
                "https://",
                "https://localhost/x",
                "https://me@a.cd",
                "https://a.cd/x y",
                "https://a.cd/@x",
                "https://a.cd:x/",
                "ftp://a.cd",
            ],
            "is not an https URL",
        ),
        (
            "region",
            &["", "eu-west", "eu_west_1", "europe-west-1", "eu-west-1a", "EU-WEST-1", "-"],
            "is not an AWS region",
        ),
        ("network.cidr", &["", "10.0.0.0", "10.0.0/16", "::/64", "300.0.0.0/16"], "is not an IPv4 block"),
        ("network.cidr", &["10.0.0.0/15", "10.0.0.0/29"], "from /16 (large) to /28"),
        ("network.cidr", &["10.0.0.1/16"], "use 10.0.0.0/16"),
        ("dags.schedule", &[""], "has 0 fields"),
        ("dags.schedule", &["0 5 * *"], "has 4 fields"),
        ("dags.schedule", &["0 0 5 * * *"], "has 6 fields"),
        ("dags.schedule", &["60 5 * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "-1 * * * *"], "the minute `"),
        ("dags.schedule", &["0 24 * * *"], "the hour `24`"),
        ("dags.schedule", &["0 0 0 * *"], "the day of the month `0`"),
        ("dags.schedule", &["0 0 * 13 *"], "the month `13`"),
        ("dags.schedule", &["0 0 * * 8"], "the day of the week `8`"),
        ("dags.schedule", &["@always"], "must be one of the presets"),
    ] {
        for value in values {
            let found = problems(key, &format!("{value:?}"));
            assert!(found.iter().any(|found| found.0 == key && found.1.contains(fix)), "{key} {value}: {found:?}");
        }
    }
    for (key, value, fix) in [
        ("monitoring.slack", "{workspace: data-team, channel: C1}", "is not the ID of a Slack workspace"),
        ("monitoring.slack", "{workspace: C1, channel: C1}", "is not the ID of a Slack workspace"),
        ("monitoring.slack", "{workspace: T1, channel: '#alarms'}", "is not the ID of a Slack channel"),
        ("monitoring.slack", "{workspace: T1, channel: T1}", "is not the ID of a Slack channel"),
        ("monitoring.log_days", "45", "use 30 or 60"),
        ("monitoring.log_days", "0", "use 1"),
        ("monitoring.log_days", "9999", "use 3653"),
        ("batch.dbt.vcpu", "0.3", "0.25, 0.5, 1, 2, 4, 8 and 16"),
        ("batch.dbt.vcpu", "32", "0.25, 0.5, 1, 2, 4, 8 and 16"),
        ("batch.dbt.vcpu", ".nan", "0.25, 0.5, 1, 2, 4, 8 and 16"),
        ("batch.dbt", "{vcpu: 0.25, memory_mib: 1536}", "with 0.25 vCPU, Fargate supports 512, 1024 or 2048 MiB"),
        ("batch.dbt", "{vcpu: 4, memory_mib: 7168}", "Fargate supports 8192 to 30720 in steps of 1024 MiB"),
        ("batch.dbt", "{vcpu: 8, memory_mib: 17408}", "Fargate supports 16384 to 61440 in steps of 4096 MiB"),
        ("batch.dbt", "{vcpu: 16, memory_mib: 30720}", "Fargate supports 32768 to 122880 in steps of 8192 MiB"),
    ] {
        let found = problems(key, value);
        assert!(
            found.iter().any(|found| found.0.starts_with(key) && found.1.contains(fix)),
            "{key} {value}: {found:?}"
        );
    }
}

#[test]
fn slack_needs_a_partition_with_chat_applications() {
    let base = Document { file: "dev.yaml", text: include_str!("../../../infra/settings/dev.yaml") };
    for (region, problems) in [("eu-west-1", 0), ("us-gov-west-1", 1), ("cn-north-1", 1)] {
        let text = format!("extends: dev\nregion: {region}\nmonitoring: {{slack: {{workspace: T1, channel: C1}}}}\n");
        let resolved = resolve("settings", Document { file: "own.yaml", text: &text }, Some(base), &Variables::new());
        let found: Vec<Problem> = resolved.err().into_iter().flat_map(|found| found.list).collect();
        let about = |problem: &&Problem| problem.key == "monitoring.slack" && problem.fix.contains("does not exist in");
        assert_eq!(found.iter().filter(about).count(), problems, "{region}: {found:?}");
    }
}

#[test]
fn a_refused_webhook_is_not_shown_because_it_may_contain_a_secret() {
    let variable = Variable { value: "https://canary@host.tld".to_owned(), origin: Origin::Environment };
    let own = Document { file: "dev.yaml", text: include_str!("../../../infra/settings/dev.yaml") };
    let variables = Variables::from([("ALARM_WEBHOOK".to_owned(), variable)]);
    let found = resolve("dev", own, None, &variables).expect_err("refused");
    assert!(found.to_string().contains("monitoring.webhook") && !found.to_string().contains("canary"), "{found}");
}
