//! Whatever ends a rehearsal, nothing of it stays.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Begun, begun_since, folders, left, prepared, repository, state};

#[test]
fn ctrl_c_ends_all_that_was_started() {
    prepared();
    let before = folders();
    let mut begun = Begun::rehearsal(&[]);
    begun.until("Deploying");
    let folder = begun_since(&before).expect("it has a folder");
    let state = state(&folder);
    assert!(!left(&state).is_empty(), "its servers run");
    begun.signal("INT");
    let ended = begun.end();
    assert_eq!(ended.code, Some(130), "{}", ended.said);
    assert!(ended.said.contains("Stopping everything that was started"), "{}", ended.said);
    assert_eq!(left(&state), [""; 0]);
}

#[test]
fn a_terminal_that_is_closed_ends_all_as_well() {
    prepared();
    let before = folders();
    // `script` is the terminal; with its end nobody reads any more, and the system says so.
    let mut terminal = Command::new("script");
    terminal.args([
        "--quiet",
        "--return",
        "--command",
        &format!("{} rehearse", env!("CARGO_BIN_EXE_xtask")),
        "/dev/null",
    ]);
    let mut terminal =
        terminal.current_dir(repository()).stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("script starts");
    let new = || folders().into_iter().find(|folder| !before.contains(folder) && folder.join("airflow.json").exists());
    let began = Instant::now();
    let folder = loop {
        assert!(began.elapsed() < Duration::from_secs(60), "it never began");
        match new() {
            Some(folder) => break folder,
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    std::thread::sleep(Duration::from_secs(3));
    let state = state(&folder);
    terminal.kill().expect("closed");
    terminal.wait().expect("waited");
    let began = Instant::now();
    while !left(&state).is_empty() && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(left(&state), [""; 0]);
}

#[test]
fn what_a_killed_one_left_the_next_one_ends() {
    prepared();
    let before = folders();
    let mut killed = Begun::rehearsal(&[]);
    killed.until("transformation: RUNNING job");
    let folder = begun_since(&before).expect("it has a folder");
    let state = state(&folder);
    killed.signal("KILL");
    killed.end();
    let stayed = left(&state);
    for what in ["something answers", "process", "image"] {
        assert!(stayed.iter().any(|one| one.starts_with(what)), "{what}: {stayed:?}");
    }
    // Neither a person who looks at the logs nor another's folder is any of its business.
    let mut person = Command::new("sleep").arg("60").current_dir(&folder).spawn().expect("sleep starts");
    let notes = folder.with_file_name("my-notes");
    fs::create_dir_all(&notes).expect("made");
    let mut next = Begun::rehearsal(&[]);
    next.until("Stopped the servers of an interrupted rehearsal");
    assert!(person.try_wait().expect("asked").is_none() && notes.exists());
    person.kill().expect("killed");
    person.wait().expect("waited");
    fs::remove_dir(notes).expect("removed");
    assert_eq!(left(&state), [""; 0]);
    next.until("Starting emulators");
    next.signal("TERM");
    assert_eq!(next.end().code, Some(143));
}
