//! Any text is either a contract or rejected with reasons, and an accepted contract works in all later steps.

use ::contract::{Collection, Contract, ContractError, Table, Type};
use jobs::fingerprint;
use jobs::load::{Dialect, column_ddl, create_table};
use jobs::table::{RecordReader, file_columns};
use serde_json::{Map, Value, json};

use crate::parquet::{accepted, encoded};

/// Checks that text is rejected with reasons and their lines, or becomes a contract that works in all later steps.
///
/// # Panics
/// If the property does not hold.
pub fn contract(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Contract::parse(text, "fuzz.yaml") {
        Err(error) => explained(&error, text),
        Ok(contract) => {
            same_again(&contract, text);
            for table in contract.tables() {
                table_is_possible(&table);
            }
            for (name, collection) in contract.collections.iter() {
                every_column_is_filled(&contract, name, collection);
            }
        }
    }
}

fn explained(error: &ContractError, text: &str) {
    assert!(!error.problems.is_empty(), "rejected without a reason");
    // YAML has more than one kind of line break.
    let breaks = text.chars().filter(|c| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')).count();
    for problem in &error.problems {
        assert!(!problem.message.trim().is_empty(), "a reason without text");
        assert!(problem.line.is_none_or(|line| (1..=breaks + 2).contains(&line)), "{problem:?} of {breaks} lines");
    }
    assert!(error.to_string().starts_with("fuzz.yaml:"), "{error}");
}

/// Checks that the same text gives the same fingerprints, and that a contract is unchanged after it is written and read
/// again.
fn same_again(contract: &Contract, text: &str) {
    let prints = |contract: &Contract| -> Vec<String> {
        contract.collections.iter().map(|(name, collection)| fingerprint(contract, name, collection)).collect()
    };
    let again = Contract::parse(text, "again.yaml").expect("accepted before");
    assert_eq!(prints(&again), prints(contract));
    let written = serde_json::to_string(contract).expect("a contract can be written");
    let read: Contract = serde_json::from_str(&written).expect("and read again");
    assert_eq!((&read, prints(&read)), (contract, prints(contract)));
}

/// Checks that names are unique, both warehouses have DDL for the table, and a file without rows passes the validation.
fn table_is_possible(table: &Table<'_>) {
    for dialect in [Dialect::Postgres, Dialect::Redshift] {
        let mut names: Vec<String> = column_ddl(table, dialect).into_iter().map(|(name, ..)| name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "a column twice in `{}`", table.name);
        let sql = format!("{:?}", create_table("s", table, dialect));
        assert!(names.iter().all(|name| sql.contains(name.as_str())), "{sql}");
    }
    let keyed = table.key.iter().all(|key| table.columns.iter().any(|column| column.name == *key && column.required));
    assert!(keyed, "`{}` has no column for its key", table.name);
    assert_eq!(file_columns(table).len(), table.columns.len() + 2 + usize::from(table.is_numbered));
    accepted(table, &encoded(table, &[]), &[]);
}

/// Checks that a record with a value for each column leaves no column null.
fn every_column_is_filled(contract: &Contract, name: &str, collection: &Collection) {
    let mut record = Map::new();
    let tables = contract.tables_of(name, collection);
    for table in &tables {
        let mut element = Map::new();
        let mut itself = None;
        for column in &table.columns {
            match column.path {
                Some(".") if table.child.is_some() => itself = Some(value(column.kind)),
                Some(path) => put(&mut element, path, value(column.kind)),
                None => {}
            }
        }
        match table.child {
            None => record = element,
            Some(child) => {
                assert!(itself.is_none() || element.is_empty(), "an element that is a value has no fields");
                put(&mut record, &child.at, json!([itself.unwrap_or(Value::Object(element))]));
            }
        }
    }
    let json = Value::Object(record).to_string();
    let reader = RecordReader::new(contract, name, collection);
    let record = reader.read(&json);
    assert!(record.reasons.is_empty() && record.frozen.is_none(), "{json}: {record:?}");
    let own = std::iter::once(std::slice::from_ref(&record.row));
    let rows = own.chain(record.children.iter().map(|child| child.rows.as_slice()));
    for (table, rows) in tables.iter().zip(rows) {
        let [row] = rows else { panic!("`{}` has {} rows of {json}", table.name, rows.len()) };
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            assert_ne!(*cell, jobs::clean::Cell::Null, "`{}.{}` is not filled by {json}", table.name, column.name);
        }
        assert!(row.extra.is_empty(), "`{}`: {:?} is extra", table.name, row.extra);
        accepted(table, &encoded(table, &[row]), &[row]);
    }
}

fn value(kind: Type) -> Value {
    match kind {
        Type::String(_) => json!("x"),
        Type::Integer => json!(1),
        Type::Double => json!(0.5),
        Type::Boolean => json!(true),
        Type::Timestamp => json!("2006-03-24T22:30:00Z"),
        Type::Date => json!("2006-03-24"),
        Type::Json => json!([{}]),
    }
}

fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => assert_eq!(object.insert(path.to_owned(), value), None, "two values at `{path}`"),
        Some((head, rest)) => {
            let inner = object.entry(head).or_insert_with(|| json!({}));
            put(inner.as_object_mut().unwrap_or_else(|| panic!("a value and an object at `{head}`")), rest, value);
        }
    }
}
