//! Deployments that die at a call, and the same command again.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{FIRST, SECOND, account, deployed, endpoint, folder, two};
use crate::support::account::{Account, texts};
use crate::support::proxy::{Fate, Proxy, Recorded};

/// What is in an account, in stacks and out of them, without its number.
#[derive(Debug, PartialEq)]
struct Everything {
    stacks: BTreeMap<String, Value>,
    topics: Vec<String>,
    log_groups: Vec<String>,
}

fn everything(account: &Account) -> Everything {
    let plain = |text: &str| text.replace(&account.number, "ACCOUNT");
    let stacks = serde_json::from_str(&plain(&json!(account.state()).to_string())).expect("JSON");
    let topics = texts(&account.call("sns", "ListTopics", &[]), "TopicArn");
    let groups = account.call_json("logs", "Logs_20140328.DescribeLogGroups", &json!({}));
    let groups = groups["logGroups"].as_array().expect("groups").iter();
    let log_groups = groups.filter_map(|group| Some(plain(group["logGroupName"].as_str()?))).collect();
    Everything { stacks, topics: topics.iter().map(|topic| plain(topic)).collect(), log_groups }
}

/// A command that meets its fate at one call, and is killed there.
struct Killed {
    proxy: Proxy,
    child: Child,
}

impl Killed {
    fn begin(account: &Account, arguments: &[&str], last: usize, fate: Fate) -> Self {
        let judge = move |_: &Recorded, index| match index {
            index if index < last => Fate::Pass,
            index if index == last => fate,
            _ => Fate::Lost,
        };
        let proxy = Proxy::start(&endpoint(), Box::new(judge));
        let mut command = account.by(&proxy.endpoint, arguments);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask starts");
        Self { proxy, child }
    }

