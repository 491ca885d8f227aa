//! Where a request starts: after what was loaded, never after what was only fetched.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{visit, visits};
use crate::support::database::Role;
use crate::support::program::Program;
use crate::support::server::{Response, Server};
use crate::support::zoo::Zoo;

const LATE: &str = "2025-06-03T12:00:00Z";
/// Two days earlier, as in the contract's `lookback`.
const SINCE: &str = "/visits?since=2025-06-01T12%3A00%3A00Z";

struct Bench {
    zoo: Zoo,
    server: Server,
}

impl Bench {
    fn new() -> Self {
        Self { zoo: visits(), server: Server::start() }
    }

    fn transformation(&self, run: &str, records: &[Value]) -> Program {
        let response = Response::json(&records.iter().cloned().collect()).header("ETag", "\"same\"");
        self.server.answer(move |_| Some(response.clone()));
        self.zoo.transformation_with_ledger(&self.server.url(), run)
    }

    /// Fetches these records; returns the path and query of the request.
    #[track_caller]
    fn fetch(&self, run: &str, records: &[Value]) -> String {
        self.transformation(run, records).run().done();
        let request = self.server.all().pop().expect("a request");
        assert_eq!(request.header("If-None-Match"), None, "a part says nothing about the others");
        request.path
    }

    #[track_caller]
    fn load(&self, run: &str, records: &[Value]) -> (String, Value) {
        let path = self.fetch(run, records);
        (path, self.zoo.copy(run).run().done())
    }

    /// Returns each record's key and note, with `gone` if it is marked as deleted.
    fn notes(&self) -> Vec<String> {
        let gone = "CASE WHEN _deleted_at IS NULL THEN '' ELSE ' gone' END";
        let sql = format!("SELECT id || ' ' || note || {gone} FROM zoo.visits ORDER BY id");
        self.zoo.database().session(Role::Postgres).texts(&sql)
    }

    fn stops(&self) -> Vec<String> {
        let sql = "SELECT visit_id || ' ' || place FROM zoo.visit_stops WHERE _deleted_at IS NULL ORDER BY visit_id, position";
        self.zoo.database().session(Role::Postgres).texts(sql)
    }
}

fn first() -> [Value; 2] {
    [visit(1, "2025-06-01T00:00:00Z", "a", &["x", "y"]), visit(2, LATE, "b", &[])]
}

/// What a part did not have must be requested again, also if a person accepted the part.
#[test]
fn a_part_that_reports_more_changes_is_refused_and_keeps_the_cursor() {
    let bench = Bench::new();
    bench.load("r1", &first());
    let change = visit(1, "2025-06-09T00:00:00Z", "changed", &[]);
    let part = Response::json(&json!([change])).header("X-Total-Count", "2");
    bench.server.answer(move |_| Some(part.clone()));
    bench.zoo.transformation_with_ledger(&bench.server.url(), "part").run().done();
    let load = || bench.zoo.copy("part");
    load().run().refused(&["has 1 record, but its `X-Total-Count` header reports 2", "--accept 'REASON'"]);
    load().option("--accept", "the other one is a duplicate").run().done();
    assert_eq!(bench.notes(), ["1 changed", "2 b"]);
    assert_eq!(bench.fetch("r3", &[]), SINCE);
}

