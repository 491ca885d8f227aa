//! Unit tests of `src/table/record/room.rs`.

use crate::limits::tests::here;
use contract::Contract;

use super::HEAP_BYTES;
use crate::limits::ROW_BYTES;
use crate::table::RecordReader;

#[test]
fn a_row_of_fitting_values_can_be_too_large_itself() {
    let columns: Vec<String> = (0..62).map(|index| format!("c{index}: {{type: json, doc: c}}")).collect();
    let text = format!(
        "source: zoo\nbase_url: http://zoo.example\ncollections:\n  wide: {{path: /w, key: id, doc: w, columns: \
         {{id: {{type: integer, doc: i}}, {}}}}}\n",
        columns.join(", ")
    );
    let contract = Contract::parse(&text, "zoo.yaml").expect("good");
    let reader = RecordReader::new(&contract, "wide", contract.collections.get("wide").expect("wide"));
    let reasons = |bytes: usize| {
        let value = format!("\"{}\"", "x".repeat(bytes - 2));
        let fields: Vec<String> = (0..62).map(|index| format!("\"c{index}\":{value}")).collect();
        reader.read(&format!("{{\"id\":1,{}}}", fields.join(","))).reasons
    };
    let most = (ROW_BYTES - 16 - 32) / 62;
    assert!(reasons(most).is_empty());
    assert_eq!(reasons(most + 1), ["a row of 4000040 bytes; the limit is 4000000"]);
}

#[test]
fn the_documented_limit_is_the_space_in_a_page() {
    assert_eq!(here("row without its long values"), format!("{HEAP_BYTES} bytes"));
}
