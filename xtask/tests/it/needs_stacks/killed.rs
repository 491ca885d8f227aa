//! Commands that are killed at a call, and then run again.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{FIRST, SECOND, account, deployed, endpoint, folder, recording, text, two_stacks, with_images};
use crate::support::account::{Account, texts};
use crate::support::proxy::{Fate, Proxy, Recorded};

/// Returns the contents of an account, inside and outside stacks, without the account number.
#[derive(Debug, PartialEq)]
struct Contents {
    stacks: BTreeMap<String, Value>,
    topics: Vec<String>,
    log_groups: Vec<String>,
}

fn contents(account: &Account) -> Contents {
    let plain = |text: &str| text.replace(&account.number, "ACCOUNT");
    let stacks = serde_json::from_str(&plain(&json!(account.state()).to_string())).expect("JSON");
    let topics = texts(&account.call("sns", "ListTopics", &[]), "TopicArn");
    let groups = account.call_json("logs", "Logs_20140328.DescribeLogGroups", &json!({}));
    let groups = groups["logGroups"].as_array().expect("groups").iter();
    let log_groups = groups.filter_map(|group| Some(plain(group["logGroupName"].as_str()?))).collect();
    Contents { stacks, topics: topics.iter().map(|topic| plain(topic)).collect(), log_groups }
}

/// A command that is killed at one call; `fate` decides what happens to that call.
struct Killed {
    proxy: Proxy,
    child: Child,
}

impl Killed {
    fn start(account: &Account, arguments: &[&str], last: usize, fate: Fate) -> Self {
        let decide = move |_: &Recorded, index| match index {
            index if index < last => Fate::Pass,
            index if index == last => fate,
            _ => Fate::Lost,
        };
        let proxy = Proxy::start(&endpoint(), Box::new(decide));
        let mut command = account.by(&proxy.endpoint, arguments);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask starts");
        Self { proxy, child }
    }

