use super::*;

#[test]
fn more_than_two_rows_and_more_than_the_share_are_too_many() {
    let loss = |rows, inserted, revived, deleted| {
        let table =
            TableReceipt { table: "hens".to_owned(), read: rows, rows, quarantined: 0, dropped: 0, files: Vec::new() };
        let changes = [(Change::Inserted, inserted), (Change::Revived, revived), (Change::Deleted, deleted)];
        Loss::of(&table, Some(&changes.into()), 0.25).map(|loss| (loss.deleted, loss.live))
    };
    assert_eq!(loss(1, 0, 0, 3), Some((3, 4)), "4 to 1");
    assert_eq!(loss(1, 0, 0, 2), None, "3 to 1");
    assert_eq!(loss(0, 0, 0, 2), None, "2 to 0");
    assert_eq!(loss(0, 0, 0, 3), Some((3, 3)), "3 to 0");
    assert_eq!(loss(75, 0, 0, 25), None, "exactly the share");
    assert_eq!(loss(75, 0, 0, 26), Some((26, 101)));
    assert_eq!(loss(50, 0, 0, 50), Some((50, 100)), "half a response");
    assert_eq!(loss(90, 90, 0, 90), Some((90, 90)), "new keys do not compensate for the lost ones");
    assert_eq!(loss(90, 0, 60, 40), Some((40, 70)), "nor do rows that come back");
    assert_eq!(loss(144 + 61, 61, 0, 4), None);
}
