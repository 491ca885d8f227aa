//! Several programs that process the same run, or adjacent runs, in parallel.

use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::program::{Ended, Program, Running};
use crate::support::zoo::{Zoo, animals};

/// Runs the programs in parallel.
pub fn in_parallel(programs: impl IntoIterator<Item = Program>) -> Vec<Value> {
    let running: Vec<Running> = programs.into_iter().map(Program::start).collect();
    running.into_iter().map(|running| Ended::done(&running.wait())).collect()
}

fn sorted<'r>(reports: &'r [Value], of: impl Fn(&'r Value) -> &'r Value) -> Vec<&'r str> {
    let mut found: Vec<&str> = reports.iter().filter_map(|report| of(report).as_str()).collect();
    found.sort_unstable();
    found
}

#[test]
fn four_loads_of_one_run_commit_it_once() {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    // The first load also creates the tables.
    let reports = in_parallel((0..4).map(|_| zoo.copy("r1")));
    let outcomes = sorted(&reports, |report| &report["outcome"]);
    assert_eq!(outcomes, ["already_committed", "already_committed", "already_committed", "committed"]);
    assert_eq!(zoo.ledger(), ["1 r1"]);
    assert_eq!(zoo.objects("SELECT id FROM zoo.animals").len(), 3);
    assert!(zoo.database().versions("staging_zoo").is_empty());
}

#[test]
fn after_two_adjacent_runs_in_parallel_the_tables_have_the_newer_one() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    for (run, name) in [("r2", "Second"), ("r3", "Third")] {
        zoo.set("animals", &animals(&[(1, name)]));
        zoo.transformation(run).run().done();
    }
    let reports = in_parallel(["r2", "r3"].map(|run| zoo.copy(run)));
    assert_eq!(reports[1]["outcome"], "committed");
    assert_eq!(zoo.objects("SELECT name FROM zoo.animals WHERE _deleted_at IS NULL"), [json!({"name": "Third"})]);
    match reports[0]["outcome"].as_str() {
        Some("committed") => assert_eq!(zoo.ledger(), ["1 r1", "2 r2", "3 r3"]),
        other => {
            assert_eq!((other, &reports[0]["superseded_by"]), (Some("superseded"), &json!("r3")));
            assert_eq!(zoo.ledger(), ["1 r1", "2 r3"]);
        }
    }
    assert!(zoo.database().versions("staging_zoo").is_empty());
}

/// Both runs have computed their changes on the same head, which the first one to get the lock updates.
fn overtaken(first: &str, second: &str) -> (Zoo, [Value; 2]) {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    for (run, name) in [("r2", "Second"), ("r3", "Third")] {
        zoo.set("animals", &animals(&[(1, name)]));
        zoo.transformation(run).run().done();
    }
    let holder = zoo.database().enter(Role::Loader);
    holder.run("BEGIN; LOCK etl.load_lock");
    let first = zoo.copy(first).start();
    zoo.database().until_waiting(1);
    let second = zoo.copy(second).start();
    zoo.database().until_waiting(2);
    drop(holder);
    let reports = [first, second].map(|running| running.wait().done());
    assert!(zoo.database().versions("staging_zoo").is_empty());
    (zoo, reports)
}

#[test]
fn a_newer_load_that_was_overtaken_computes_its_changes_again() {
    let (zoo, [older, newer]) = overtaken("r2", "r3");
    assert_eq!((&older["outcome"], &newer["outcome"]), (&json!("committed"), &json!("committed")));
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2", "3 r3"]);
    // Compared with r2, only the name is new; compared with r1, two animals would be deleted as well.
    let counts = &newer["tables"]["animals"];
    assert_eq!((&counts["updated"], &counts["deleted"]), (&json!(1), &json!(0)));
}

#[test]
fn an_older_load_that_was_overtaken_is_superseded() {
    let (zoo, [newer, older]) = overtaken("r3", "r2");
    assert_eq!((&newer["outcome"], &older["outcome"]), (&json!("committed"), &json!("superseded")));
    assert_eq!(zoo.ledger(), ["1 r1", "2 r3"]);
    assert_eq!(zoo.objects("SELECT name FROM zoo.animals WHERE id = 1"), [json!({"name": "Third"})]);
}

#[test]
fn four_transformations_of_one_run_publish_one_manifest_and_one_set_of_files() {
    let zoo = Zoo::stocked();
    let reports = in_parallel((0..4).map(|_| zoo.transformation("r1")));
    for (collection, tables) in [("animals", 3), ("keepers", 1), ("tickets", 1), ("about", 1)] {
        let statuses = sorted(&reports, |report| &report["collections"][collection]["status"]);
        assert_eq!(statuses, ["fetched", "reused", "reused", "reused"], "{collection}");
        let receipt = zoo.lake.receipt("zoo", "r1", collection);
        let recorded = receipt["tables"].as_array().expect("tables").iter();
        let mut keys: Vec<&str> = recorded.filter_map(|table| table["files"][0]["key"].as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys.len(), tables);
        for key in keys {
            let (folder, _) = key.rsplit_once('/').expect("a folder");
            assert_eq!(zoo.lake.keys(folder), [key], "the losers' files are gone");
        }
    }
    assert_eq!(zoo.copy("r1").run().done()["tables"]["animals"]["inserted"], 3);
}
