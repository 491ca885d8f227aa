//! The lifecycle of a deployment: create, run again, update, delete.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{account, deployed, infra_with, recording, write_calls};
use crate::support::account::Account;

const STACKS: [&str; 7] = ["compute", "monitoring", "network", "orchestration", "registry", "storage", "warehouse"];
/// The buckets, without the account suffix.
const BUCKETS: [&str; 3] = ["dpstack-access-logs", "dpstack-airflow", "dpstack-dlake"];
/// The time limit for a deployment without changes: far more than it needs, even on a busy machine.
const IDLE: Duration = Duration::from_secs(10);

fn statuses(account: &Account) -> BTreeMap<String, Value> {
    account.state().into_iter().map(|(stack, state)| (stack, state["status"].clone())).collect()
}

fn all(status: &str) -> BTreeMap<String, Value> {
    STACKS.into_iter().map(|stack| (stack.to_owned(), json!(status))).collect()
}

fn buckets(account: &Account) -> Vec<String> {
    BUCKETS.into_iter().map(|bucket| format!("{bucket}-t{}", account.number)).collect()
}

/// Returns the keys in the Airflow bucket, from the files in `dags/`.
fn dags() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dags");
    let mut keys = ["requirements.txt".to_owned(), "dags/platform.json".to_owned()].to_vec();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                keys.push(format!("dags/{}", path.strip_prefix(&root).expect("a path below").display()));
            }
        }
    }
    keys
}

