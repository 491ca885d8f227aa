//! Tests merging a file over the file that it extends.

use super::*;

#[test]
fn sections_are_merged_and_lists_replaced() {
    let value = |text: &str| serde_yaml::from_str::<Mapping>(text).expect("YAML");
    let mut below = value("a: {b: 1, c: [1, 2]}\nd: 1\ne: {f: 1}");
    merge(&mut below, value("a: {c: [3]}\nd: 2\ne:"));
    assert_eq!(below, value("a: {b: 1, c: [3]}\nd: 2\ne: {f: 1}"));
}
