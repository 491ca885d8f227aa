//! Every change of `docs/drift.md` under every policy, through both programs and in the warehouse.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::changes::{Change, End, POLICIES, RECORD, changes};
use crate::support::program::Program;
use crate::support::zoo::Zoo;

/// Two more animals, so that one that is set aside is no more than half of all.
const OTHERS: &str = r#"{"id":2,"name":"Bo"},{"id":3,"name":"Cy"}"#;

/// A zoo whose animals come under one policy.
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
    fn prove(&self, number: usize, change: &Change) {
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
            End::Aside(reasons) => self.set_aside(&after, &row, &record, &reasons.join("\n")),
            End::Refused(words) => self.refused(&after, words),
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

    fn set_aside(&self, run: &str, before: &Value, record: &str, reasons: &str) {
        assert_eq!(self.counts(run), [3, 2, 1], "read, rows, quarantined");
        let [aside] = <[_; 1]>::try_from(self.zoo.lake.set_aside("zoo", run, "animals")).expect("one record");
        assert_eq!((aside.number, aside.reasons.as_str(), aside.record.as_str()), (1, reasons, record));
        assert_eq!(self.moved(run), [0, 2, 1], "updated, unchanged, deleted");
        let mut expected = before.clone();
        expected["deleted"] = json!(true);
        assert_eq!(self.row(), expected, "the row is kept as it was, and marked");
    }

    fn refused(&self, run: &str, words: &str) {
        let state = self.zoo.state();
        self.transformation(run).run().refused(&["collection `animals` failed", words]);
        self.copy(run).run().refused(&[&format!("run `{run}` has no manifest for animals")]);
        assert_eq!(self.zoo.state(), state, "rows, ledger, staging tables and receipts");
        assert!(self.zoo.lake.keys(&format!("processed/zoo/animals/run={run}")).is_empty());
    }

    /// What the transformation read, wrote and set aside.
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

fn prove_every_change_under(policy: usize) {
    let stage = Stage::under(policy);
    for (number, change) in changes().iter().enumerate() {
        // A failed assertion says which of the changes it was about.
        println!("{} under {}", change.what, POLICIES[policy]);
        stage.prove(number, change);
    }
    let others = "SELECT DISTINCT _run_id FROM zoo.animals WHERE id > 1 AND _deleted_at IS NULL";
    assert_eq!(stage.zoo.objects(others), [json!({"_run_id": "before0"})], "nobody else's row was ever written");
}

#[test]
fn every_change_under_evolve() {
    prove_every_change_under(0);
}

#[test]
fn every_change_under_quarantine() {
    prove_every_change_under(1);
}

#[test]
fn every_change_under_freeze() {
    prove_every_change_under(2);
}

#[test]
fn the_documented_table_is_the_proved_one() {
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
        let rest = rest.each_ref().map(|end| if end == first { "the same".to_owned() } else { told(end) });
        let _ = writeln!(
            table,
            "| {what} | {} | {} | {} | {} | {} |",
            shown(from),
            shown(to),
            told(first),
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

fn told(end: &End) -> String {
    match end {
        End::Loaded(differs) if differs == &json!({}) => "loaded, nothing differs".to_owned(),
        End::Loaded(differs) => format!("loaded: `{differs}`"),
        End::Aside(reasons) => format!("quarantined: {}", reasons.join("; ")),
        End::Refused(words) => format!("refused: {words}"),
    }
}
