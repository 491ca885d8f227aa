use super::*;

#[test]
fn more_than_two_rows_and_more_than_the_share_are_too_many() {
    let lost = |rows, inserted, revived, deleted| {
        let table =
            TableReceipt { table: "hens".to_owned(), read: rows, rows, quarantined: 0, dropped: 0, files: Vec::new() };
        let changes = [(Change::Inserted, inserted), (Change::Revived, revived), (Change::Deleted, deleted)];
        let problem = loss(&table, &[("hens".to_owned(), changes.into())].into(), 0.25)?;
        Some(problem.split_once("lose ")?.1.split_once(" rows")?.0.to_owned())
    };
    assert_eq!(lost(1, 0, 0, 3).as_deref(), Some("3 of its 4"), "4 rows become 1");
    assert_eq!(lost(1, 0, 0, 2), None, "3 rows become 1");
    assert_eq!(lost(0, 0, 0, 2), None, "2 rows become 0");
    assert_eq!(lost(0, 0, 0, 3).as_deref(), Some("3 of its 3"), "3 rows become 0");
    assert_eq!(lost(75, 0, 0, 25), None, "exactly the share");
    assert_eq!(lost(75, 0, 0, 26).as_deref(), Some("26 of its 101"));
    assert_eq!(lost(50, 0, 0, 50).as_deref(), Some("50 of its 100"), "half a response");
    assert_eq!(lost(90, 90, 0, 90).as_deref(), Some("90 of its 90"), "new keys do not compensate for the lost ones");
    assert_eq!(lost(90, 0, 60, 40).as_deref(), Some("40 of its 70"), "nor do revived rows");
    assert_eq!(lost(144 + 61, 61, 0, 4), None);
}
