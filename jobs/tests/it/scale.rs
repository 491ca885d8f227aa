//! One transformation uses its cores, and several of the same run, each with a group of the collections, are one load.

use std::fs;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::races::in_parallel;
use crate::replay::recorded;
use crate::stopping::receiving;
use crate::support::program::Program;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, stock};

const GROUPS: [&str; 3] = ["animals", "about,keepers", "tickets"];

/// Returns the transformation of each group.
fn split<'z>(zoo: &'z Zoo, groups: &'z [&str], run: &'z str) -> impl Iterator<Item = Program> + 'z {
    groups.iter().map(move |group| zoo.transformation(run).option("--collections", group))
}

/// Returns every way to put the names into groups.
fn partitions(names: &[&str]) -> Vec<Vec<String>> {
    let Some((first, rest)) = names.split_first() else { return vec![Vec::new()] };
    let with_first = |groups: Vec<String>| {
        let joined = (0..groups.len()).map(|at| {
            let mut groups = groups.clone();
            groups[at] = format!("{first},{}", groups[at]);
            groups
        });
        let joined: Vec<_> = joined.collect();
        joined.into_iter().chain([[vec![(*first).to_owned()], groups].concat()])
    };
    partitions(rest).into_iter().flat_map(with_first).collect()
}

/// Linux shows the threads of a process, and `taskset` restricts one to some cores.
#[cfg(target_os = "linux")]
#[test]
fn a_transformation_has_one_thread_that_computes_for_each_core_that_it_may_use() {
    let read = |path: &str| fs::read_to_string(path).expect("a file of this process");
    let allowed = read("/proc/thread-self/status");
    let allowed = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("the cores");
    let core = allowed.trim().split([',', '-']).next().expect("a core");
    // The program inherits what is set for this thread.
    let thread = fs::read_link("/proc/thread-self").expect("a thread");
    let thread = thread.file_name().and_then(|id| id.to_str()).expect("its ID");
    assert!(Command::new("taskset").args(["-cp", core, thread]).output().expect("taskset").status.success());
    let zoo = Zoo::empty();
    let running = receiving(&zoo);
    let threads = fs::read_dir(format!("/proc/{}/task", running.id())).expect("its threads");
    let names =
        threads.map(|thread| fs::read_to_string(thread.expect("a thread").path().join("comm")).expect("a name"));
    let workers = names.filter(|name| name.trim() == "tokio-rt-worker").count();
    assert!((1..=2).contains(&workers), "{workers} threads: one computes, and at most one waits for a file");
}

#[test]
fn every_way_to_split_a_run_into_groups_gives_the_same_files() {
    let (zoo, names) = (Zoo::stocked(), stock().map(|(name, _)| name));
    zoo.transformation("whole").run().done();
    let all = partitions(&names);
    assert_eq!(all.len(), 15, "the number of partitions of four elements");
    for (number, groups) in all.iter().enumerate() {
        let run = format!("r{number}");
        in_parallel(split(&zoo, &groups.iter().map(String::as_str).collect::<Vec<_>>(), &run));
        assert_eq!(recorded(&zoo, &run), recorded(&zoo, "whole"), "{groups:?}");
        let files = zoo.lake.keys("processed").iter().filter(|key| key.contains(&format!("/run={run}/"))).count();
        assert_eq!(files, 6, "one file for each table: {groups:?}");
    }
}

#[test]
fn the_groups_of_a_run_are_one_load_with_a_run_of_lineage_each() {
    let zoo = Zoo::stocked();
    in_parallel(split(&zoo, &GROUPS, "r1"));
    let report = zoo.copy("r1").run().done();
    assert_eq!((&report["outcome"], zoo.ledger()), (&json!("committed"), vec!["1 r1".to_owned()]));
    let loaded = |table: &str| report["tables"][table]["inserted"].as_u64();
    assert_eq!(["animals", "keepers", "tickets", "about"].map(loaded), [Some(3), Some(2), Some(1), Some(1)]);
    assert_eq!(zoo.copy("r1").run().done()["outcome"], "already_committed");
    // A group that is repeated finds its manifests, also if the groups have changed since.
    let again = zoo.transformation("r1").option("--collections", "animals,tickets").run().done();
    assert_eq!(["animals", "tickets"].map(|name| &again["collections"][name]["status"]), ["reused"; 2]);

    let events = zoo.lake.events("zoo", "r1", "transformation");
    let ends: Vec<_> = events.iter().filter(|event| event["eventType"] == "COMPLETE").collect();
    let mut runs: Vec<_> = ends.iter().filter_map(|event| event["run"]["runId"].as_str()).collect();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!((ends.len(), runs.len()), (4, 4), "one run of lineage for each set of collections");
    assert!(ends.iter().all(|event| event["job"]["name"] == "zoo.transformation"));
}