#[test]
fn a_part_that_was_not_loaded_is_requested_again() {
    let bench = Bench::new();
    assert_eq!(bench.load("r1", &first()).0, "/visits");
    let change = [visit(1, "2025-06-09T00:00:00.25Z", "changed", &[])];
    assert_eq!(bench.fetch("lost", &change), SINCE, "the change was only fetched");
    assert_eq!(bench.fetch("r2", &change), SINCE);

    // A load that is killed while it waits for its transaction.
    let holder = bench.zoo.database().enter(Role::Loader);
    holder.run("BEGIN; LOCK etl.load_lock");
    let running = bench.zoo.copy("r2").start();
    bench.zoo.database().until_waiting(1);
    running.signal(Signal::SIGKILL);
    running.wait().was_killed(Signal::SIGKILL);
    drop(holder);
    bench.zoo.database().until_left();
    assert_eq!(bench.notes(), ["1 a", "2 b"]);
    assert_eq!(bench.fetch("r3", &change), SINCE);

    // A transaction that fails in its last statement.
    let owner = bench.zoo.database().session(Role::Postgres);
    owner.run("ALTER TABLE etl.runs ADD CONSTRAINT never CHECK (run_id <> 'r3')");
    bench.zoo.copy("r3").run().refused(&["never"]);
    assert_eq!(bench.notes(), ["1 a", "2 b"]);
    assert_eq!(bench.fetch("r4", &change), SINCE);

    bench.zoo.copy("r4").run().done();
    assert_eq!((bench.notes(), bench.stops()), (vec!["1 changed".to_owned(), "2 b".to_owned()], vec![]));
    assert_eq!(bench.fetch("r5", &[]), "/visits?since=2025-06-07T00%3A00%3A00.250000Z");
    // The manifest of a lost run still has its part; it is older than what was loaded.
    assert_eq!(bench.zoo.copy("lost").run().done()["outcome"], "superseded");
}

#[test]
fn an_empty_part_is_loaded_and_requests_start_where_they_did() {
    let bench = Bench::new();
    bench.load("r1", &first());
    for run in ["r2", "r3"] {
        let (path, report) = bench.load(run, &[]);
        assert_eq!(
            (path.as_str(), &report["outcome"], &report["findings"]),
            (SINCE, &json!("committed"), &json!(null))
        );
    }
    assert_eq!(bench.notes(), ["1 a", "2 b"]);
    // An empty snapshot is implausible as before.
    bench.transformation("r4", &[]).flag("--full-refresh").run().done();
    bench.zoo.copy("r4").run().refused(&["is empty, but the table has 2 rows"]);
}

#[test]
fn an_old_version_neither_replaces_a_newer_one_nor_restores_a_deleted_record() {
    let bench = Bench::new();
    bench.load("r1", &[visit(1, LATE, "new", &["x"]), visit(2, LATE, "b", &["y"]), visit(3, LATE, "c", &["z"])]);
    bench.transformation("r2", &[visit(1, LATE, "new", &["x"])]).flag("--full-refresh").run().done();
    let report = bench.zoo.copy("r2").run().done();
    assert_eq!(report["tables"]["visits"]["deleted"], 2);
    let records = [
        visit(1, "2025-06-03T11:59:59Z", "old", &["o", "o"]),
        visit(2, LATE, "same", &["p"]),
        visit(3, "2025-06-03T12:00:01Z", "back", &["q"]),
        visit(4, "2025-06-02T00:00:00Z", "unknown", &["r"]),
    ];
    let (_, report) = bench.load("r3", &records);
    assert_eq!(bench.notes(), ["1 new", "2 b gone", "3 back", "4 unknown"]);
    assert_eq!(bench.stops(), ["1 x", "3 q", "4 r"]);
    let counts = |table: &str| {
        ["read", "rows", "superseded", "inserted", "updated", "revived", "deleted"]
            .map(|name| report["tables"][table][name].as_u64().expect(name))
    };
    assert_eq!((counts("visits"), counts("visit_stops")), ([4, 2, 2, 1, 1, 1, 0], [5, 2, 3, 1, 1, 1, 0]));
}

