use super::super::ledger::Committed;
use super::*;

fn audit(live: i64, repeated: u64) -> Audit {
    Audit::read([(String::new(), 4, 0), ("hens  ".to_owned(), live, repeated)])
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
