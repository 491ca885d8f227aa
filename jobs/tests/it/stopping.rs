//! A job that is stopped or killed at any point leaves no partial results visible, and the same run ID succeeds
//! afterwards.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::database::{Role, Session};
use crate::support::program::Running;
use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::wait_until;
use crate::support::zoo::{Zoo, animals, stock};

/// The maximum time from SIGTERM to the exit.
const SOON: Duration = Duration::from_secs(5);

/// Sends a signal to a program and returns how long it took to exit.
fn stop(running: Running) -> (crate::support::program::Ended, Duration) {
    running.signal(Signal::SIGTERM);
    let signalled = std::time::Instant::now();
    let ended = running.wait();
    (ended, signalled.elapsed())
}

/// A transformation that has received and written part of a response body.
pub fn receiving(zoo: &Zoo) -> Running {
    let slow = Rogue::dribbling([b"[".as_slice(), " ".repeat(2 << 20).as_bytes()].concat());
    let running = zoo.transformation_from(&slow.url(), "r1").option("--collections", "animals").start();
    wait_until("some of the body is in the lake", || !zoo.lake.keys("raw").is_empty());
    running
}

/// Runs the same run with a server that sends complete responses.
#[track_caller]
fn comes_now(zoo: &Zoo) {
    let server = Server::start();
    server.respond("/animals", [Response::json(&animals(&[(1, "Ada")]))]);
    zoo.transformation_from(&server.url(), "r1").option("--collections", "animals").run().done();
    assert_eq!(zoo.copy("r1").option("--collections", "animals").run().done()["tables"]["animals"]["inserted"], 1);
}

#[test]
fn a_transformation_stopped_during_a_response_has_no_leftovers_and_can_be_run_again() {
    let zoo = Zoo::empty();
    let (ended, took) = stop(receiving(&zoo));
    ended.failed_temporarily(&["stopped by SIGTERM"]);
    assert!(took < SOON, "{took:?}");
    assert_eq!(zoo.lake.objects(), [""; 0]);
    comes_now(&zoo);
}

#[test]
fn a_transformation_killed_during_a_response_publishes_nothing_and_can_be_run_again() {
    let zoo = Zoo::empty();
    let running = receiving(&zoo);
    running.signal(Signal::SIGKILL);
    running.wait().was_killed(Signal::SIGKILL);
    assert!(zoo.lake.keys("stage").is_empty() && zoo.lake.keys("processed").is_empty());
    comes_now(&zoo);
}

#[test]
fn a_transformation_stopped_while_it_waits_for_a_retry_exits_immediately() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    for (name, response) in stock() {
        server.respond(&format!("/{name}"), [Response::json(&response)]);
    }
    server.respond("/animals", [Response::new(429, "").header("Retry-After", "60")]);
    let running = zoo.transformation_from(&server.url(), "r1").start();
    wait_until("the others are done", || zoo.lake.keys("stage").len() == 3 && running.log().contains("60.0 s"));
    let (ended, took) = stop(running);
    ended.failed_temporarily(&["stopped by SIGTERM"]);
    assert!(took < SOON, "{took:?}");

    // Recorded objects are kept, and only the others are requested again.
    assert_eq!(zoo.lake.keys("processed").len(), 3);
    server.respond("/animals", [Response::json(&animals(&[(1, "Ada")]))]);
    let report = zoo.transformation_from(&server.url(), "r1").run().done();
    assert_eq!(
        (&report["collections"]["keepers"]["status"], &report["collections"]["animals"]["status"]),
        (&"reused".into(), &"fetched".into())
    );
}

/// The critical moment: a manifest is visible, but the program may not have received the response to its write.
#[test]
fn every_object_of_a_visible_manifest_exists_whenever_the_program_is_stopped() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    for (name, response) in stock() {
        server.respond(&format!("/{name}"), [Response::json(&response)]);
    }
    for run in (1..=12).map(|number| format!("r{number}")) {
        let running = zoo.transformation_from(&server.url(), &run).start();
        let receipts = format!("stage/zoo/run={run}");
        while zoo.lake.keys(&receipts).is_empty() {
            std::thread::yield_now();
        }
        running.signal(Signal::SIGTERM);
        running.wait();
        for receipt in zoo.lake.keys(&receipts) {
            let tables = zoo.lake.json(&receipt)["tables"].as_array().expect("tables").clone();
            for file in tables.iter().flat_map(|table| table["files"].as_array().expect("files")) {
                let key = file["key"].as_str().expect("a key");
                assert!(zoo.lake.path(key).exists(), "`{receipt}` records `{key}`, which is missing");
            }
        }
    }
}

