//! The proof before the load: what a receipt says, against the contract and against the bytes themselves.
//!
//! Nothing is written anywhere until every object of a run has passed.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use bytes::Bytes;
use contract::{Contract, RunId, Table};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use crate::receipt::{File, Receipt, TableReceipt, fingerprint, hex};
use crate::table::schema;

/// Checks a receipt against the contract, without looking at its objects.
///
/// # Errors
/// What does not agree, in words.
pub fn receipt(contract: &Contract, run: &RunId, collection: &str, receipt: &Receipt) -> Result<(), String> {
    let Some(described) = contract.collections.get(collection) else {
        return Err(format!("the contract has no collection `{collection}`"));
    };
    if (receipt.source.as_str(), receipt.collection.as_str(), &receipt.run_id) != (&contract.source, collection, run) {
        return Err(format!("it belongs to {}.{} of run {}", receipt.source, receipt.collection, receipt.run_id));
    }
    if receipt.fingerprint != fingerprint(contract, collection, described) {
        return Err("it was made under another contract; transform again under a new run id".to_owned());
    }
    let tables = contract.tables_of(collection, described);
    let wanted: Vec<&str> = tables.iter().map(|table| table.name).collect();
    let found: Vec<&str> = receipt.tables.iter().map(|table| table.table.as_str()).collect();
    if wanted != found {
        return Err(format!("it lists the tables {}, the contract {}", found.join(", "), wanted.join(", ")));
    }
    receipt.tables.iter().try_for_each(counts)
}

fn counts(table: &TableReceipt) -> Result<(), String> {
    let in_files: u64 = table.files.iter().map(|file| file.rows).sum();
    if in_files != table.rows || table.rows + table.quarantined + table.dropped != table.read {
        return Err(format!(
            "table `{}`: {} read is not {} in files + {} quarantined + {} dropped",
            table.table, table.read, in_files, table.quarantined, table.dropped
        ));
    }
    Ok(())
}

/// Checks a Parquet file against its receipt and its table: size, SHA-256, rows, and each column's place, name, type
/// and nulls.
///
/// # Errors
/// What does not agree, in words.
pub fn file(table: &Table<'_>, file: &File, bytes: &Bytes) -> Result<(), String> {
    if bytes.len() as u64 != file.object.bytes {
        return Err(format!("{} bytes, the receipt says {}", bytes.len(), file.object.bytes));
    }
    let sha256 = hex(&Sha256::digest(bytes));
    if sha256 != file.object.sha256 {
        return Err(format!("its SHA-256 is {sha256}, the receipt says {}", file.object.sha256));
    }
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes.clone()).map_err(|error| error.to_string())?;
    let rows = reader.metadata().file_metadata().num_rows();
    if u64::try_from(rows) != Ok(file.rows) {
        return Err(format!("{rows} rows, the receipt says {}", file.rows));
    }
    let (wanted, found) = (schema(table), reader.schema());
    if wanted.fields().len() != found.fields().len() {
        return Err(format!("{} columns, the contract has {}", found.fields().len(), wanted.fields().len()));
    }
    for (place, (wanted, found)) in wanted.fields().iter().zip(found.fields()).enumerate() {
        if wanted != found {
            return Err(format!("column {} is {}, the contract has {}", place + 1, shown(found), shown(wanted)));
        }
    }
    Ok(())
}

fn shown(field: &arrow_schema::Field) -> String {
    let nulls = if field.is_nullable() { "nullable" } else { "not null" };
    format!("`{}` {} {nulls}", field.name(), field.data_type())
}

#[cfg(test)]
mod tests {
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
        let bytes = Bytes::from(encoder.finish().expect("file"));
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
            file(&contract.tables()[0], entry, bytes).expect_err("must fail")
        };
        assert!(fails(&contract, &good, &bytes.slice(1..)).contains("bytes, the receipt says"));
        let mut altered = bytes.to_vec();
        altered[20] ^= 1;
        assert!(fails(&contract, &good, &altered.into()).starts_with("its SHA-256 is"));
        assert_eq!(fails(&contract, &File { rows: 2, ..good.clone() }, &bytes), "1 rows, the receipt says 2");
        for (from, to, expected) in [
            (
                "name: {type: string(9)",
                "title: {type: string(9)",
                "column 2 is `name` Utf8 nullable, the contract has `title`",
            ),
            ("name: {type: string(9)", "name: {type: double", "the contract has `name` Float64 nullable"),
            (
                "name: {type: string(9)",
                "name: {required: true, type: string(9)",
                "the contract has `name` Utf8 not null",
            ),
            ("name: {type", "more: {type: date, doc: m}, name: {type", "4 columns, the contract has 5"),
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
            files: vec![File { object: Object { key: String::new(), bytes: 0, sha256: String::new() }, rows: 5 }],
        };
        assert_eq!(counts(&table(8, 5, 2, 1)), Ok(()));
        assert!(counts(&table(9, 5, 2, 1)).is_err());
        assert!(counts(&table(9, 6, 2, 1)).is_err());
    }
}
