//! One transformation uses its cores.

#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use crate::stopping::receiving;
use crate::support::zoo::Zoo;

/// Linux shows the threads of a process, and `taskset` restricts one to some cores.
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
