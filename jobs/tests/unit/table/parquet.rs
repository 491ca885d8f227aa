//! The files that `cargo xtask conform` loads with COPY are files of this encoder.
//!
//! `UPDATE_CONFORMANCE=1 cargo test --workspace --features xtask/cloud -- conform` writes them.

#![allow(clippy::disallowed_methods, reason = "the test compares files")]

use std::path::Path;

use super::*;

type Columns<'a> = &'a [(&'a str, Type, bool)];

fn encoded(columns: Columns<'_>, rows: &[Vec<Cell<'_>>]) -> Vec<u8> {
    let mut encoder = Encoder::with_columns(columns, &[], RowHasher::new(std::iter::empty())).expect("an encoder");
    rows.iter().for_each(|row| encoder.append_cells(row.iter()).expect("a row"));
    encoder.finish().expect("a file").concat()
}

#[test]
fn the_files_of_conform_are_those_of_the_encoder() {
    let text = |text: &'static str| Cell::Text(text.into());
    let values = encoded(
        &[
            ("id", Type::Integer, true),
            ("name", Type::String(20), false),
            ("price", Type::Double, false),
            ("active", Type::Boolean, false),
            ("day", Type::Date, false),
            ("at", Type::Timestamp, false),
        ],
        &[
            // 2026-01-02 03:04:05.000006
            vec![
                Cell::Integer(1),
                text("äöü \"b\""),
                Cell::Double(1.5),
                Cell::Bool(true),
                Cell::Days(20_455),
                Cell::Micros(1_767_323_045_000_006),
            ],
            vec![Cell::Integer(2), Cell::Null, Cell::Null, Cell::Null, Cell::Null, Cell::Null],
            // 1957-10-04 19:28:34.000001
            vec![
                Cell::Integer(3),
                text("it's"),
                Cell::Double(-0.1),
                Cell::Bool(false),
                Cell::Days(-4_472),
                Cell::Micros(-386_310_685_999_999),
            ],
        ],
    );
    let document = |number: i64, json: String| vec![Cell::Integer(number), Cell::Json(json.into())];
    let columns = [("id", Type::Integer, true), ("doc", Type::Json, false)];
    let long = vec![format!("\"{}\"", "x".repeat(2_000)); 40].join(",");
    let documents = encoded(
        &columns,
        &[
            document(1, r#"{"name":"ä","list":[1,2.5,null]}"#.to_owned()),
            document(2, format!(r#"{{"name":"long","list":[{long}]}}"#)),
        ],
    );
    let string = encoded(&columns, &[document(1, format!(r#"{{"long":"{}"}}"#, "x".repeat(65_536)))]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/conformance");
    for (name, bytes) in [("values", values), ("documents", documents), ("long_string", string)] {
        let file = folder.join(format!("{name}.parquet"));
        if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
            std::fs::write(&file, &bytes).expect("written");
        }
        assert!(std::fs::read(&file).unwrap_or_default() == bytes, "{} is not up to date", file.display());
    }
}
