//! Tests whether the ledger allows a run to load.

use super::*;

fn committed(seq: i64, run: &str, fetched_at: &str, collections: &[(&str, &str)]) -> Committed {
    Committed {
        seq,
        run_id: run.parse().expect("run id"),
        fetched_at: fetched_at.to_owned(),
        rows: BTreeMap::new(),
        collections: collections
            .iter()
            .map(|(name, print)| ((*name).to_owned(), Loaded::Records((*print).to_owned())))
            .collect(),
    }
}

fn ledger() -> Ledger {
    Ledger(vec![
        committed(2, "tuesday", "2026-01-06T00:00:00.000000Z", &[("a", "p2")]),
        committed(1, "monday", "2026-01-05T00:00:00.000000Z", &[("a", "p1"), ("b", "p1")]),
    ])
}

#[test]
fn a_run_loads_on_the_head_or_is_committed_or_superseded() {
    let id = |text: &str| text.parse::<RunId>().expect("run id");
    let fetched_at = "2026-01-06T00:00:00.000000Z".to_owned();
    let by = Standing::Superseded { by: id("tuesday"), fetched_at };
    for (run, fetched_at, expected) in [
        ("wednesday", "2026-01-07T00:00:00.000000Z", Standing::Load { head: 2 }),
        ("twin", "2026-01-06T00:00:00.000000Z", Standing::Load { head: 2 }),
        ("tuesday", "2026-01-06T00:00:00.000000Z", Standing::AlreadyCommitted),
        ("monday", "2026-01-05T00:00:00.000000Z", by.clone()),
        ("late", "2026-01-05T23:59:59.999999Z", by),
    ] {
        assert_eq!(ledger().standing(&id(run), fetched_at), expected, "{run}");
    }
    assert_eq!(Ledger::default().standing(&id("first"), ""), Standing::Load { head: 0 });
}

/// Ledgers of earlier versions have these counts, so no table has to be added.
#[test]
fn the_rows_of_the_newest_load_of_a_table_are_read_from_the_ledger() {
    let row = |seq, tables: &str| {
        (seq, format!("r{seq}"), "2026-01-05 00:00:00.000000".to_owned(), "{}".to_owned(), tables.to_owned())
    };
    let newest = row(2, r#"{"hens": {"rows": 3, "deleted": 1}}"#);
    let ledger = Ledger::read([newest, row(1, r#"{"hens": {"rows": 4}, "cocks": {"rows": 1}}"#)]).expect("a ledger");
    assert_eq!(["hens", "cocks", "eggs"].map(|table| ledger.rows(table)), [Some(3), Some(1), None]);
}

#[test]
fn the_current_run_of_a_collection_is_the_newest_that_loaded_it_and_only_under_the_same_fingerprint() {
    let ledger = ledger();
    let current = |name, print| ledger.current(name, print).map(RunId::as_str);
    assert_eq!(current("a", "p2"), Some("tuesday"));
    assert_eq!(current("a", "p1"), None, "an older run's rows are gone from the table");
    assert_eq!(current("b", "p1"), Some("monday"));
    assert_eq!(current("c", "p1"), None);
}

/// Ledgers of earlier versions have only fingerprints.
#[test]
fn the_cursor_of_the_newest_load_is_read_and_older_rows_have_none() {
    let row = |seq, collections: &str| {
        let time = "2026-01-05 00:00:00.000000".to_owned();
        (seq, format!("r{seq}"), time, collections.to_owned(), "{}".to_owned())
    };
    let ledger = Ledger::read([
        row(3, r#"{"b": "p"}"#),
        row(2, r#"{"a": {"fingerprint": "p", "cursor": -5, "parts": 2}, "c": {"fingerprint": "p", "parts": 1}}"#),
        row(
            1,
            r#"{"a": {"fingerprint": "p", "cursor": 9, "parts": 0}, "b": {"fingerprint": "p", "cursor": 1, "parts": 0}}"#,
        ),
    ]);
    let ledger = ledger.expect("a ledger");
    let cursors = [("a", "p"), ("a", "q"), ("b", "p"), ("c", "p"), ("d", "p")];
    assert_eq!(cursors.map(|(name, print)| ledger.cursor(name, print)), [Some((-5, 2)), None, None, None, None]);
    assert_eq!(ledger.current("a", "p").map(RunId::as_str), Some("r2"));
}
