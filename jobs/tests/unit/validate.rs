//! Tests files and manifests that do not match.

use std::collections::BTreeMap;

use super::*;
use crate::receipt::Object;
use crate::table::{Encoder, RecordReader};

const ZOO: &str = "
source: zoo
base_url: http://zoo.example
collections:
  animals: {path: /a, key: id, doc: a, columns: {id: {type: integer, doc: i}, name: {type: string(9), doc: n}}}
";

fn encoded(contract: &Contract) -> (File, Bytes) {
    let (name, collection) = contract.collections.iter().next().expect("one");
    let reader = RecordReader::new(contract, name, collection);
    let mut encoder = Encoder::new(&contract.tables()[0]).expect("encoder");
    encoder.append(&reader.read(r#"{"id":1,"name":"Ada"}"#).row).expect("row");
    let bytes = Bytes::from(encoder.finish().expect("file").concat());
    let sha256 = hex(&Sha256::digest(&bytes));
    (File { object: Object { key: "k".to_owned(), bytes: bytes.len() as u64, sha256 }, rows: 1 }, bytes)
}

#[test]
fn a_file_passes_as_written_and_fails_after_any_change() {
    let contract = Contract::parse(ZOO, "zoo.yaml").expect("good");
    let (good, bytes) = encoded(&contract);
    let tables = contract.tables();
    assert_eq!(file(&tables[0], &good, &bytes), Ok(()));

    let fails = |contract: &Contract, entry: &File, bytes: &Bytes| {
        file(&contract.tables()[0], entry, bytes).expect_err("must fail").to_string()
    };
    assert!(fails(&contract, &good, &bytes.slice(1..)).contains("bytes, but the manifest records"));
    let mut altered = bytes.to_vec();
    altered[20] ^= 1;
    assert!(fails(&contract, &good, &altered.into()).contains("does not match its manifest: its SHA-256 is"));
    let more = fails(&contract, &File { rows: 2, ..good.clone() }, &bytes);
    assert_eq!(more, "does not match its manifest: 1 rows, but the manifest records 2");
    for (from, to, expected) in [
        ("name: {", "title: {", "cannot be loaded: column `title`: column 2 of the file is `name` (column_name)"),
        (
            "name: {type: string(9)",
            "name: {type: double",
            "a column of type double cannot hold BYTE_ARRAY annotated String (type)",
        ),
        (
            "name: {type: string(9)",
            "name: {type: string(2)",
            "row group 0, row 0, column `name`: 3 bytes; the limit is 2",
        ),
        ("name: {type", "more: {type: date, doc: m}, name: {type", "4 columns, but the table has 5 (column_count)"),
    ] {
        let other = Contract::parse(&ZOO.replace(from, to), "zoo.yaml").expect("good");
        let problem = fails(&other, &good, &bytes);
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn counts_must_add_up() {
    let table = |read, rows, quarantined, dropped| TableReceipt {
        table: "a".to_owned(),
        read,
        rows,
        quarantined,
        dropped,
        values: BTreeMap::new(),
        unknown: BTreeSet::new(),
        files: vec![File { object: Object { key: String::new(), bytes: 0, sha256: String::new() }, rows: 5 }],
    };
    assert_eq!(counts(&table(8, 5, 2, 1)), Ok(()));
    assert!(counts(&table(9, 5, 2, 1)).is_err());
    assert!(counts(&table(9, 6, 2, 1)).is_err());
}
