//! A run whose transformation ran on a machine with a clock that is ahead or behind.

use chrono::TimeDelta;
use jobs::edge::clock;
use serde_json::json;

use crate::support::database::Role;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, animals};

/// Sets the fetch times in the run's manifests to the future, as a transformation with a wrong clock would.
fn fetched_in_the_future(zoo: &Zoo, run: &str, by: TimeDelta) {
    zoo.transformation(run).run().done();
    let time = clock::rfc3339(clock::now() + by);
    for key in zoo.lake.keys(&format!("stage/zoo/run={run}/receipts")) {
        let mut receipt = zoo.lake.json(&key);
        receipt["fetched_at"] = json!(time);
        zoo.lake.overwrite(&key, receipt.to_string().as_bytes());
    }
}

#[test]
fn a_run_with_a_clock_that_is_ahead_is_refused() {
    let zoo = Zoo::stocked();
    fetched_in_the_future(&zoo, "r1", TimeDelta::days(365));
    let ended = zoo.copy("r1").run();
    ended.refused(&["collection `animals` was fetched at 2", "which is in the future", "hint: correct the clock"]);
    // It would supersede all runs of the next year.
    zoo.copy("r1").option("--accept", "whatever").run().refused(&["which is in the future"]);
    assert!(zoo.ledger().is_empty());
    // Small differences between clocks are accepted.
    fetched_in_the_future(&zoo, "r2", TimeDelta::minutes(3));
    assert_eq!(zoo.copy("r2").run().done()["outcome"], "committed");
}

#[test]
fn a_run_superseded_by_a_run_from_the_future_fails_and_the_hint_works() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let owner = zoo.database().session(Role::Loader);
    owner.run("UPDATE etl.runs SET fetched_at = fetched_at + interval '1 year'");
    zoo.set("animals", &animals(&[(1, "Ada")]));
    zoo.transformation("r2").run().done();
    let cure = "UPDATE etl.runs SET fetched_at = committed_at WHERE source = 'zoo' AND run_id = 'r1'";
    zoo.copy("r2").run().refused(&["run `r2` is superseded by run `r1`", "in the future", cure]);
    owner.run(cure);
    assert_eq!(zoo.copy("r2").run().done()["outcome"], "committed");
}

/// A run that was fetched before the head is superseded; the server's clock shows that this one was not.
#[test]
fn a_run_with_a_clock_that_is_behind_is_not_called_superseded() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let dated = |time: &str| Response::json(&animals(&[(1, "Ada")])).header("Date", time);
    let fetch = |run: &str, time: &str, response| {
        server.respond("/animals", [response]);
        zoo.transformation_from(&server.url(), run).option("--collections", "animals").run().done();
        let key = format!("stage/zoo/run={run}/receipts/animals.json");
        let mut receipt = zoo.lake.json(&key);
        receipt["fetched_at"] = json!(time);
        zoo.lake.overwrite(&key, receipt.to_string().as_bytes());
    };
    let load = |run| zoo.copy(run).option("--collections", "animals").run();
    fetch("r1", "2026-01-05T10:00:00.000000Z", dated("Mon, 05 Jan 2026 10:00:00 GMT"));
    load("r1").done();
    fetch("r2", "2026-01-05T09:00:00.000000Z", dated("Mon, 05 Jan 2026 09:00:00 GMT"));
    assert_eq!(load("r2").done()["outcome"], "superseded");
    fetch("r3", "2026-01-05T09:00:00.000000Z", dated("Mon, 05 Jan 2026 11:00:00 GMT"));
    let words = ["superseded by run `r1`", "the source sent `animals` later", "`transformation` was behind"];
    load("r3").refused(&[words[0], words[1], words[2], "hint: correct the clock"]);
}