#[test]
fn the_last_of_equally_new_versions_is_loaded() {
    let bench = Bench::new();
    let records = [
        visit(1, LATE, "b", &["x", "y"]),
        visit(1, LATE, "c", &["z"]),
        visit(1, "2025-06-01T00:00:00Z", "a", &["w"]),
        visit(2, LATE, "d", &[]),
        visit(2, LATE, "d", &[]),
    ];
    let (_, report) = bench.load("r1", &records);
    assert_eq!((bench.notes(), bench.stops()), (vec!["1 c".to_owned(), "2 d".to_owned()], vec!["1 z".to_owned()]));
    assert_eq!(
        (&report["tables"]["visits"]["superseded"], &report["tables"]["visits"]["inserted"]),
        (&json!(3), &json!(2))
    );
    // The same time as the loaded version: what was fetched last is current.
    bench.load("r2", &[visit(1, LATE, "e", &[])]);
    assert_eq!((bench.notes(), bench.stops()), (vec!["1 e".to_owned(), "2 d".to_owned()], vec![]));
}

#[test]
fn a_range_is_loaded_and_does_not_move_the_cursor() {
    let bench = Bench::new();
    bench.load("r1", &first());
    for (run, from, to) in
        [("past", "2024-01-01", "2024-02-01"), ("future", "2030-01-01", "2030-01-02T00:00:00.5+02:00")]
    {
        let at = format!("{}T10:00:00Z", &from[..10]);
        let range = bench.transformation(run, &[visit(9, &at, run, &[])]);
        range.option("--from", from).option("--to", to).run().done();
        bench.zoo.copy(run).run().done();
        assert_eq!(bench.notes(), ["1 a".to_owned(), "2 b".to_owned(), format!("9 {run}")]);
    }
    let ranges: Vec<String> = bench.server.all().into_iter().skip(1).map(|request| request.path).collect();
    let expected = [
        "/visits?since=2024-01-01T00%3A00%3A00Z&until=2024-02-01T00%3A00%3A00Z",
        "/visits?since=2030-01-01T00%3A00%3A00Z&until=2030-01-01T22%3A00%3A00.500000Z",
    ];
    assert_eq!(ranges, expected);
    assert_eq!(bench.load("r2", &[]).0, SINCE);
}

#[test]
fn a_range_that_cannot_be_requested_is_refused_before_any_request() {
    let bench = Bench::new();
    let range = |from: &str, to: &str| bench.transformation("r1", &[]).option("--from", from).option("--to", to);
    range("2025-01-02", "2025-01-01").run().refused(&["collection `visits`", "it ends before it starts"]);
    range("yesterday", "2025-01-01").run().refused(&[
        "`updated_at` is a timestamp",
        "yesterday",
        "2026-01-31T12:00:00Z",
    ]);
    range("2025-01-01", "2025-02-01").flag("--full-refresh").run().misused(&["--full-refresh"]);
    bench.transformation("r1", &[]).option("--from", "2025-01-01").run().misused(&["--from and --to"]);
    bench.transformation("r1", &[]).env("RANGE_FROM", " ").env("RANGE_TO", "").run().done();
    bench
        .zoo
        .raw("r1")
        .option("--run-id", "r2")
        .option("--from", "1")
        .option("--to", "2")
        .run()
        .misused(&["--from-raw"]);
    bench.zoo.transformation("r3").option("--from", "1").option("--to", "2").run().refused(&["only of an API"]);
    bench.zoo.amend(", end_param: until", "");
    range("2025-01-01", "2025-02-01").run().refused(&[
        "collection `visits`",
        "`incremental.end_param`",
        "--collections",
    ]);
    let zoo = Zoo::empty();
    let program = zoo.transformation_from("http://127.0.0.1:1", "r1").option("--from", "1").option("--to", "2");
    program.option("--collections", "keepers").run().refused(&["collection `keepers`", "no `incremental`"]);
}

