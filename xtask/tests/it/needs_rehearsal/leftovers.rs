//! A stopped rehearsal leaves nothing behind, however it was stopped.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::red::assert_in_time;
use super::{Finished, Running, folders, leftovers, new_folder, prepare, repository, state};

#[test]
fn ctrl_c_stops_everything_that_was_started() {
    prepare();
}

#[test]
fn a_signal_stops_a_rehearsal_that_is_starting() {
    prepare();
    let before = folders();
    let mut running = Running::rehearsal(&[]);
    running.until("Starting emulators");
    let state = state(&new_folder(&before).expect("its folder"));
    running.signal("TERM");
    assert_eq!(running.finish().code, Some(143));
    assert_eq!(leftovers(&state), [""; 0]);
}

#[test]
fn closing_the_terminal_stops_everything() {
    prepare();
    let before = folders();
    // `script` is the terminal; its exit sends SIGHUP.
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
    let start = Instant::now();
    let folder = loop {
        assert!(start.elapsed() < Duration::from_secs(300), "it never started");
        match new() {
            Some(folder) => break folder,
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    std::thread::sleep(Duration::from_secs(3));
    let state = state(&folder);
    terminal.kill().expect("closed");
    terminal.wait().expect("waited");
    let start = Instant::now();
    while !leftovers(&state).is_empty() && start.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(leftovers(&state), [""; 0]);
}

#[test]
fn the_next_rehearsal_stops_what_a_killed_one_left_running() {
    prepare();
    let before = folders();
    let mut killed = Running::rehearsal(&[]);
    killed.until("transformation: RUNNING job");
    let folder = new_folder(&before).expect("its folder");
    let state = state(&folder);
    killed.signal("KILL");
    killed.finish();
    let running_still = leftovers(&state);
    for what in ["a server", "process", "image"] {
        assert!(running_still.iter().any(|one| one.starts_with(what)), "{what}: {running_still:?}");
    }
    // A process of the user in the folder, and folders with other names, are not affected.
    let mut process = Command::new("sleep").arg("60").current_dir(&folder).spawn().expect("sleep starts");
    let notes = folder.with_file_name("my-notes");
    fs::create_dir_all(&notes).expect("created");
    let mut next = Running::rehearsal(&["--inject-fault", "image", "--json"]);
    next.until("Stopped the servers left running by an interrupted rehearsal");
    assert!(process.try_wait().expect("a status").is_none() && notes.exists());
    process.kill().expect("killed");
    process.wait().expect("waited");
    fs::remove_dir(notes).expect("removed");
    assert_eq!(leftovers(&state), [""; 0]);
    a_missing_image_is_named(&next.finish());
}

fn a_missing_image_is_named(finished: &Finished) {
    let run = &finished.report["run"];
    assert_eq!(
        (finished.code, &run["failed"], &run["code"]),
        (Some(1), &"transformation".into(), &().into()),
        "{}",
        finished.stderr
    );
    let reason = run["reason"].as_str().expect("a reason");
    let parts =
        ["Task failed to start", "CannotPullContainerError", "/ingestion-image@sha256:", "not found: manifest unknown"];
    assert!(parts.iter().all(|part| reason.contains(part)), "{reason}");
    let red: Vec<_> =
        finished.report["status"].as_array().expect("a list").iter().filter(|one| one["light"] == "red").collect();
    assert!(red.len() == 1 && red[0]["check"] == "ingestion-image", "{red:?}");
    assert_in_time(finished);
}
