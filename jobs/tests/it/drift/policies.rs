//! Every change of `docs/drift.md` under every policy, through both programs and in the warehouse.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::changes::{Change, End, POLICIES, RECORD, changes};
use crate::support::program::Program;
use crate::support::zoo::Zoo;

/// Two more animals, so that one quarantined record is at most half of all.
const OTHERS: &str = r#"{"id":2,"name":"Bo"},{"id":3,"name":"Cy"}"#;

/// A zoo whose animals have one policy.
struct Stage {
    zoo: Zoo,
    policy: usize,
}

impl Stage {
    fn under(policy: usize) -> Self {
        let zoo = Zoo::empty();
        zoo.amend(
            "    key: id\n    doc: One row an animal.",
            &format!("    key: id\n    drift: {}\n    doc: One row an animal.", POLICIES[policy]),
        );
        Self { zoo, policy }
    }

    /// The source has this record, or these, and two that never change.
    fn gives(&self, record: &str) {
        self.zoo.gives_text("animals", &format!("[{record},{OTHERS}]"));
    }

    fn transformation(&self, run: &str) -> Program {
        self.zoo.transformation(run).option("--collections", "animals")
    }

    fn copy(&self, run: &str) -> Program {
        self.zoo.copy(run).option("--collections", "animals")
    }

    /// The row of the first animal.
    fn row(&self) -> Value {
        let sql = "SELECT id, name, species, legs, weight_kg, born_on, tags, keeper_id, _extra, \
                   _deleted_at IS NOT NULL AS deleted FROM zoo.animals WHERE id = 1";
        let [row] = <[Value; 1]>::try_from(self.zoo.objects(sql)).expect("one row");
        row
    }

    /// The record as it was, then changed; the end must be the documented one.
    fn check(&self, number: usize, change: &Change) {
        let (before, after) = (format!("before{number}"), format!("after{number}"));
        self.gives(RECORD);
        self.transformation(&before).run().done();
        self.copy(&before).run().done();
        let row = self.row();
        assert!(RECORD.contains(change.from), "the record has no {}", change.from);
        let record = RECORD.replacen(change.from, change.to, 1);
        self.gives(&record);
        match &change.ends[self.policy] {
            End::Loaded(differs) => self.loaded(&after, &row, differs),
            End::Quarantined(reasons) => self.quarantined(&after, &row, &record, &reasons.join("\n")),
            End::Refused(message) => self.refused(&after, message),
        }
    }

    fn loaded(&self, run: &str, before: &Value, differs: &Value) {
        assert_eq!(self.counts(run), [3, 3, 0], "read, rows, quarantined");
        let changed = u64::from(differs != &json!({}));
        assert_eq!(self.moved(run), [changed, 3 - changed, 0], "updated, unchanged, deleted");
        let mut expected = before.clone();
        for (column, value) in differs.as_object().expect("columns") {
            expected[column] = value.clone();
        }
        assert_eq!(self.row(), expected);
    }

    fn quarantined(&self, run: &str, before: &Value, record: &str, reasons: &str) {
        assert_eq!(self.counts(run), [3, 2, 1], "read, rows, quarantined");
        let [aside] = <[_; 1]>::try_from(self.zoo.lake.quarantined("zoo", run, "animals")).expect("one record");
        assert_eq!((aside.number, aside.reasons.as_str(), aside.record.as_str()), (1, reasons, record));
        assert_eq!(self.moved(run), [0, 2, 1], "updated, unchanged, deleted");
        let mut expected = before.clone();
        expected["deleted"] = json!(true);
        assert_eq!(self.row(), expected, "the row is kept as it was, and marked");
    }

    fn refused(&self, run: &str, message: &str) {
        let state = self.zoo.state();
        self.transformation(run).run().refused(&["collection `animals` failed", message]);
        self.copy(run).run().refused(&[&format!("run `{run}` has no manifest for animals")]);
        assert_eq!(self.zoo.state(), state, "rows, ledger, staging tables and receipts");
        assert!(self.zoo.lake.keys(&format!("processed/zoo/animals/run={run}")).is_empty());
    }

    /// What the transformation read, wrote and quarantined.
    fn counts(&self, run: &str) -> [u64; 3] {
        let report = self.transformation(run).run().done();
        let table = &report["collections"]["animals"]["tables"][0];
        ["read", "rows", "quarantined"].map(|name| table[name].as_u64().expect("a count"))
    }

    /// What the load did to the table.
    fn moved(&self, run: &str) -> [u64; 3] {
        let report = self.copy(run).run().done();
        let table = &report["tables"]["animals"];
        ["updated", "unchanged", "deleted"].map(|name| table[name].as_u64().expect("a count"))
    }
}

fn check_every_change_under(policy: usize) {
    let stage = Stage::under(policy);
    for (number, change) in changes().iter().enumerate() {
        // Shows which change an assertion is about.
        println!("{} under {}", change.what, POLICIES[policy]);
        stage.check(number, change);
    }
    let others = "SELECT DISTINCT _run_id FROM zoo.animals WHERE id > 1 AND _deleted_at IS NULL";
    assert_eq!(stage.zoo.objects(others), [json!({"_run_id": "before0"})], "no other row was written");
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
fn the_documented_table_is_the_tested_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drift.md");
    let text = std::fs::read_to_string(&file).expect("docs/drift.md");
    let documented: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    let table = table();
    // Not `assert_eq!`: what a person wants to see is the table to paste.
    assert!(documented == table.lines().collect::<Vec<_>>(), "docs/drift.md should have:\n{table}");
    assert!(text.contains(RECORD), "docs/drift.md should show the record {RECORD}");
}

/// The table as it stands in the documentation.
fn table() -> String {
    let mut table = String::from("| change | from | to | evolve | quarantine | freeze |\n");
    for Change { what, from, to, ends } in changes() {
        let [first, rest @ ..] = &ends;
        let rest = rest.each_ref().map(|end| if end == first { "the same".to_owned() } else { described(end) });
        let _ = writeln!(
            table,
            "| {what} | {} | {} | {} | {} | {} |",
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

fn described(end: &End) -> String {
    match end {
        End::Loaded(differs) if differs == &json!({}) => "loaded, nothing differs".to_owned(),
        End::Loaded(differs) => format!("loaded: `{differs}`"),
        End::Quarantined(reasons) => format!("quarantined: {}", reasons.join("; ")),
        End::Refused(message) => format!("refused: {message}"),
    }
}
