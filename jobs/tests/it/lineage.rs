//! Lineage events in the lake and at a collector: they contain no secrets and do not affect the run.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::program::Program;
use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::wait_until;
use crate::support::zoo::{Zoo, animals};

const EVENTS: &str = "/api/v1/lineage";

fn collector() -> Server {
    let server = Server::start();
    server.respond(EVENTS, [Response::new(201, "")]);
    server
}

fn received(server: &Server) -> Vec<Value> {
    server.requests(EVENTS).iter().map(|asked| serde_json::from_str(&asked.body).expect("JSON")).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["eventType"].as_str().expect("a type")).collect()
}

fn names(datasets: &Value) -> Vec<String> {
    let name = |dataset: &Value| format!("{} {}", dataset["namespace"], dataset["name"]).replace('"', "");
    datasets.as_array().expect("datasets").iter().map(name).collect()
}

fn with_key(program: Program, server: &Server) -> Program {
    let program = program.env("OPENLINEAGE_URL", &server.url()).env("OPENLINEAGE_API_KEY", "key-very-secret");
    program.secret("key-very-secret")
}

#[test]
fn both_jobs_send_the_same_events_to_lake_and_collector_and_their_datasets_match() {
    let (zoo, server) = (Zoo::stocked(), collector());
    with_key(zoo.transformation("r1"), &server).run().done();
    with_key(zoo.copy("r1"), &server).run().done();
    let [one, two] = ["transformation", "copy"].map(|job| zoo.lake.events("zoo", "r1", job));
    assert_eq!(received(&server), [&one[..], &two[..]].concat());
    assert_eq!((kinds(&one), kinds(&two)), (vec!["START", "COMPLETE"], vec!["START", "COMPLETE"]));
    assert_eq!((&one[1]["job"]["name"], &two[1]["job"]["name"]), (&json!("zoo.transformation"), &json!("zoo.copy")));
    assert_eq!(one[0]["run"]["runId"], one[1]["run"]["runId"]);
    assert_ne!(one[0]["run"]["runId"], two[0]["run"]["runId"]);

    let lake = zoo.lake.path("");
    let lake = lake.to_str().expect("a plain path").trim_end_matches('/');
    let source = zoo.source();
    assert_eq!(names(&one[1]["inputs"])[0], format!("file {}/animals.json", source.display()));
    assert_eq!(names(&one[1]["outputs"])[1], format!("file {lake}/processed/zoo/animal_meals"));
    assert_eq!(names(&two[1]["inputs"]), names(&one[1]["outputs"]));
    let url = url::Url::parse(&zoo.database().url(Role::Loader)).expect("a URL");
    let place = format!("postgres://127.0.0.1:{} {}", url.port().expect("a port"), url.path().trim_matches('/'));
    assert_eq!(names(&two[1]["outputs"])[0], format!("{place}.zoo.animals"));

    let receipt = zoo.lake.receipt("zoo", "r1", "animals");
    let statistics = &one[1]["outputs"][0]["outputFacets"]["outputStatistics"];
    let file = &receipt["tables"][0]["files"][0];
    assert_eq!(
        (&statistics["rowCount"], &statistics["size"], &statistics["fileCount"]),
        (&json!(3), &file["bytes"], &json!(1))
    );
    assert_eq!(two[1]["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 3);
    for asked in server.requests(EVENTS) {
        assert_eq!(asked.header("Authorization"), Some("Bearer key-very-secret"));
        assert_eq!(asked.header("Content-Type"), Some("application/json"));
    }

    // A second attempt has the same run and job, and writes no new rows.
    with_key(zoo.copy("r1"), &server).run().done();
    // Two attempts within a second are not ordered; the new events are those that did not exist before.
    let all = zoo.lake.events("zoo", "r1", "copy");
    let again = all.iter().rfind(|event| !two.contains(event)).expect("the end of another attempt");
    assert_eq!(again["run"]["runId"], two[0]["run"]["runId"]);
    assert_eq!(again["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 0);
}

#[test]
fn the_collectors_path_and_the_jobs_namespace_can_be_set() {
    let (zoo, server) = (Zoo::stocked(), Server::start());
    server.respond("/behind/events?tenant=1", [Response::new(200, "")]);
    let url = server.url().replace("://", "://me:hush@") + "/behind/?tenant=1";
    let program = zoo.transformation("r1").env("OPENLINEAGE_URL", &url).env("OPENLINEAGE_ENDPOINT", "/events");
    program.env("OPENLINEAGE_NAMESPACE", "airflow").env("OPENLINEAGE_API_KEY", "").run().done();
    let asked = server.requests("/behind/events?tenant=1");
    assert_eq!(asked.len(), 2);
    assert!(asked[0].body.contains(r#""namespace":"airflow""#) && !asked[0].body.contains("hush"));
}

#[test]
fn an_unavailable_collector_is_a_warning_with_the_host_and_without_secrets() {
    let refusing = Server::start();
    refusing.respond(EVENTS, [Response::new(500, "hush")]);
    let silent = Rogue::silent();
    for (url, message) in [
        ("http://me:hush@127.0.0.1:1/?token=hush".to_owned(), "cannot send lineage to `127.0.0.1:1`"),
        (silent.url().replace("://", "://me:hush@"), "cannot send lineage to `127.0.0.1:"),
        (refusing.url(), "` returned 500 Internal Server Error"),
        ("hush".to_owned(), "OPENLINEAGE_URL is not an http or https URL"),
        ("s3://hush".to_owned(), "OPENLINEAGE_URL is not an http or https URL"),
    ] {
        let zoo = Zoo::stocked();
        let ended = zoo.transformation("r1").env("OPENLINEAGE_URL", &url).secret("hush").run();
        ended.done();
        assert!(ended.stderr.contains("WARN") && ended.stderr.contains(message), "{message}: {}", ended.stderr);
        assert!(ended.took < Duration::from_secs(40), "{:?}", ended.took);
        assert_eq!(kinds(&zoo.lake.events("zoo", "r1", "transformation")), ["START", "COMPLETE"]);
    }
}

#[test]
fn a_failed_write_of_lineage_to_the_lake_is_a_warning() {
    let zoo = Zoo::stocked();
    // A file in place of the folder.
    zoo.lake.overwrite("lineage", b"");
    let ended = zoo.transformation("r1").run();
    ended.done();
    assert!(ended.stderr.contains("cannot write") && ended.stderr.contains("the run itself is not affected"));
}

#[test]
fn the_event_of_a_failed_run_has_the_reason_without_secrets() {
    let (zoo, server, broken) = (Zoo::empty(), collector(), Server::start());
    let source = broken.url().replace("://", "://me:hush@");
    let program =
        zoo.transformation_from(&source, "r1").option("--collections", "about").env("OPENLINEAGE_URL", &server.url());
    program.run().refused(&["collection `about` failed"]);
    let [_, failed] = <[Value; 2]>::try_from(received(&server)).expect("two events");
    assert_eq!(failed["eventType"], "FAIL");
    let message = failed["run"]["facets"]["errorMessage"]["message"].as_str().expect("a message");
    assert!(message.contains("returned 404") && message.contains(&broken.url()), "{message}");
    assert!(!failed.to_string().contains("hush"), "{failed}");
    assert_eq!(names(&failed["inputs"]), [format!("{} /about", broken.url())]);

    // A refused login fails the load, and the event does not contain the password.
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    zoo.copy_to("postgres://loader:very-secret@127.0.0.1:1/zoo", "r1").run().failed_temporarily(&["cannot connect"]);
    let [start, failed] = <[Value; 2]>::try_from(zoo.lake.events("zoo", "r1", "copy")).expect("two events");
    assert_eq!((&start["eventType"], &failed["eventType"]), (&json!("START"), &json!("FAIL")));
    assert!(!format!("{start}{failed}").contains("secret"));
    assert_eq!(names(&failed["outputs"])[0], "postgres://127.0.0.1:1 zoo.zoo.animals");
}

#[test]
fn a_run_that_is_stopped_is_aborted() {
    let (zoo, server) = (Zoo::empty(), collector());
    let slow = Rogue::dribbling(b"[".to_vec());
    let program = zoo.transformation_from(&slow.url(), "r1").option("--collections", "animals");
    let running = program.env("OPENLINEAGE_URL", &server.url()).start();
    wait_until("it has begun", || received(&server).len() == 1);
    running.signal(Signal::SIGTERM);
    running.wait().failed_temporarily(&["stopped by SIGTERM"]);
    assert_eq!(kinds(&received(&server)), ["START", "ABORT"]);
    assert_eq!(received(&server), zoo.lake.events("zoo", "r1", "transformation"));
}

#[test]
fn a_304_writes_nothing_and_a_replay_reads_the_lake() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond(
        "/animals",
        [Response::json(&animals(&[(1, "Ada")])).header("ETag", "\"one\""), Response::new(304, "")],
    );
    let ask = |run| zoo.transformation_with_ledger(&server.url(), run).option("--collections", "animals").run().done();
    ask("r1");
    zoo.copy("r1").option("--collections", "animals").run().done();
    ask("r2");
    let statistics = |run| {
        let events = zoo.lake.events("zoo", run, "transformation");
        let facet = events[1]["outputs"][0]["outputFacets"]["outputStatistics"].clone();
        (facet["rowCount"].clone(), facet["fileCount"].clone())
    };
    assert_eq!(statistics("r1"), (json!(1), json!(1)));
    assert_eq!(statistics("r2"), (json!(0), json!(0)));

    zoo.raw("r2").option("--run-id", "r3").option("--collections", "animals").run().done();
    assert_eq!(statistics("r3"), (json!(1), json!(1)));
    let inputs = names(&zoo.lake.events("zoo", "r3", "transformation")[1]["inputs"]);
    assert_eq!(inputs, [format!("file {}", zoo.lake.path("raw/zoo/animals").display())]);
}

#[test]
fn verify_writes_no_lineage() {
    let (zoo, server) = (Zoo::stocked(), collector());
    zoo.transformation("r1").run().done();
    let before = zoo.lake.keys("lineage");
    zoo.raw("r1").flag("--verify").env("OPENLINEAGE_URL", &server.url()).run().done();
    assert_eq!((zoo.lake.keys("lineage"), received(&server)), (before, Vec::new()));
}
