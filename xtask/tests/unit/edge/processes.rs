//! Tests that marked processes and those in known groups are found and stopped.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::*;

#[test]
fn marked_processes_and_those_of_our_groups_are_found_and_no_others() {
    let dir = tempfile::tempdir().expect("a folder");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let value = format!("ours-{}", std::process::id());
    let mark = ("A_MARK", value.as_str());
    let start = |folder: &Path, mark: Option<(&str, &str)>| {
        let mut command = Command::new("sleep");
        command.arg("60").current_dir(folder).process_group(0).stdin(Stdio::null()).envs(mark);
        command.spawn().expect("sleep starts")
    };
    let mut marked = start(elsewhere.path(), Some(mark));
    let mut grouped = start(dir.path(), None);
    // Its group's number is known, but another process uses the number now.
    let mut reused = start(elsewhere.path(), None);
    // A user's process in the same folder.
    let mut user = start(dir.path(), None);
    let id = |child: &Child| child.id().cast_signed();
    let groups = BTreeSet::from([id(&grouped), id(&reused)]);
    let owner = Owner { mark, groups: &groups, dir: &dir.path().canonicalize().expect("a path") };
    assert_eq!(find(owner), BTreeSet::from([id(&marked), id(&grouped)]));
    assert_eq!(stop(owner).expect("they exit"), 2);
    assert!(find(owner).is_empty());
    for child in [&mut reused, &mut user] {
        assert!(child.try_wait().expect("a status").is_none(), "still running");
        child.kill().expect("killed");
        child.wait().expect("a status");
    }
    for child in [&mut marked, &mut grouped] {
        assert!(!child.wait().expect("a status").success());
    }
}