#[test]
fn a_first_deployment_creates_all_stacks() {
    let account = account();
    let first = ["deploy", "--stack", "registry", "--stack", "storage", "--yes", "--json"];
    let output = account.run(&first).json();
    assert_eq!(output["applied"], true);
    assert_eq!(statuses(&account).len(), 2);
    account.push_images();
    let output = account.run(&["deploy", "--yes", "--json"]).json();

    let state = account.state();
    assert_eq!(statuses(&account), all("CREATE_COMPLETE"));
    assert!(state.values().all(|stack| stack["open"] == json!([])), "{state:?}");
    // Every output is reported, and every dependency has its value.
    let values = state.values().flat_map(|stack| stack["outputs"].as_object().expect("outputs").clone());
    let outputs: BTreeMap<String, Value> = values.collect();
    assert_eq!(output["done"]["outputs"], json!(outputs));
    let dependencies = account.run(&["templates", "--json"]).json()["parameters"].clone();
    let mut count = 0;
    for (stack, parameters) in dependencies.as_object().expect("stacks") {
        for (parameter, source) in parameters.as_object().expect("parameters") {
            let source = source.as_str().expect("a source");
            let expected = match source.split_once(':') {
                Some(("output", _)) => outputs[parameter].clone(),
                Some(("image", image)) => output["done"]["images"][image].clone(),
                Some(("object", _)) => output["done"]["requirements_version"].clone(),
                _ => continue,
            };
            assert_eq!(state[stack]["parameters"][parameter], expected, "{stack}.{parameter} is {source}");
            count += 1;
        }
    }
    assert!(count > 20, "{count} dependencies");
    let images = &output["done"]["images"];
    assert_ne!(images["ingestion-image"], images["dbt-image"]);

    assert_eq!(account.buckets(), buckets(&account));
    let keys = account.keys(&buckets(&account)[1]);
    let missing: Vec<String> = dags().into_iter().filter(|key| !keys.contains(key)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {keys:?}");
}

#[test]
fn a_deployment_without_changes_only_reads() {
    let account = deployed();
    let (one, two) = (account.run(&["diff", "--json"]).json(), account.run(&["diff", "--json"]).json());
    assert_eq!((&one["idle"], &one), (&json!(true), &two));

    let (proxy, started) = (recording(), Instant::now());
    let output = account.run_by(&proxy.endpoint, &["deploy", "--yes", "--json"]).json();
    let duration = started.elapsed();
    assert_eq!((&output["applied"], &output["done"], &output["digest"]), (&json!(false), &Value::Null, &one["digest"]));
    let requests = proxy.requests();
    assert_eq!(write_calls(&requests), Vec::<String>::new());
    assert!(duration < IDLE, "{duration:?} with {} calls", requests.len());
    println!("no change: {duration:?}, {} calls", requests.len());
}

#[test]
fn status_is_green_and_lists_the_parts_that_an_emulator_cannot_verify() {
    let account = deployed();
    let output = account.run(&["status", "--json"]).json();
    let lights = |light: &str| -> Vec<&str> {
        let list = output.as_array().expect("lines").iter().filter(|line| line["light"] == light);
        list.filter_map(|line| line["check"].as_str()).collect()
    };
    assert_eq!(lights("red"), Vec::<&str>::new(), "{output}");
    assert_eq!(lights("not_verifiable_here"), ["Airflow", "warehouse", "usage limit", "last loads"]);
    assert_eq!(lights("green").len(), 18, "{output}");

    // A stack deleted by hand is red, and the exit code is 1.
    account.call("cloudformation", "DeleteStack", &[("StackName", "DataPlatform-monitoring")]);
    let output = account.run(&["status"]);
    assert_eq!(output.code, Some(1));
    assert!(
        output.stdout.contains("DataPlatform-monitoring") && output.stdout.contains("does not exist"),
        "{output:?}"
    );
}

#[test]
fn an_update_in_place_changes_only_its_stack() {
    let account = deployed();
    let before = account.state();
    let folder = infra_with("compute", "RetentionInDays: !Ref LogDays", "RetentionInDays: 30");
    let plan = account.with("diff", folder.path(), &["--json"]).json()["plan"].clone();
    let stacks = plan["stacks"].as_array().expect("stacks").iter();
    let changes: Vec<&Value> = stacks.flat_map(|stack| stack["changes"].as_array().expect("changes")).collect();
    let detail = json!([{"path": "Properties/RetentionInDays", "before": "14", "after": "30"}]);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!((&changes[0]["details"], &changes[0]["replaces"]), (&detail, &json!("no")));

    account.with("deploy", folder.path(), &["--yes"]).done();
    let after = account.state();
    let is_changed = |stack: &&str| before[*stack] != after[*stack];
    assert_eq!(STACKS.iter().copied().filter(|stack| is_changed(stack)).collect::<Vec<_>>(), ["compute"]);
    assert_eq!(after["compute"]["status"], "UPDATE_COMPLETE");
    assert_eq!(after["compute"]["resources"], before["compute"]["resources"], "nothing was replaced");
    let groups = account.call_json("logs", "Logs_20140328.DescribeLogGroups", &json!({}));
    let groups = groups["logGroups"].as_array().expect("groups").iter();
    assert_eq!(groups.filter(|group| group["retentionInDays"] == 30).count(), 1);
    assert_eq!(account.with("diff", folder.path(), &["--json"]).json()["idle"], true);
}

/// Sets the encryption that the bucket's template defines, because MiniStack's CloudFormation does not.
fn set_encryption(account: &Account, bucket: &str, key: &str) {
    let key = format!("arn:aws:kms:eu-west-1:{}:key/{key}", account.number);
    let rule = format!("<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID>");
    let rule = format!("<ApplyServerSideEncryptionByDefault>{rule}</ApplyServerSideEncryptionByDefault>");
    let space = "http://s3.amazonaws.com/doc/2006-03-01/";
    let rules = format!(
        "<ServerSideEncryptionConfiguration xmlns=\"{space}\"><Rule>{rule}</Rule></ServerSideEncryptionConfiguration>"
    );
    let (head, answer) = account.call_rest("s3", "PUT", &format!("/{bucket}?encryption"), &rules);
    assert!(head.contains(" 200 "), "{answer}");
}

#[test]
fn destroy_retains_the_data_unless_delete_data_is_set() {
    let account = deployed();
    let lake = format!("/{}/raw/kept", buckets(&account)[2]);
    account.call_rest("s3", "PUT", &lake, "a");
    account.call_rest("s3", "PUT", &lake, "b");
    let before = account.state();
    let resources = &before["storage"]["resources"];
    for (bucket, key) in [("AirflowBucket", "AirflowKey"), ("LakeBucket", "LakeKey")] {
        set_encryption(
            &account,
            resources[bucket][1].as_str().expect("a name"),
            resources[key][1].as_str().expect("an ID"),
        );
    }
    let output = account.run(&["destroy", "--yes", "--json"]).json();
    let order: Vec<&Value> =
        output["plan"]["stacks"].as_array().expect("stacks").iter().map(|stack| &stack[0]).collect();
    let place = |name: &str| order.iter().position(|stack| **stack == json!(format!("DataPlatform-{name}")));
    assert!(order.len() == 7 && place("orchestration") < place("monitoring"), "{order:?}");
    assert!(place("compute") < place("warehouse") && place("warehouse") < place("network"), "{order:?}");
    assert!(place("network") < place("storage"), "{order:?}");
    assert!(account.state().is_empty());
    assert_eq!(account.buckets(), buckets(&account));
    assert_eq!(account.call_rest("s3", "GET", &lake, "").1, "b");

    // A new deployment adopts the buckets with their objects, and the keys that encrypt them.
    let stacks = ["--stack", "registry", "--stack", "storage"];
    let plan = account.run(&[&["diff", "--json"], &stacks[..]].concat()).json()["plan"]["stacks"][1].clone();
    let adopted: Vec<&String> = plan["adopts"].as_object().expect("resources").keys().collect();
    assert_eq!(adopted, ["AccessLogBucket", "AirflowBucket", "AirflowKey", "LakeBucket", "LakeKey"]);
    account.run(&[&["deploy", "--yes"], &stacks[..]].concat()).done();
    let state = account.state();
    assert_eq!(statuses(&account)["storage"], "UPDATE_COMPLETE");
    let same =
        |name: &str| assert_eq!(state["storage"]["resources"][name], before["storage"]["resources"][name], "{name}");
    adopted.iter().for_each(|name| same(name));
    assert_eq!(state["storage"]["outputs"]["LakeKeyArn"], before["storage"]["outputs"]["LakeKeyArn"]);
    assert_eq!(account.call_rest("s3", "GET", &lake, "").1, "b");
    assert_eq!(account.run(&[&["diff", "--json"], &stacks[..]].concat()).json()["plan"]["stacks"][1]["action"], "keep");
    account.run(&[&["destroy", "--yes"], &stacks[..]].concat()).done();

    // The stacks are deleted, their buckets are retained: destroy also deletes those.
    let output = account.run(&["destroy", "--yes", "--delete-data", "--json"]).json();
    assert_eq!(output["plan"]["buckets"].as_array().map(Vec::len), Some(3));
    assert_eq!(account.buckets(), Vec::<String>::new());
    let output = account.run(&["destroy", "--yes", "--delete-data", "--json"]).json();
    assert_eq!(
        (&output["applied"], &output["plan"]["stacks"], &output["plan"]["buckets"]),
        (&json!(false), &json!([]), &json!([]))
    );
}

#[test]
fn destroy_with_delete_data_has_no_leftovers_that_prevent_a_new_deployment() {
    let account = deployed();
    let lake = format!("/{}/raw/lost", buckets(&account)[2]);
    account.call_rest("s3", "PUT", &lake, "a");
    account.call_rest("s3", "PUT", &lake, "b");
    account.run(&["destroy", "--yes", "--delete-data"]).done();
    assert!(account.state().is_empty());
    assert_eq!(account.buckets(), Vec::<String>::new());
    // A leftover with a fixed name, such as the namespace, would make this deployment fail.
    account.run(&["deploy", "--stack", "registry", "--stack", "storage", "--yes"]).done();
    account.push_images();
    account.run(&["deploy", "--yes"]).done();
    assert_eq!(statuses(&account), all("CREATE_COMPLETE"));
}