#[test]
fn a_run_with_a_killed_group_is_not_loaded_until_the_group_is_repeated() {
    let zoo = Zoo::stocked();
    let killed = receiving(&zoo);
    in_parallel(split(&zoo, &GROUPS[1..], "r1"));
    killed.signal(Signal::SIGKILL);
    killed.wait().was_killed(Signal::SIGKILL);
    let before = zoo.state();
    zoo.copy("r1")
        .run()
        .refused(&["run `r1` has no manifest for animals", "run `transformation` for these collections"]);
    assert_eq!(zoo.state(), before, "nothing of the other groups is loaded");
    in_parallel(split(&zoo, &GROUPS[..1], "r1"));
    assert_eq!(zoo.copy("r1").run().done()["tables"]["animals"]["inserted"], 3);
    assert_eq!(zoo.ledger(), ["1 r1"]);
}

#[test]
fn the_groups_of_a_run_are_replayed_and_verified_in_other_groups() {
    let zoo = Zoo::stocked();
    in_parallel(split(&zoo, &GROUPS, "r1"));
    fs::remove_dir_all(zoo.source()).expect("a folder");
    let replays = ["animals,tickets", "keepers,about"]
        .map(|group| zoo.raw("r1").option("--run-id", "r2").option("--collections", group));
    in_parallel(replays);
    assert_eq!(recorded(&zoo, "r2"), recorded(&zoo, "r1"));
    zoo.raw("r2").flag("--verify").run().done();
    assert_eq!(zoo.copy("r2").run().done()["tables"]["animals"]["inserted"], 3);
}

#[test]
fn a_group_that_finishes_or_stops_does_not_remove_the_objects_of_a_running_one() {
    let zoo = Zoo::stocked();
    let running = receiving(&zoo);
    // What the running group has finished, but not listed in a manifest yet.
    let unlisted = ["processed/zoo/animals/run=r1/a-0.parquet", "processed/zoo/animal_meals/run=r1/a-0.parquet"];
    for key in unlisted {
        fs::create_dir_all(zoo.lake.path(key).parent().expect("a folder")).expect("a folder");
        zoo.lake.overwrite(key, b"rows");
    }
    let of_running = |zoo: &Zoo| {
        ["raw/zoo/animals", "processed/zoo/animals", "processed/zoo/animal_meals"].map(|prefix| zoo.lake.keys(prefix))
    };
    let before = of_running(&zoo);
    assert_eq!(before.each_ref().map(Vec::len), [1, 1, 1]);
    in_parallel(split(&zoo, &GROUPS[1..2], "r1"));
    let server = Server::start();
    server.respond("/tickets", [Response::new(500, "")]);
    let failing = zoo.transformation_from(&server.url(), "r1").option("--collections", "tickets");
    failing.run().failed_temporarily(&["collection `tickets` failed"]);
    assert_eq!(of_running(&zoo), before);
    running.signal(Signal::SIGKILL);
    running.wait().was_killed(Signal::SIGKILL);
    // The group itself removes what its own killed attempts have left behind.
    in_parallel(split(&zoo, &GROUPS[..1], "r1"));
    assert!(unlisted.iter().all(|key| !zoo.lake.path(key).exists()));
}

#[test]
fn groups_share_the_limits_of_the_source() {
    let (zoo, server) = (Zoo::stocked(), Server::start());
    for (name, response) in stock() {
        server.respond(&format!("/{name}"), [Response::json(&response)]);
    }
    zoo.amend("collections:", "request: {rate_limit: {requests: 3, seconds: 1}, concurrency: 2}\ncollections:");
    let group = |run| zoo.transformation_from(&server.url(), run).option("--collections", "animals,keepers,tickets");
    let shared = group("r1").option("--shared-by", "2").run();
    shared.done();
    assert!(shared.took >= Duration::from_secs(2), "one request a second: {:?}", shared.took);
    group("r2").env("SHARED_BY", "3").run().refused(&["--shared-by: `concurrency` allows only 2, which 3 jobs cannot"]);
    group("r3").option("--shared-by", "4").run().refused(&["`rate_limit.requests` allows only 3, which 4 jobs"]);
}
