//! Collections of which only the changes are requested.

mod append;
mod cursor;
pub mod source;

use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::support::database::{Database, Role};
use crate::support::server::{Response, Server};
use crate::support::zoo::Zoo;
use source::{DAY, Source, serve};

pub const CONTRACT: &str = "
source: zoo
base_url: http://zoo.example
defaults: {max_deleted_share: 1.0, max_emptied_share: 1.0}
collections:
  visits:
    path: /visits
    incremental: {cursor: updated_at, start_param: since, end_param: until, lookback: 172800}
    key: id
    doc: One row per visit.
    columns:
      id: {type: integer, required: true, doc: Number.}
      updated_at: {type: timestamp, required: true, doc: Time of the last change.}
      note: {type: string(16), doc: Anything.}
    children:
      visit_stops:
        at: stops
        parent_key: visit_id
        doc: One row per stop.
        columns:
          place: {type: string(8), doc: Where.}
          minutes: {type: double, unit: min, doc: How long.}
";

/// Returns a zoo of visits without a run.
pub fn visits() -> Zoo {
    let zoo = Zoo::empty();
    fs::write(zoo.contract(), CONTRACT).expect("the contract");
    zoo
}

/// Returns the live rows of both tables, without those of deleted records and without what describes the load.
fn live(database: &Database, deleted: &[String]) -> [Vec<Value>; 2] {
    let deleted = format!("ARRAY[{}]::bigint[]", deleted.join(", "));
    [("visits", "id"), ("visit_stops", "visit_id")].map(|(table, key)| {
        database.session(Role::Postgres).objects(&format!(
            "SELECT to_jsonb(t) - '_run_id' - '_loaded_at' AS row FROM zoo.{table} AS t \
             WHERE _deleted_at IS NULL AND {key} <> ALL ({deleted}) ORDER BY _row_hash"
        ))
    })
}

fn open(source: &Arc<Mutex<Source>>) -> MutexGuard<'_, Source> {
    source.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the tables of one snapshot, loaded into another warehouse.
fn snapshot(source: &Arc<Mutex<Source>>) -> [Vec<Value>; 2] {
    let (zoo, server) = (visits(), Server::start());
    let response = {
        let mut source = open(source);
        let was_calm = std::mem::replace(&mut source.is_calm, true);
        let response = source.response(None);
        source.is_calm = was_calm;
        response
    };
    server.respond("/visits", [Response::json(&response)]);
    zoo.transformation_with_ledger(&server.url(), "r1").run().done();
    zoo.copy("r1").run().done();
    live(zoo.database(), &[])
}

/// What happened in a month, so that a test can check that it tested something.
#[derive(Debug, Default)]
pub struct Month {
    pub parts: u64,
    pub snapshots: u64,
    pub superseded_runs: u64,
    pub superseded_rows: u64,
    pub removed_stops: u64,
}

/// A month of runs, of which some are lost or loaded in another order.
pub struct Runs<'r> {
    zoo: &'r Zoo,
    server: Server,
    source: Arc<Mutex<Source>>,
    copy: &'r dyn Fn(&str) -> Value,
    month: Month,
    number: usize,
}

