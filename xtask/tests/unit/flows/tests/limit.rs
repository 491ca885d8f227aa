//! Tests that end in time have a result; others are stopped.

use std::process::Command;
use std::time::Instant;

use super::*;

/// Runs a shell command that starts another process, with the mark.
fn run(limit: Duration, mark: &str, command: &str) -> Option<bool> {
    let run = || Ok(Command::new("sh").args(["-c", command]).env(MARK, mark).status()?.success());
    within(limit, mark, run).expect("it can be stopped")
}

#[test]
fn tests_that_take_too_long_are_stopped() {
    let (id, start) = (std::process::id(), Instant::now());
    let long = Duration::from_secs(600);
    assert_eq!(run(long, &format!("passes-{id}"), "true"), Some(true));
    assert_eq!(run(long, &format!("fails-{id}"), "false"), Some(false));
    assert_eq!(run(Duration::from_millis(100), &format!("hangs-{id}"), "sleep 300; true"), None);
    assert!(start.elapsed() < Duration::from_secs(60));
}