    /// Kills the command at the call and returns the call; returns none if the command exits before it.
    fn kill(mut self, last: usize, fate: Fate) -> Option<Recorded> {
        let started = Instant::now();
        loop {
            let request = self.proxy.requests().get(last).cloned();
            if let Some(request) = request.filter(|request| fate == Fate::Lost || request.status.is_some()) {
                self.child.kill().expect("it runs");
                self.child.wait().expect("it exits");
                return Some(request);
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                assert!(status.success(), "it failed before it was killed: {:?}", self.proxy.requests().last());
                return None;
            }
            assert!(started.elapsed() < Duration::from_secs(180), "no call {last}: {:?}", self.proxy.requests());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Kills the command at each call in turn, in a new account each time; the second run always has the same result.
fn kill_at_each_call(prepare: impl Fn(&Account), arguments: &[&str], calls: &[&str]) {
    let reference = account();
    prepare(&reference);
    reference.run(arguments).done();
    let expected = contents(&reference);
    let mut calls_seen = Vec::new();
    for last in 0.. {
        let mut exited = false;
        for fate in [Fate::Lost, Fate::NoResponse] {
            let account = account();
            prepare(&account);
            let Some(request) = Killed::start(&account, arguments, last, fate).kill(last, fate) else {
                exited = true;
                break;
            };
            calls_seen.push(request.call());
            let again = account.run(arguments).done();
            assert_eq!(contents(&account), expected, "{fate:?} {last} {}: {}", request.call(), again.stderr);
            // Whether a read arrives makes no difference.
            if request.reads() {
                break;
            }
        }
        if exited {
            break;
        }
    }
    for call in calls {
        assert!(
            calls_seen.iter().filter(|other| other == call).count() >= 4,
            "{call} for both stacks, with both fates: {calls_seen:?}"
        );
    }
}

fn deploy(folder: &Path) -> Vec<&str> {
    vec!["deploy", "--yes", "--folder", text(folder)]
}

const WRITES: [&str; 2] = ["CreateChangeSet", "ExecuteChangeSet"];

#[test]
fn a_deployment_of_two_stacks_is_killed_at_each_call() {
    kill_at_each_call(|_| {}, &deploy(two_stacks().path()), &WRITES);
}

#[test]
fn an_update_of_two_stacks_is_killed_at_each_call() {
    let before = two_stacks();
    let first = FIRST.replace("DisplayName: one", "DisplayName: two");
    let after = folder(&[("first", &first), ("second", &SECOND.replace("Days: 7", "Days: 14"))]);
    let prepare = |account: &Account| {
        account.run(&deploy(before.path())).done();
    };
    kill_at_each_call(prepare, &deploy(after.path()), &WRITES);
}

#[test]
fn a_deletion_of_two_stacks_is_killed_at_each_call() {
    let two = two_stacks();
    let prepare = |account: &Account| {
        account.run(&deploy(two.path())).done();
    };
    let arguments = ["destroy", "--yes", "--folder", text(two.path())];
    kill_at_each_call(prepare, &arguments, &["DeleteStack"]);
}

/// Pseudo-random numbers, the same for the same seed (Knuth's MMIX generator).
fn seeded(seed: u64) -> impl Iterator<Item = u64> {
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(*state >> 33)
    };
    (0..).scan(seed, move |state, _: u64| step(state))
}

/// Returns the contents of an account without generated names: the status, change sets, outputs and resource types of
/// each stack, and the buckets.
fn kinds(account: &Account) -> Value {
    let entry = |(stack, state): (String, Value)| {
        let resources = state["resources"].as_object().expect("resources");
        let kinds: BTreeMap<&String, &Value> = resources.iter().map(|(name, of)| (name, &of[0])).collect();
        let outputs: Vec<&String> = state["outputs"].as_object().expect("outputs").keys().collect();
        let output = json!({"status": state["status"], "open": state["open"], "kinds": kinds, "outputs": outputs});
        (stack, output)
    };
    let stacks: BTreeMap<String, Value> = account.state().into_iter().map(entry).collect();
    let buckets: Vec<String> =
        account.buckets().iter().map(|bucket| bucket.replace(&account.number, "ACCOUNT")).collect();
    json!({"stacks": stacks, "buckets": buckets})
}

/// Kills the command at some calls; the second run always has the same result.
fn kill_at_calls(seed: u64, count: usize, prepare: impl Fn() -> Account, arguments: &[&str]) {
    let (reference, proxy) = (prepare(), recording());
    reference.run_by(&proxy.endpoint, arguments).done();
    let (expected, calls) = (kinds(&reference), proxy.requests().len());
    assert!(calls > 20, "{calls} calls, {expected}");
    for number in seeded(seed).take(count) {
        let last = usize::try_from(number).expect("31 bits") % calls;
        let fate = if (number / 65_536) % 2 == 0 { Fate::Lost } else { Fate::NoResponse };
        let account = prepare();
        let request = Killed::start(&account, arguments, last, fate).kill(last, fate);
        let again = account.run(arguments).done();
        let call = request.map(|request| request.call());
        assert_eq!(kinds(&account), expected, "{fate:?} {last} of {calls}, {call:?}: {}", again.stderr);
    }
}

#[test]
fn a_full_deployment_is_killed_at_ten_calls() {
    kill_at_calls(1, 10, with_images, &["deploy", "--yes"]);
}

#[test]
fn a_full_deployment_is_killed_at_ten_other_calls() {
    kill_at_calls(2, 10, with_images, &["deploy", "--yes"]);
}

#[test]
fn a_full_deletion_with_the_data_is_killed_at_ten_calls() {
    let arguments = ["destroy", "--yes", "--delete-data"];
    kill_at_calls(3, 10, deployed, &arguments);
}

#[test]
fn a_stack_that_adopts_retained_resources_is_killed_at_fifteen_calls() {
    let storage = ["--stack", "storage", "--yes"];
    let prepare = || {
        let account = account();
        account.run(&[&["deploy"], &storage[..]].concat()).done();
        account.run(&[&["destroy"], &storage[..]].concat()).done();
        account
    };
    kill_at_calls(4, 15, prepare, &[&["deploy"], &storage[..]].concat());
}
