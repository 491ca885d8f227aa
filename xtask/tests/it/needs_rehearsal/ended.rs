//! Whatever ends a rehearsal, nothing of it stays.

use super::{Begun, folders, left, state};

#[test]
fn ctrl_c_ends_all_that_was_started() {
    let before = folders();
    let mut begun = Begun::rehearsal(&[]);
    begun.until("Deploying");
    let folder = folders().into_iter().find(|folder| !before.contains(folder)).expect("it has a folder");
    let state = state(&folder);
    assert!(!left(&state).is_empty(), "its servers run");
    begun.signal("INT");
    let ended = begun.end();
    assert_eq!(ended.code, Some(130), "{}", ended.said);
    assert!(ended.said.contains("Stopping all that was started"), "{}", ended.said);
    assert_eq!(left(&state), [""; 0]);
}

#[test]
fn what_a_killed_one_left_the_next_one_ends() {
    let before = folders();
    let mut killed = Begun::rehearsal(&[]);
    killed.until("transformation: RUNNING job");
    let folder = folders().into_iter().find(|folder| !before.contains(folder)).expect("it has a folder");
    let state = state(&folder);
    killed.signal("KILL");
    killed.end();
    let stayed = left(&state);
    for what in ["something answers", "process", "image"] {
        assert!(stayed.iter().any(|one| one.starts_with(what)), "{what}: {stayed:?}");
    }
    let mut next = Begun::rehearsal(&[]);
    next.until("Ended what an earlier rehearsal had left behind");
    assert_eq!(left(&state), [""; 0]);
    next.until("Starting emulators");
    next.signal("TERM");
    assert_eq!(next.end().code, Some(143));
}