#[test]
fn a_program_stopped_while_the_warehouse_is_silent_exits_immediately() {
    let (zoo, mute) = (Zoo::stocked(), Rogue::silent());
    zoo.transformation("r1").run().done();
    let warehouse = format!("postgres://loader:very-secret@{}/zoo", mute.address());
    let transformation = zoo.transformation_from("http://127.0.0.1:1", "r2").warehouse(&warehouse);
    for program in [zoo.copy_to(&warehouse, "r1"), transformation] {
        let running = program.start();
        std::thread::sleep(Duration::from_millis(500));
        let (ended, took) = stop(running);
        ended.failed_temporarily(&["stopped by SIGTERM"]);
        assert!(took < SOON, "{took:?}");
    }
}

/// A loaded zoo, and a `copy` of the second run that has staged its tables and waits for the load lock.
fn waiting_load() -> (Zoo, Session, Running) {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.set("animals", &animals(&[(1, "Ada"), (9, "Zoe")]));
    zoo.transformation("r2").run().done();
    let holder = zoo.database().enter(Role::Loader);
    holder.run("BEGIN; LOCK etl.load_lock");
    let running = zoo.copy("r2").start();
    zoo.database().until_waiting(1);
    (zoo, holder, running)
}

/// Releases the lock and waits until the server has noticed that the connection is closed.
fn release_lock(zoo: &Zoo, holder: Session) {
    drop(holder);
    zoo.database().until_left();
}

/// Loads the second run; the first attempt must have left nothing behind.
#[track_caller]
fn succeeds_now(zoo: &Zoo) {
    let counts = zoo.copy("r2").run().done()["tables"]["animals"].clone();
    let moved = ["inserted", "updated", "deleted"].map(|name| counts[name].as_u64().expect("a count"));
    assert_eq!(moved, [1, 1, 2]);
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2"]);
    assert!(zoo.database().versions("staging_zoo").is_empty(), "leftovers are swept");
}

#[test]
fn a_killed_load_changes_nothing_and_the_next_one_removes_its_leftovers() {
    let (zoo, holder, running) = waiting_load();
    let (rows, ledger) = (zoo.rows(), zoo.ledger());
    running.signal(Signal::SIGKILL);
    running.wait().was_killed(Signal::SIGKILL);
    assert!(!zoo.database().versions("staging_zoo").is_empty(), "it was in the middle of its work");
    release_lock(&zoo, holder);
    assert_eq!((zoo.rows(), zoo.ledger()), (rows, ledger));
    succeeds_now(&zoo);
}

#[test]
fn a_stopped_load_reports_this_changes_nothing_and_can_be_run_again() {
    let (zoo, holder, running) = waiting_load();
    let (rows, ledger) = (zoo.rows(), zoo.ledger());
    let (ended, took) = stop(running);
    ended.failed_temporarily(&["stopped by SIGTERM"]);
    assert!(took < SOON, "{took:?}");
    release_lock(&zoo, holder);
    assert_eq!((zoo.rows(), zoo.ledger()), (rows, ledger));
    succeeds_now(&zoo);
}

#[test]
fn a_load_whose_connection_the_server_closes_fails_temporarily() {
    let (zoo, holder, running) = waiting_load();
    let (rows, ledger) = (zoo.rows(), zoo.ledger());
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dpworld' AND datname = current_database()";
    zoo.database().session(Role::Postgres).run(all);
    running.wait().failed_temporarily(&["terminating connection due to administrator command"]);
    release_lock(&zoo, holder);
    assert_eq!((zoo.rows(), zoo.ledger()), (rows, ledger));
    succeeds_now(&zoo);
}