    /// Kills it once the call has come; the call, or none where it ended before.
    fn end(mut self, last: usize, fate: Fate) -> Option<Recorded> {
        let began = Instant::now();
        loop {
            let asked = self.proxy.requests().get(last).cloned();
            if let Some(asked) = asked.filter(|asked| fate == Fate::Lost || asked.status.is_some()) {
                self.child.kill().expect("it runs");
                self.child.wait().expect("it ended");
                return Some(asked);
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                assert!(status.success(), "it failed by itself: {:?}", self.proxy.requests().last());
                return None;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "call {last} never came: {:?}", self.proxy.requests());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Dies at each call in turn, in an account of its own each time; the same command again always comes to the same end.
fn dies(prepare: impl Fn(&Account), arguments: &[&str], calls: &[&str]) {
    let whole = account();
    prepare(&whole);
    whole.run(arguments).done();
    let wanted = everything(&whole);
    let mut met = Vec::new();
    for last in 0.. {
        let mut over = false;
        for fate in [Fate::Lost, Fate::NoResponse] {
            let account = account();
            prepare(&account);
            let Some(asked) = Killed::begin(&account, arguments, last, fate).end(last, fate) else {
                over = true;
                break;
            };
            met.push(asked.call());
            let again = account.run(arguments).done();
            assert_eq!(everything(&account), wanted, "{fate:?} {last} {}: {}", asked.call(), again.stderr);
            // What changes nothing leaves the same, whether it arrived or not.
            if asked.reads() {
                break;
            }
        }
        if over {
            break;
        }
    }
    for call in calls {
        assert!(met.iter().filter(|other| other == call).count() >= 4, "{call} in both stacks, twice: {met:?}");
    }
}

fn on(folder: &Path) -> Vec<&str> {
    vec!["deploy", "--yes", "--folder", folder.to_str().expect("text")]
}

const MAKING: [&str; 2] = ["CreateChangeSet", "ExecuteChangeSet"];

#[test]
fn a_deployment_of_two_stacks_dies_at_each_call() {
    dies(|_| {}, &on(two().path()), &MAKING);
}

#[test]
fn a_change_of_two_stacks_dies_at_each_call() {
    let before = two();
    let first = FIRST.replace("DisplayName: one", "DisplayName: two");
    let after = folder(&[("first", &first), ("second", &SECOND.replace("Days: 7", "Days: 14"))]);
    let prepare = |account: &Account| {
        account.run(&on(before.path())).done();
    };
    dies(prepare, &on(after.path()), &MAKING);
}

#[test]
fn the_end_of_two_stacks_dies_at_each_call() {
    let two = two();
    let prepare = |account: &Account| {
        account.run(&on(two.path())).done();
    };
    let arguments = ["destroy", "--yes", "--folder", two.path().to_str().expect("text")];
    dies(prepare, &arguments, &["DeleteStack"]);
}

/// Numbers that look like chance, the same each time (Knuth's MMIX generator).
fn seeded(seed: u64) -> impl Iterator<Item = u64> {
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(*state >> 33)
    };
    (0..).scan(seed, move |state, _: u64| step(state))
}

/// What is in an account without what AWS names by chance: of each stack status, change sets, and the kinds of its resources;
/// and the buckets.
fn kinds(account: &Account) -> Value {
    let kinds = |(stack, state): (String, Value)| {
        let resources = state["resources"].as_object().expect("resources");
        let kinds: BTreeMap<&String, &Value> = resources.iter().map(|(name, of)| (name, &of[0])).collect();
        let outputs: Vec<&String> = state["outputs"].as_object().expect("outputs").keys().collect();
        let output = json!({"status": state["status"], "open": state["open"], "kinds": kinds, "outputs": outputs});
        (stack, output)
    };
    let stacks: BTreeMap<String, Value> = account.state().into_iter().map(kinds).collect();
    let buckets: Vec<String> =
        account.buckets().iter().map(|bucket| bucket.replace(&account.number, "ACCOUNT")).collect();
    json!({"stacks": stacks, "buckets": buckets})
}

/// Dies at some calls; the same command again comes to the same end.
fn dies_at(seed: u64, count: usize, prepare: impl Fn() -> Account, arguments: &[&str]) {
    let (whole, listening) = (prepare(), super::listening());
    whole.run_by(&listening.endpoint, arguments).done();
    let (wanted, calls) = (kinds(&whole), listening.requests().len());
    assert!(calls > 20, "{calls} calls, {wanted}");
    for number in seeded(seed).take(count) {
        let last = usize::try_from(number).expect("31 bits") % calls;
        let fate = if (number / 65_536) % 2 == 0 { Fate::Lost } else { Fate::NoResponse };
        let account = prepare();
        let asked = Killed::begin(&account, arguments, last, fate).end(last, fate);
        let again = account.run(arguments).done();
        let call = asked.map(|asked| asked.call());
        assert_eq!(kinds(&account), wanted, "{fate:?} {last} of {calls}, {call:?}: {}", again.stderr);
    }
}

/// The first part of a deployment, so that there are images: no Docker engine is asked for them.
fn begun() -> Account {
    let account = account();
    account.run(&["deploy", "--stack", "registry", "--stack", "storage", "--yes"]).done();
    account.push_images();
    account
}

#[test]
fn a_whole_deployment_dies_at_ten_calls() {
    dies_at(1, 10, begun, &["deploy", "--yes"]);
}

#[test]
fn a_whole_deployment_dies_at_ten_other_calls() {
    dies_at(2, 10, begun, &["deploy", "--yes"]);
}

#[test]
fn the_end_of_a_whole_deployment_with_its_data_dies_at_ten_calls() {
    let wanted = ["destroy", "--yes", "--delete-data"];
    dies_at(3, 10, deployed, &wanted);
}

#[test]
fn a_stack_that_takes_up_what_stayed_dies_at_fifteen_calls() {
    let storage = ["--stack", "storage", "--yes"];
    let prepare = || {
        let account = account();
        account.run(&[&["deploy"], &storage[..]].concat()).done();
        account.run(&[&["destroy"], &storage[..]].concat()).done();
        account
    };
    dies_at(4, 15, prepare, &[&["deploy"], &storage[..]].concat());
}
