//! Collections whose records are only added.

use std::fs;

use serde_json::{Value, json};

use super::{CONTRACT, visit, visits};
use crate::support::database::Role;
use crate::support::zoo::Zoo;

fn append(incremental: bool) -> Zoo {
    let zoo = visits();
    let line = CONTRACT.lines().find(|line| line.contains("incremental:")).expect("a line");
    let kept = if incremental { line } else { "" };
    fs::write(zoo.contract(), CONTRACT.replace(line, &format!("{kept}\n    mode: append"))).expect("the contract");
    zoo
}

fn rows(zoo: &Zoo) -> [Vec<String>; 2] {
    let session = zoo.database().session(Role::Postgres);
    let gone = "CASE WHEN _deleted_at IS NULL THEN '' ELSE ' gone' END";
    [
        session.texts(&format!("SELECT id || ' ' || note || {gone} FROM zoo.visits ORDER BY id")),
        session.texts(&format!(
            "SELECT visit_id || ' ' || place || {gone} FROM zoo.visit_stops ORDER BY visit_id, position"
        )),
    ]
}

const TIME: &str = "2025-06-03T12:00:00Z";

#[test]
fn a_loaded_record_never_changes_and_the_first_of_several_is_loaded() {
    let zoo = append(false);
    let load = |run: &str, records: &[Value]| {
        zoo.set("visits", &records.iter().cloned().collect());
        let counts = zoo.load(run)["tables"]["visits"].clone();
        ["read", "rows", "inserted", "updated", "deleted", "superseded"].map(|name| counts[name].as_u64().unwrap_or(0))
    };
    assert_eq!(load("r1", &[visit(1, TIME, "a", &["x"]), visit(2, TIME, "b", &[])]), [2, 2, 2, 0, 0, 0]);
    let records = [
        visit(2, TIME, "changed", &["y"]),
        visit(3, TIME, "c", &["z"]),
        visit(3, "2025-06-04T12:00:00Z", "d", &["v", "w"]),
    ];
    assert_eq!(load("r2", &records), [3, 1, 1, 0, 0, 2]);
    let expected = [vec!["1 a", "2 b", "3 c"], vec!["1 x", "3 z"]];
    assert_eq!(rows(&zoo), expected);
    let before = zoo.rows();
    assert_eq!(load("r3", &[]), [0; 6]);
    assert_eq!(load("r4", &records), [3, 0, 0, 0, 0, 3]);
    assert_eq!(zoo.rows(), before);
    let recorded = "SELECT tables->'visits'->>'rows' FROM etl.runs ORDER BY seq DESC LIMIT 1";
    assert_eq!(zoo.database().session(Role::Reader).number(recorded), 3);
}

#[test]
fn only_new_records_are_requested() {
    let (zoo, server) = (append(true), crate::support::server::Server::start());
    let load = |run: &str, records: Vec<Value>| {
        let response = crate::support::server::Response::json(&json!(records));
        server.answer(move |_| Some(response.clone()));
        zoo.transformation_with_ledger(&server.url(), run).run().done();
        zoo.copy(run).run().done();
        server.all().pop().expect("a request").path
    };
    assert_eq!(load("r1", vec![visit(1, TIME, "a", &[])]), "/visits");
    let since = "/visits?since=2025-06-01T12%3A00%3A00Z";
    assert_eq!(load("r2", vec![visit(1, TIME, "changed", &["x"]), visit(2, TIME, "b", &["y"])]), since);
    assert_eq!(load("r3", vec![]), since);
    assert_eq!(rows(&zoo), [vec!["1 a", "2 b"], vec!["2 y"]]);
}
