use super::super::ledger::Committed;
use super::*;

fn audit(live: i64, repeated: u64) -> Audit {
    let row = |table: &str, number, repeated, detail: &str| (table.to_owned(), number, repeated, detail.to_owned());
    Audit::read([
        row("", 4, 0, "2026-01-05 10:00:00.000000"),
        row("hens  ", live, repeated, ""),
        row("hens", 0, 0, "7,5"),
        row("hens", 2, 0, "9"),
        row("ducks", 5, 2, "retired"),
        row("geese", 5, 0, "retired"),
        row("", 4, 0, "2026-01-05 10:00:01.000000"),
    ])
}

#[test]
fn the_values_of_columns_and_the_clock_are_in_the_same_result() {
    let found = audit(3, 0);
    assert_eq!([0, 1, 2, 3].map(|column| found.values("hens", column)), [7, 5, 9, 0]);
    assert_eq!(["ducks", "geese", "hens"].map(|table| found.retired(table)), [Some(5), None, None]);
    assert!(!found.in_future("2026-01-05T10:00:01.000000Z") && found.in_future("2026-01-05T10:00:01.000001Z"));
    let head = |seq| (String::new(), seq, 0, "2026-01-05 10:00:00.000000".to_owned());
    assert_ne!(Audit::read([head(4), head(5)]).head, 5, "the statements have different snapshots");
}

#[test]
fn the_head_and_the_tables_are_in_one_result() {
    let found = audit(3, 0);
    assert_eq!((found.head, found.live("hens"), found.live("cocks")), (4, 3, 0));
    assert_eq!(found.repeated_keys("zoo"), None);
    let problem = audit(3, 2).repeated_keys("zoo");
    assert_eq!(problem.as_deref(), Some("duplicate keys in `zoo.hens`: 2"));
}

#[test]
fn a_table_that_differs_from_the_ledger_was_changed_by_hand() {
    let run = |seq, table: &str, rows| Committed {
        seq,
        run_id: "r1".parse().expect("a run id"),
        fetched_at: String::new(),
        collections: BTreeMap::new(),
        rows: [(table.to_owned(), rows)].into(),
    };
    // The head has loaded other tables.
    let ledger = Ledger(vec![run(4, "cocks", 9), run(3, "hens", 3), run(2, "hens", 1)]);
    assert_eq!(audit(3, 0).differences(&ledger, "zoo").count(), 0);
    let found = audit(2, 0);
    let problems: Vec<String> = found.differences(&ledger, "zoo").collect();
    assert!(problems[0].starts_with("`zoo.hens` has 2 rows, but the ledger records 3"), "{problems:?}");
    assert_eq!(found.differences(&Ledger::default(), "zoo").count(), 0, "an old or empty ledger");
}