#[test]
fn another_contract_and_every_nth_run_request_a_snapshot() {
    let bench = Bench::new();
    bench.load("r1", &first());
    bench.zoo.amend("lookback: 172800", "lookback: 86400");
    let (path, _) = bench.load("r2", &[]);
    assert_eq!(path, "/visits?since=2025-06-02T12%3A00%3A00Z", "it determines only where the request starts");
    bench.zoo.amend("      note:", "      mood: {type: string(8), doc: How it was.}\n      note:");
    let (path, report) = bench.load("r3", &first()[..1]);
    assert_eq!((path.as_str(), &report["tables"]["visits"]["deleted"]), ("/visits", &json!(1)));
    assert_eq!(
        bench.load("r4", &[]).0,
        "/visits?since=2025-05-31T00%3A00%3A00Z",
        "a snapshot may have an older cursor"
    );

    bench.zoo.amend("lookback: 86400", "lookback: 0, snapshot_every: 3");
    let paths = ["r5", "r6", "r7", "r8", "r9"].map(|run| bench.load(run, &first()).0);
    let since = "/visits?since=2025-06-03T12%3A00%3A00Z";
    let part = "/visits?since=2025-06-01T00%3A00%3A00Z";
    assert_eq!(paths, [part, "/visits", since, since, "/visits"]);
}

/// The records of a run that was loaded with another contract are not all in the table.
#[test]
fn a_replayed_part_remains_a_part_and_starts_no_cursor_with_another_contract() {
    let bench = Bench::new();
    bench.load("r1", &first());
    bench.load("r2", &[visit(3, LATE, "c", &["z"])]);
    bench.zoo.raw("r2").option("--run-id", "again").run().done();
    let report = bench.zoo.copy("again").run().done();
    assert_eq!((&report["outcome"], &report["tables"]["visits"]["deleted"]), (&json!("committed"), &json!(0)));
    assert_eq!(bench.notes(), ["1 a", "2 b", "3 c"]);
    assert_eq!(bench.fetch("r3", &[]), SINCE);

    bench.zoo.amend("      note:", "      mood: {type: string(8), doc: How it was.}\n      note:");
    bench.zoo.raw("r2").option("--run-id", "changed").run().done();
    bench.zoo.copy("changed").run().done();
    assert_eq!(bench.notes(), ["1 a", "2 b", "3 c"]);
    assert_eq!(bench.fetch("r4", &[]), "/visits");
}

#[test]
fn a_record_from_the_future_does_not_hide_the_changes_before_it() {
    let bench = Bench::new();
    bench.load("r1", &[visit(1, "2999-01-01T00:00:00Z", "a", &[])]);
    let receipt = bench.zoo.lake.receipt("zoo", "r1", "visits");
    let fetched =
        chrono::DateTime::parse_from_rfc3339(receipt["fetched_at"].as_str().expect("a time")).expect("a time");
    assert_eq!(receipt["cursor"], fetched.timestamp_micros());
}

/// Between other loads of the source, a collection keeps its cursor.
#[test]
fn the_cursor_of_a_collection_is_found_after_many_loads_of_others() {
    let bench = Bench::new();
    let contract = fs::read_to_string(bench.zoo.contract()).expect("the contract");
    let other = "  others:\n    path: /others\n    key: id\n    doc: o\n    columns: {id: {type: integer, doc: i}}\n";
    fs::write(bench.zoo.contract(), format!("{contract}{other}")).expect("the contract");
    let load = |run: &str, collection: &str| {
        bench.transformation(run, &first()).option("--collections", collection).run().done();
        bench.zoo.copy(run).option("--collections", collection).run().done();
        bench.server.all().pop().expect("a request").path
    };
    assert_eq!(load("r1", "visits"), "/visits");
    for number in 2..16 {
        load(&format!("r{number}"), "others");
    }
    assert_eq!([load("r16", "visits"), load("r17", "visits")], [SINCE, SINCE]);
}

/// A database that was loaded by an earlier version.
#[test]
fn a_ledger_without_cursors_requires_a_snapshot() {
    let bench = Bench::new();
    bench.load("r1", &first());
    let owner = bench.zoo.database().session(Role::Postgres);
    owner.run("UPDATE etl.runs SET collections = jsonb_build_object('visits', collections->'visits'->>'fingerprint')");
    assert_eq!(bench.load("r2", &first()).0, "/visits");
    assert_eq!(bench.load("r3", &[]).0, SINCE);
}
