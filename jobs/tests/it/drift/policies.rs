//! Every change in `docs/drift.md` under every policy, tested with both programs and the warehouse.

use std::fmt::Write;

use serde_json::{Value, json};

use super::changes::{Change, Outcome, POLICIES, RECORD, changes};
use super::{check_documented, document};
use crate::support::program::Program;
use crate::support::zoo::Zoo;

/// Two more animals, so that one quarantined record does not exceed the allowed share.
const OTHERS: &str = r#"{"id":2,"name":"Bo"},{"id":3,"name":"Cy"}"#;

/// A zoo with one drift policy for its animals.
struct PolicyTest {
    zoo: Zoo,
    policy: usize,
}

impl PolicyTest {
    fn under(policy: usize) -> Self {
        let zoo = Zoo::empty();
        zoo.amend(
            "    key: id\n    doc: One row an animal.",
            &format!("    key: id\n    drift: {}\n    doc: One row an animal.", POLICIES[policy]),
        );
        Self { zoo, policy }
    }

    /// Makes the source return this record (or these records) and two that never change.
    fn set_record(&self, record: &str) {
        self.zoo.set_text("animals", &format!("[{record},{OTHERS}]"));
    }

    fn transformation(&self, run: &str) -> Program {
        self.zoo.transformation(run).option("--collections", "animals")
    }

    fn copy(&self, run: &str) -> Program {
        self.zoo.copy(run).option("--collections", "animals")
    }

    /// Returns the row of the first animal.
    fn row(&self) -> Value {
        let sql = "SELECT id, name, species, legs, weight_kg, born_on, tags, keeper_id, _extra, \
                   _deleted_at IS NOT NULL AS deleted FROM zoo.animals WHERE id = 1";
        let [row] = <[Value; 1]>::try_from(self.zoo.objects(sql)).expect("one row");
        row
    }

    /// Loads the original record, then the changed one; checks that the outcome is the documented one.
    fn check(&self, number: usize, change: &Change) {
        let (before, after) = (format!("before{number}"), format!("after{number}"));
        self.set_record(RECORD);
        self.transformation(&before).run().done();
        self.copy(&before).run().done();
        let row = self.row();
        assert!(RECORD.contains(change.from), "the record has no {}", change.from);
        let record = RECORD.replacen(change.from, change.to, 1);
        self.set_record(&record);
        match &change.outcomes[self.policy] {
            Outcome::Loaded(changed) => self.loaded(&after, &row, changed),
            Outcome::Quarantined(reasons) => self.quarantined(&after, &row, &record, &reasons.join("\n")),
            Outcome::Refused(message) => self.refused(&after, message),
            Outcome::NotLoaded(message) => self.not_loaded(&after, message),
        }
    }

    fn loaded(&self, run: &str, before: &Value, columns: &Value) {
        assert_eq!(self.counts(run), [3, 3, 0], "read, rows, quarantined");
        let changed = u64::from(columns != &json!({}));
        assert_eq!(self.changes(run), [changed, 3 - changed, 0], "updated, unchanged, deleted");
        let mut expected = before.clone();
        for (column, value) in columns.as_object().expect("columns") {
            expected[column] = value.clone();
        }
        assert_eq!(self.row(), expected);
    }

    fn quarantined(&self, run: &str, before: &Value, record: &str, reasons: &str) {
        assert_eq!(self.counts(run), [3, 2, 1], "read, rows, quarantined");
        let [quarantined] = <[_; 1]>::try_from(self.zoo.lake.quarantined("zoo", run, "animals")).expect("one record");
        let actual = (quarantined.number, quarantined.reasons.as_str(), quarantined.record.as_str());
        assert_eq!(actual, (1, reasons, record));
        assert_eq!(self.changes(run), [0, 2, 1], "updated, unchanged, deleted");
        let mut expected = before.clone();
        expected["deleted"] = json!(true);
        assert_eq!(self.row(), expected, "the row keeps its values and is marked as deleted");
    }

    fn refused(&self, run: &str, message: &str) {
        let state = self.zoo.state();
        self.transformation(run).run().refused(&["collection `animals` failed", message]);
        self.copy(run).run().refused(&[&format!("run `{run}` has no manifest for animals")]);
        assert_eq!(self.zoo.state(), state, "rows, ledger, staging tables and manifests");
        assert!(self.zoo.lake.keys(&format!("processed/zoo/animals/run={run}")).is_empty());
    }

    fn not_loaded(&self, run: &str, message: &str) {
        self.transformation(run).run().done();
        let state = self.zoo.state();
        self.copy(run).run().refused(&[message]);
        assert_eq!(self.zoo.state(), state, "rows, ledger, staging tables and manifests");
    }

    /// Returns the numbers of records that the transformation read, wrote and quarantined.
    fn counts(&self, run: &str) -> [u64; 3] {
        let report = self.transformation(run).run().done();
        let table = &report["collections"]["animals"]["tables"][0];
        ["read", "rows", "quarantined"].map(|name| table[name].as_u64().expect("a count"))
    }

    /// Returns the numbers of rows that the load updated, left unchanged and marked as deleted.
    fn changes(&self, run: &str) -> [u64; 3] {
        let report = self.copy(run).run().done();
        let table = &report["tables"]["animals"];
        ["updated", "unchanged", "deleted"].map(|name| table[name].as_u64().expect("a count"))
    }
}

fn check_every_change_under(policy: usize) {
    let test = PolicyTest::under(policy);
    for (number, change) in changes().iter().enumerate() {
        // Shows which change a failed assertion belongs to.
        println!("{} under {}", change.name, POLICIES[policy]);
        test.check(number, change);
    }
    let others = "SELECT DISTINCT _run_id FROM zoo.animals WHERE id > 1 AND _deleted_at IS NULL";
    assert_eq!(test.zoo.objects(others), [json!({"_run_id": "before0"})], "no other row was written");
}

#[test]
fn every_change_under_evolve() {
    check_every_change_under(0);
}

#[test]
fn every_change_under_quarantine() {
    check_every_change_under(1);
}

#[test]
fn every_change_under_freeze() {
    check_every_change_under(2);
}

#[test]
fn the_documented_table_matches_the_tested_one() {
    check_documented(&table());
    assert!(document().contains(RECORD), "docs/drift.md should show the record {RECORD}");
}

/// Returns the table as it must appear in the documentation.
fn table() -> String {
    let mut table = String::from("| change | from | to | evolve | quarantine | freeze |\n");
    for Change { name, from, to, outcomes } in changes() {
        let [first, rest @ ..] = &outcomes;
        let rest = rest.each_ref().map(|other| if other == first { "the same".to_owned() } else { described(other) });
        let _ = writeln!(
            table,
            "| {name} | {} | {} | {} | {} | {} |",
            shown(from),
            shown(to),
            described(first),
            rest[0],
            rest[1]
        );
    }
    table
}

fn shown(json: &str) -> String {
    match json.trim_matches(',') {
        "" => "–".to_owned(),
        RECORD => "the record".to_owned(),
        json => format!("`{json}`"),
    }
}

fn described(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Loaded(columns) if columns == &json!({}) => "loaded, unchanged".to_owned(),
        Outcome::Loaded(columns) => format!("loaded: `{columns}`"),
        Outcome::Quarantined(reasons) => format!("quarantined: {}", reasons.join("; ")),
        Outcome::Refused(message) => format!("refused: {message}"),
        Outcome::NotLoaded(message) => format!("refused by `copy`: {message}"),
    }
}
