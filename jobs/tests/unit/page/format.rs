use contract::counted;

use super::*;

#[test]
fn numbers_are_readable() {
    assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    assert_eq!([0.0, 1.0, 165.0, 9_949.0, 9_951.0].map(tonnes), ["0", "<0.1", "0.2", "9.9", "10"]);
    assert_eq!([1_234_567.0, 49.0].map(tonnes_aligned), ["1,234.6", "0.0"]);
    assert_eq!([1, 2000].map(|number| counted(number, "row", "rows")), ["1 row", "2,000 rows"]);
    let shares = [(0, 0), (0, 9), (1, 900), (2, 3), (899, 900), (9, 9)];
    assert_eq!(shares.map(|(part, whole)| percent(part, whole)), [0, 0, 1, 67, 99, 100]);
}
