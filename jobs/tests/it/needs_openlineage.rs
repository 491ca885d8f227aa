//! Reads the events of real runs with OpenLineage's Python client, which is installed with dbt (`TEST_DBT`).
//!
//! These tests check that the client's typed classes accept every event, but not how a server processes the events.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use url::Url;

use crate::support::database::Role;
use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, stock};
use crate::support::{program, sample, wait_until};

fn check(files: &[PathBuf]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/needs_openlineage/check.py");
    Command::new(programs().join("python")).arg(script).args(files).output().expect("Python")
}

/// Returns the folder of dbt's programs.
fn programs() -> PathBuf {
    let programs = std::env::var("TEST_DBT");
    programs.expect("this test needs TEST_DBT, the folder of dbt's programs: run `cargo xtask test --all`").into()
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

const MODEL: &str = "
with source as (select * from {{ source('zoo', 'animals') }})
select id as animal_id, coalesce(species, name) as animal_kind from source
";
const MODELS: &str = "
sources:
  - {name: zoo, tables: [{name: animals, columns: [{name: id}, {name: name}, {name: species}]}]}
models:
  - {name: kinds, columns: [{name: animal_id, data_tests: [unique]}, {name: animal_kind}]}
";

/// Builds a project from the zoo's tables with the entry point of the dbt image, and returns the events that it sends.
fn events_of_dbt(zoo: &Zoo) -> Vec<Value> {
    let server = Server::serving(|_| Response::new(201, ""));
    let project = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| std::fs::write(project.path().join(file), text).expect("a file");
    std::fs::create_dir(project.path().join("models")).expect("a folder");
    write("dbt_project.yml", "{name: tiny, profile: dpworld, flags: {send_anonymous_usage_stats: false}}");
    write("models/kinds.sql", MODEL);
    write("models/models.yml", MODELS);
    let warehouse = Url::parse(&zoo.database().url(Role::Transformer)).expect("a URL");
    let dbt = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dbt");
    let mut run = Command::new(programs().join("python"));
    run.arg(dbt.join("run.py")).current_dir(project.path()).env_clear().env("HOME", project.path());
    run.env("PATH", programs()).env("DBT_PROFILES_DIR", &dbt).env("DBT_SCHEMA", "analytics").env("RUN_ID", "r1");
    run.env("DBT_HOST", warehouse.host_str().expect("a host")).env("DBT_PASSWORD", warehouse.password().expect("one"));
    run.env("DBT_PORT", warehouse.port().expect("a port").to_string()).env("DBT_DATABASE", &warehouse.path()[1..]);
    run.env("OPENLINEAGE_URL", format!("{}/base/", server.url())).env("OPENLINEAGE_API_KEY", "canary-key");
    let output = run.output().expect("Python");
    let warnings = String::from_utf8_lossy(&output.stderr).lines().filter(|line| !line.starts_with("nodes: ")).count();
    assert!(output.status.success() && warnings == 0, "{output:?}");
    let requests = server.all();
    assert!(requests.iter().all(|one| one.path == "/base/api/v1/lineage"), "{requests:?}");
    assert!(requests.iter().all(|one| one.header("Authorization") == Some("Bearer canary-key")), "{requests:?}");
    let secret = ["canary-key", warehouse.password().expect("a password")];
    assert!(!requests.iter().any(|one| secret.iter().any(|secret| one.body.contains(secret))), "{requests:?}");
    requests.iter().map(|one| serde_json::from_str(&one.body).expect("JSON")).collect()
}

#[test]
fn the_outputs_of_copy_are_the_inputs_of_dbt() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let events = events_of_dbt(&zoo);
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    let file = zoo.lake.path("dbt.jsonl");
    std::fs::write(&file, lines).expect("a file");
    // The build, its model and its test.
    accepted(&[file], &["START START START COMPLETE COMPLETE COMPLETE"]);
    let ids: BTreeSet<&str> = events.iter().map(|event| event["run"]["runId"].as_str().expect("an ID")).collect();
    assert_eq!((ids.len(), &events[0]["job"]["name"]), (3, &json!("dbt.build")));
    let build = &events[0]["run"]["runId"];
    assert!(events[1..5].iter().all(|event| &event["run"]["facets"]["parent"]["run"]["runId"] == build), "{events:?}");

    let dataset = |one: &Value| json!([one["namespace"], one["name"]]);
    let copied = zoo.lake.events("zoo", "r1", "copy").pop().expect("an event");
    let copied: Vec<Value> = copied["outputs"].as_array().expect("outputs").iter().map(dataset).collect();
    let model = events.iter().find(|event| event["outputs"][0].is_object()).expect("the event of the model");
    let [input, output] = [&model["inputs"][0], &model["outputs"][0]];
    assert!(copied.contains(&dataset(input)), "{input} is not in {copied:?}");
    assert!(output["name"].as_str().is_some_and(|name| name.ends_with(".analytics.kinds")), "{output}");
    let from = |column: &str| {
        let fields = output["facets"]["columnLineage"]["fields"][column]["inputFields"].as_array().expect("fields");
        assert!(fields.iter().all(|one| dataset(one) == dataset(input)), "{fields:?}");
        fields.iter().map(|one| one["field"].as_str().expect("a name")).collect::<BTreeSet<_>>()
    };
    assert_eq!(from("animal_id"), ["id"].into());
    assert_eq!(from("animal_kind"), ["name", "species"].into());
}

fn facet(event: &mut Value) -> &mut Value {
    &mut event["outputs"][0]["facets"]
}
