//! Unit tests of `src/table/row.rs`.

use super::*;

fn hash(names: &[&str], cells: &[Cell<'_>], extra: Option<&str>) -> String {
    RowHasher::new(names.iter().copied()).hash(cells, extra)
}

#[test]
fn every_value_name_and_extra_counts_and_a_null_column_does_not() {
    let base = hash(&["a"], &[Cell::Integer(1)], None);
    assert_eq!(base.len(), 32);
    assert_eq!(base, hash(&["a", "b"], &[Cell::Integer(1), Cell::Null], None));
    for other in [
        hash(&["a"], &[Cell::Integer(2)], None),
        hash(&["b"], &[Cell::Integer(1)], None),
        hash(&["a"], &[Cell::Micros(1)], None),
        hash(&["a"], &[Cell::Integer(1)], Some("{}")),
        hash(&["a"], &[Cell::Null], None),
    ] {
        assert_ne!(base, other);
    }
    let apart = [Cell::Text("xy".into()), Cell::Text("z".into())];
    let moved = [Cell::Text("x".into()), Cell::Text("yz".into())];
    assert_ne!(hash(&["a", "b"], &apart, None), hash(&["a", "b"], &moved, None));
}

#[test]
fn the_hash_is_the_published_xxh3_of_the_documented_bytes() {
    let mut bytes = XxHash3_64::oneshot(b"a").to_le_bytes().to_vec();
    bytes.push(4);
    bytes.extend_from_slice(&2_u64.to_le_bytes());
    bytes.extend_from_slice(b"hi");
    let expected = format!("{:032x}", XxHash3_128::oneshot(&bytes));
    assert_eq!(hash(&["a"], &[Cell::Text("hi".into())], None), expected);
}

#[test]
fn extra_is_one_json_object_in_path_order() {
    let extra = BTreeMap::from([("b.c".to_owned(), "1".into()), ("a\"".to_owned(), "[2]".into())]);
    assert_eq!(Row { extra, ..Row::default() }.extra_json().as_deref(), Some(r#"{"a\"":[2],"b.c":1}"#));
}
