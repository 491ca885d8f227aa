//! Reads the events of real runs with OpenLineage's Python client, which `cargo xtask test --all` installs.
//!
//! These tests check that the client's typed classes accept every event, but not how a server processes the events.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, stock};
use crate::support::{program, sample, wait_until};

fn check(files: &[PathBuf]) -> Output {
    let Ok(python) = std::env::var("TEST_OPENLINEAGE_PYTHON") else {
        panic!(
            "this test needs TEST_OPENLINEAGE_PYTHON, a Python with OpenLineage's client: run `cargo xtask test --all`"
        );
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/needs_openlineage/check.py");
    Command::new(python).arg(script).args(files).output().expect("Python")
}

#[track_caller]
fn accepted(files: &[PathBuf], kinds: &[&str]) {
    let output = check(files);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).expect("text");
    let found: Vec<&str> = stdout.lines().filter_map(|line| line.rsplit_once(": ")).map(|(_, kinds)| kinds).collect();
    assert_eq!(found, kinds);
}

fn files(zoo: &Zoo) -> Vec<PathBuf> {
    zoo.lake.keys("lineage").iter().map(|key| zoo.lake.path(key)).collect()
}

#[test]
fn the_client_accepts_every_event_of_every_kind_of_run() {
    let (zoo, server) = (Zoo::stocked(), Server::start());
    for (name, response) in stock() {
        server.respond(&format!("/{name}"), [Response::json(&response)]);
    }
    zoo.transformation_from(&server.url(), "r1").run().done();
    zoo.copy("r1").run().done();
    zoo.raw("r1").option("--run-id", "r2").run().done();
    zoo.transformation("r3").run().done();
    zoo.copy("nothing").run().refused(&["has no manifest"]);
    let slow = Rogue::dribbling(b"[".to_vec());
    let running = zoo.transformation_from(&slow.url(), "stopped").option("--collections", "animals").start();
    wait_until("it has begun", || slow.requests() > 0);
    running.signal(Signal::SIGTERM);
    running.wait().failed_temporarily(&["stopped by SIGTERM"]);
    let (done, failed, aborted) = ("START COMPLETE", "START FAIL", "START ABORT");
    // In the order of run and job: empty, r1 copy, r1 transformation, r2, r3, stopped.
    accepted(&files(&zoo), &[failed, done, done, done, done, aborted]);
}

#[test]
fn the_client_accepts_a_run_of_the_built_in_contract() {
    let zoo = Zoo::empty();
    let source = crate::support::file_url(&sample());
    let program = program::transformation().option("--run-id", "r1").option("--lake-url", &zoo.lake.url());
    program.option("--source-url", &source).run().done();
    accepted(&files(&zoo), &["START COMPLETE"]);
}

/// A change to an event, and the expected error.
type Broken = (fn(&mut Value), &'static str);

#[test]
fn a_broken_event_is_rejected() {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    let good = zoo.lake.events("zoo", "r1", "transformation");
    let file = zoo.lake.path("broken.jsonl");
    let write = |events: &[Value]| {
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        std::fs::write(&file, lines).expect("a file");
    };
    write(&good);
    accepted(std::slice::from_ref(&file), &["START COMPLETE"]);
    let broken: [Broken; 16] = [
        (|event| event["extra"] = json!(1), "has no field `extra`"),
        (|event| event["run"]["facets"]["unknownFacet"] = json!({}), "unknown facet `unknownFacet`"),
        (|event| drop(event.as_object_mut().map(|event| event.remove("producer"))), "lacks `producer`"),
        (|event| drop(event["job"].as_object_mut().map(|job| job.remove("name"))), "lacks `name`"),
        (|event| event["run"]["runId"] = json!("r1"), "badly formed"),
        (|event| event["eventType"] = json!("END"), "is not of type EventType"),
        (|event| event["eventTime"] = json!("2026-01-05"), "has to contain time"),
        (|event| event["schemaURL"] = json!("https://openlineage.io/spec/1-0-0/x"), "writes it differently"),
        (|event| facet(event)["schema"]["_schemaURL"] = json!("https://x"), "writes it differently"),
        (|event| drop(facet(event)["schema"].as_object_mut().map(|f| f.remove("_producer"))), "lacks `_producer`"),
        (|event| facet(event)["schema"]["fields"][0]["kind"] = json!("x"), "has no field `kind`"),
        (|event| facet(event)["schema"]["fields"][0]["ordinal_position"] = json!("1"), "is not of type int"),
        (
            |event| event["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] = json!(1.5),
            "is not of type int",
        ),
        (|event| event["outputs"][0]["outputFacets"]["outputStatistics"]["rows"] = json!(1), "has no field `rows`"),
        (|event| event["inputs"][0]["name"] = json!("animals.json"), "is not absolute"),
        (|event| event["inputs"] = json!([{"namespace": "postgres://h:1", "name": "a"}]), "not database.schema.table"),
    ];
    for (change, message) in broken {
        let mut events = good.clone();
        change(&mut events[1]);
        write(&events);
        let output = check(std::slice::from_ref(&file));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && stderr.contains(message), "no `{message}` in {stderr}");
    }
    write(&good[..1]);
    assert!(!check(&[file]).status.success(), "a run without an end");
}

fn facet(event: &mut Value) -> &mut Value {
    &mut event["outputs"][0]["facets"]
}
