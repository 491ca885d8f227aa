use contract::Contract;

use super::*;
use crate::load::Loaded;

const TEXT: &str = "
source: zoo
base_url: http://zoo.example
collections:
  visits:
    path: /visits
    incremental: {cursor: at, start_param: since, end_param: until, lookback: 7, snapshot_every: 3}
    key: id
    doc: v
    columns: {id: {type: integer, doc: i}, at: {type: timestamp, required: true, doc: a}}
";

fn contract(kind: &str, more: &str) -> Contract {
    let text = TEXT.replace("timestamp", kind).replace("lookback", &format!("{more}lookback"));
    Contract::parse(&text, "zoo.yaml").expect("a sound contract")
}

fn ledger(cursor: Option<i64>, parts: u64) -> Ledger {
    let loaded = Loaded::Changes { fingerprint: "p".to_owned(), cursor, parts };
    let row = |loaded: &Loaded| format!("{{\"visits\": {}}}", serde_json::to_string(loaded).expect("JSON"));
    let row = (1, "r1".to_owned(), "2026-01-05 00:00:00.000000".to_owned(), row(&loaded), "{}".to_owned());
    Ledger::read([row]).expect("a ledger")
}

fn window(contract: &Contract, ledger: &Ledger, choice: &Choice) -> Result<Window, String> {
    let collection = &contract.collections["visits"];
    Window::of(("visits", collection), "p", ledger, choice).map_err(|failure| failure.to_string())
}

fn parameters(contract: &Contract, ledger: &Ledger, choice: &Choice) -> String {
    let window = window(contract, ledger, choice).expect("a window");
    let parameters =
        window.parameters.into_iter().map(|(name, value)| format!("{name}={}", crate::pagination::pager::text(&value)));
    parameters.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_snapshot_is_requested_first_again_after_some_parts_and_on_request() {
    let contract = contract("timestamp", "");
    let all = Window { parameters: Vec::new(), part: false, continues: true };
    for (ledger, choice) in [
        (Ledger::default(), Choice::Changes),
        (ledger(None, 0), Choice::Changes),
        (ledger(Some(1), 2), Choice::Changes),
        (ledger(Some(1), 0), Choice::All),
    ] {
        assert_eq!(window(&contract, &ledger, &choice), Ok(all.clone()), "{ledger:?} {choice:?}");
    }
    for parts in [0, 1] {
        let window = window(&contract, &ledger(Some(1), parts), &Choice::Changes).expect("a window");
        assert!(window.part && window.continues && window.parameters.len() == 1, "{window:?}");
    }
    let other = Window::of(("visits", &contract.collections["visits"]), "q", &ledger(Some(1), 0), &Choice::Changes);
    assert_eq!(other.map_err(|failure| failure.to_string()), Ok(all), "another contract");
}

#[test]
fn a_start_has_the_cursors_type_and_the_contracts_format() {
    let start = |kind: &str, format: &str, cursor: i64| {
        let more = if format.is_empty() { String::new() } else { format!("format: {format}, ") };
        parameters(&contract(kind, &more), &ledger(Some(cursor), 0), &Choice::Changes)
    };
    let noon = 1_769_860_807_000_000;
    for (kind, format, cursor, expected) in [
        ("timestamp", "", noon, "2026-01-31T12:00:00Z"),
        ("timestamp", "", noon + 1, "2026-01-31T12:00:00.000001Z"),
        ("timestamp", "date", noon, "2026-01-31"),
        ("timestamp", "unix_seconds", noon + 999_999, "1769860800"),
        ("timestamp", "unix_milliseconds", noon + 1_999, "1769860800001"),
        ("timestamp", "unix_seconds", 6_500_000, "-1"),
        ("date", "", 20_491, "2026-01-31"),
        ("date", "iso8601", 20_491, "2026-01-31T00:00:00Z"),
        ("date", "unix_seconds", 20_491, "1769817600"),
        ("integer", "", 5, "-2"),
        ("integer", "", i64::MIN, "-9223372036854775808"),
    ] {
        assert_eq!(start(kind, format, cursor), format!("since={expected}"), "{kind} {format} {cursor}");
    }
}

#[test]
fn a_range_has_values_of_the_cursors_type() {
    let range = |from: &str, to: &str| Choice::Range(from.to_owned(), to.to_owned());
    let of = |kind: &str, from: &str, to: &str| window(&contract(kind, ""), &ledger(Some(1), 2), &range(from, to));
    let times = of("timestamp", "2026-01-31", "2026-01-31T12:00:00+02:00").expect("a range");
    let expected = [("since", "2026-01-31T00:00:00Z"), ("until", "2026-01-31T10:00:00Z")];
    assert_eq!(times.parameters, expected.map(|(name, value)| (name.to_owned(), serde_json::Value::from(value))));
    assert!(times.part && !times.continues);
    assert_eq!(of("integer", "-5", " 7 ").expect("a range").parameters[1].1, 7);
    assert_eq!(of("date", "2026-01-31", "2026-01-31").expect("a range").parameters[0].1, "2026-01-31");
    for (kind, from, to, problem) in [
        ("timestamp", "2026-1-31", "2026-02-01", "`at` is a timestamp"),
        ("date", "2026-01-31T00:00:00Z", "2026-02-01", "`at` is a date"),
        ("integer", "2026-01-31", "7", "`at` is a integer"),
        ("integer", "7", "", "`at` is a integer"),
        ("integer", "7", "6", "it ends before it starts"),
    ] {
        let found = of(kind, from, to).expect_err(problem);
        assert!(found.contains(problem) && found.contains("collection `visits`"), "{found}");
    }
}

#[test]
fn a_cursor_is_not_later_than_the_request() {
    let all = Window { continues: true, ..Window::default() };
    let cursor = |kind: &str, window: &Window, newest: i64| {
        let contract = contract(kind, "");
        window.cursor(&contract.collections["visits"], Some(newest), "1970-01-02T00:00:00.000001Z")
    };
    assert_eq!(
        ["timestamp", "date", "integer"].map(|kind| cursor(kind, &all, i64::MAX)),
        [Some(DAY + 1), Some(2), Some(i64::MAX)]
    );
    assert_eq!(["timestamp", "date", "integer"].map(|kind| cursor(kind, &all, -5)), [Some(-5); 3]);
    assert_eq!(cursor("integer", &Window::default(), 5), None, "a range");
    assert_eq!(all.cursor(&contract("date", "").collections["visits"], None, ""), None);
}
