//! The proof before the load: what a receipt says, against the contract and against the bytes themselves.
//!
//! Nothing is written anywhere until every object of a run has passed.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod chunk;
mod footer;
mod hybrid;
mod name;
mod page;
mod pages;
mod refusal;
mod schema;
mod target;
mod thrift;
mod values;

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;
use contract::{Contract, RunId, Table};
use sha2::{Digest, Sha256};

use self::footer::Group;
use self::schema::FileColumn;
use self::values::{Judge, Rows};
use crate::limits;
use crate::receipt::{File, Receipt, TableReceipt, fingerprint, hex};

pub use refusal::{Code, Refusal};
pub use target::{Column, Kind, Target};

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
    places(receipt)?;
    receipt.tables.iter().try_for_each(counts)
}

/// Every file lies where its table's files lie, and is named once.
fn places(receipt: &Receipt) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for table in &receipt.tables {
        let place = format!("processed/{}/{}/", receipt.source, table.table);
        for File { object, .. } in &table.files {
            if !object.key.starts_with(&place) {
                return Err(format!("it names `{}` as a file of the table `{}`", object.key, table.table));
            }
            if !seen.insert(&object.key) {
                return Err(format!("it names `{}` twice", object.key));
            }
        }
    }
    Ok(())
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

/// Why an object of a run cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It is not what its receipt vouches for.
    Altered(String),
    /// It is, but the warehouse would not take it.
    Refused(Refusal),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(problem) => write!(f, "is not what its receipt vouches for: {problem}"),
            Self::Refused(refusal) => write!(f, "cannot be loaded: {refusal}"),
        }
    }
}

/// Checks an object against its receipt: its size and SHA-256.
///
/// # Errors
/// What does not agree.
pub fn object(file: &File, bytes: &Bytes) -> Result<(), Misfit> {
    if bytes.len() as u64 != file.object.bytes {
        return Err(Misfit::Altered(format!("{} bytes, the receipt says {}", bytes.len(), file.object.bytes)));
    }
    let sha256 = hex(&Sha256::digest(bytes));
    if sha256 != file.object.sha256 {
        return Err(Misfit::Altered(format!("its SHA-256 is {sha256}, the receipt says {}", file.object.sha256)));
    }
    Ok(())
}

/// Checks a Parquet file against its receipt and against the stage of its table.
///
/// # Errors
/// What does not agree, or where the warehouse would stumble.
pub fn file(table: &Table<'_>, file: &File, bytes: &Bytes) -> Result<(), Misfit> {
    object(file, bytes)?;
    let rows = copy(&Target::stage(table), &file.object.key, bytes).map_err(Misfit::Refused)?;
    if rows != file.rows {
        return Err(Misfit::Altered(format!("{rows} rows, the receipt says {}", file.rows)));
    }
    Ok(())
}

/// Whether Redshift's COPY … FORMAT PARQUET would take an object into a table, from the object's own bytes; how many
/// rows it has.
///
/// Every value is looked at: a file's statistics may be missing, cut or wrong, and say nothing of lengths or NaN. A
/// chunk's pages are unpacked one at a time. Whatever the bytes claim, this neither panics nor takes memory or time
/// that the bytes do not pay for.
///
/// What is wrong with name, footer and schema comes first; then row group by row group the first row that is refused,
/// the leftmost of its columns, and at last a row that is too large as a whole.
///
/// # Errors
/// The reason and its place.
pub fn copy(target: &Target, key: &str, bytes: &Bytes) -> Result<u64, Refusal> {
    name::check(key)?;
    let footer = footer::read(bytes, target)?;
    let mut before = 0;
    for (index, group) in footer.groups.iter().enumerate() {
        let checked = group_values(target, &footer.columns, group);
        checked.map_err(|refusal| {
            let row = refusal.row.map(|row| before + row);
            Refusal { row, ..refusal }.in_group(index)
        })?;
        before += group.rows;
    }
    footer.read_again()?;
    Ok(footer.rows)
}

/// The values of one row group; rows count from the group's first.
fn group_values(target: &Target, columns: &[FileColumn], group: &Group<'_>) -> Result<(), Refusal> {
    let mut first: Option<Refusal> = None;
    let (mut fixed, mut longest) = (0, 0_usize);
    for ((column, found), chunk) in target.columns.iter().zip(columns).zip(&group.chunks) {
        let mut judge = Judge::new(column, found.json);
        let walked = pages::walk(chunk, found.layout, group.rows, &mut judge);
        walked.map_err(|refusal| refusal.in_column(&column.name))?;
        longest = longest.saturating_add(judge.longest);
        if let Some(refusal) = judge.refusal()
            && first.as_ref().is_none_or(|earlier| refusal.row < earlier.row)
        {
            first = Some(refusal);
        }
        fixed += values::fixed_bytes(column.kind);
    }
    if let Some(refusal) = first {
        return Err(refusal);
    }
    // Only where the longest texts of all columns together are too long can they be so in one row.
    if limits::row(fixed + longest).is_none() {
        return Ok(());
    }
    let mut rows = Rows::new(group.rows);
    for ((column, found), chunk) in target.columns.iter().zip(columns).zip(&group.chunks) {
        if values::is_text(column.kind) {
            rows.begin();
            pages::walk(chunk, found.layout, group.rows, &mut rows)?;
        }
    }
    match rows.too_large(fixed) {
        Some((row, problem)) => Err(Refusal::new(Code::RowSize, problem).at_row(row)),
        None => Ok(()),
    }
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
        assert!(fails(&contract, &good, &bytes.slice(1..)).contains("bytes, the receipt says"));
        let mut altered = bytes.to_vec();
        altered[20] ^= 1;
        assert!(fails(&contract, &good, &altered.into()).contains("vouches for: its SHA-256 is"));
        let more = fails(&contract, &File { rows: 2, ..good.clone() }, &bytes);
        assert_eq!(more, "is not what its receipt vouches for: 1 rows, the receipt says 2");
        for (from, to, expected) in [
            ("name: {", "title: {", "cannot be loaded: column `title`: column 2 of the file is `name` (column_name)"),
            ("name: {type: string(9)", "name: {type: double", "annotated Text is not taken by double precision (type)"),
            (
                "name: {type: string(9)",
                "name: {type: string(2)",
                "row group 0, row 0, column `name`: 3 bytes, at most 2",
            ),
            ("name: {type", "more: {type: date, doc: m}, name: {type", "4 columns, the table has 5 (column_count)"),
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
