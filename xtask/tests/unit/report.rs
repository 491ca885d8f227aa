use super::*;

#[test]
fn columns_of_zeros_are_left_out() {
    let tables = BTreeMap::from([
        ("a".to_owned(), Counts { rows: 3, inserted: 3, ..Counts::default() }),
        ("b".to_owned(), Counts { deleted: 1, ..Counts::default() }),
    ]);
    let text = counts(&tables);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["table", "rows", "inserted", "deleted"]);
    assert!(lines.contains(&vec!["a", "3", "3", "-"]) && lines.contains(&vec!["b", "-", "-", "1"]), "{text}");
}