impl Runs<'_> {
    fn transform(&mut self, options: &[&str]) -> String {
        self.number += 1;
        let run = format!("r{}", self.number);
        let program = self.zoo.transformation_with_ledger(&self.server.url(), &run);
        options.iter().fold(program, |program, option| program.flag(option)).run().done();
        run
    }

    /// Loads a run, and checks what holds for every load.
    fn load(&mut self, run: &str) {
        let part = self.zoo.lake.receipt("zoo", run, "visits")["part"] == true;
        let report = (self.copy)(run);
        let of = |table: &str, count: &str| report["tables"][table][count].as_u64().unwrap_or(0);
        if report["outcome"] == "superseded" {
            self.month.superseded_runs += 1;
            return;
        }
        for table in ["visits", "visit_stops"] {
            let count = |name| of(table, name);
            assert_eq!(count("rows"), count("inserted") + count("updated") + count("unchanged"), "{run}: {report}");
            assert_eq!(count("read"), count("rows") + count("superseded"), "{run}: {report}");
            let session = self.zoo.database().session(Role::Postgres);
            let rows = session.number(&format!("SELECT count(*) FROM zoo.{table} WHERE _deleted_at IS NULL"));
            let recorded = format!("SELECT tables->'{table}'->>'rows' FROM etl.runs ORDER BY seq DESC LIMIT 1");
            assert_eq!(session.number(&recorded), rows, "{run}: {table}");
        }
        assert!(!part || of("visits", "deleted") == 0, "{run}: a part deleted records: {report}");
        *if part { &mut self.month.parts } else { &mut self.month.snapshots } += 1;
        self.month.superseded_rows += of("visits", "superseded");
        self.month.removed_stops += if part { of("visit_stops", "deleted") } else { 0 };
    }

    fn day(&mut self) {
        let (seconds, kind) = {
            let mut source = open(&self.source);
            let seconds = DAY + source.random.below(2 * DAY as usize) as i64;
            let changes = source.random.below(14);
            source.pass(seconds, changes);
            (seconds, source.random.below(6))
        };
        let first = self.transform(&[]);
        match kind {
            // It is never loaded.
            0 => return,
            // It is loaded after a later run.
            1 => {
                open(&self.source).pass(seconds / 9, 4);
                let second = self.transform(&[]);
                self.load(&second);
            }
            // It is loaded before another run with the same start.
            2 => {
                open(&self.source).pass(seconds / 9, 4);
                let second = self.transform(&[]);
                self.load(&first);
                self.load(&second);
                assert_eq!((self.copy)(&second)["outcome"], "already_committed");
                return;
            }
            _ => {}
        }
        self.load(&first);
    }
}

/// Loads the changes of 30 days; then the tables are those of one snapshot, and after another snapshot even without the
/// records that were deleted.
pub fn month(seed: u64, zoo: &Zoo, copy: &dyn Fn(&str) -> Value) -> Month {
    println!("seed {seed}");
    if seed % 2 == 1 {
        zoo.amend("lookback: 172800", "lookback: 172800, snapshot_every: 5");
    }
    let (server, source) = serve(Source::new(seed, 12));
    let end = open(&source).now + 30 * DAY;
    let mut runs = Runs { zoo, server, source, copy, month: Month::default(), number: 0 };
    while open(&runs.source).now < end {
        runs.day();
    }
    // All changes are shown now.
    open(&runs.source).pass(2 * DAY, 0);
    let last = runs.transform(&[]);
    runs.load(&last);
    let deleted = open(&runs.source).deleted();
    let expected = snapshot(&runs.source);
    assert!(expected.iter().all(|rows| rows.len() > 5), "seed {seed}: {expected:?}");
    assert_eq!(live(zoo.database(), &deleted), expected, "seed {seed}");
    let last = runs.transform(&["--full-refresh"]);
    runs.load(&last);
    assert_eq!(live(zoo.database(), &[]), expected, "seed {seed}: after a snapshot");
    runs.month
}

/// Checks that the months of several seeds contained what the test is about.
pub fn was_eventful(months: &[Month]) {
    let sum = |of: fn(&Month) -> u64| months.iter().map(of).sum::<u64>();
    let counts = [
        sum(|month| month.parts),
        sum(|month| month.snapshots),
        sum(|month| month.superseded_runs),
        sum(|month| month.superseded_rows),
        sum(|month| month.removed_stops),
    ];
    let least = [9, 2, 1, 9, 3].map(|count| count * months.len() as u64 / 2);
    assert!(counts.iter().zip(least).all(|(count, least)| *count >= least), "{counts:?}");
}

/// `SEEDS` sets the number of months.
#[test]
fn changes_that_arrive_late_twice_and_in_any_order_give_the_tables_of_a_snapshot() {
    let seeds: u64 = std::env::var("SEEDS").map_or(6, |seeds| seeds.parse().expect("a number"));
    let months = (0..seeds).map(|seed| {
        let zoo = visits();
        month(seed, &zoo, &|run| zoo.copy(run).run().done())
    });
    was_eventful(&months.collect::<Vec<_>>());
}

/// A record as the source returns it.
pub fn visit(id: u32, updated_at: &str, note: &str, stops: &[&str]) -> Value {
    let stops: Vec<Value> = stops.iter().map(|place| json!({"place": place})).collect();
    json!({"id": id, "updated_at": updated_at, "note": note, "stops": stops})
}
