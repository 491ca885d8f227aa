//! Compares the warehouse's tables with those in the contract.

use std::collections::BTreeMap;

use contract::Table;

use crate::failure::Failure;
use crate::load::{Dialect, Statement, column_ddl, create_table};

/// The tables of a schema by name, each with its columns by name.
pub type Shape = BTreeMap<String, BTreeMap<String, Column>>;

#[derive(Debug)]
pub struct Column {
    /// Its type, as spelled by [`Dialect::type_name`].
    pub kind: String,
    pub key: bool,
    /// Whether it may be null and has no default.
    pub plain: bool,
}

/// Returns the statements that create the missing tables and columns and widen text columns that are too narrow. Fails
/// for a column of a different type and for a table with a different key.
pub(super) fn missing(
    schema: &str,
    tables: &[Table<'_>],
    shape: &Shape,
    dialect: Dialect,
) -> Result<Vec<Statement>, Failure> {
    let mut missing = Vec::new();
    for table in tables {
        let Some(columns) = shape.get(table.name) else {
            missing.push(create_table(schema, table, dialect));
            continue;
        };
        same_key(schema, table, columns, tables)?;
        let place = format!("{schema}.{}", table.name);
        for (name, kind, _) in column_ddl(table, dialect) {
            let Some(Column { kind: found, .. }) = columns.get(&name) else {
                // Redshift has no IF NOT EXISTS here (ALTER TABLE, Amazon Redshift Database Developer Guide).
                let once = if dialect == Dialect::Postgres { "IF NOT EXISTS " } else { "" };
                let sql = format!("ALTER TABLE {place} ADD COLUMN {once}{name} {kind}");
                missing.push(Statement::new(format!("add `{place}.{name}`"), sql));
                continue;
            };
            match (text_bytes(found), text_bytes(&kind)) {
                _ if *found == kind => {}
                (Some(found), Some(expected)) if found >= expected => {}
                (Some(_), Some(_)) => {
                    let sql = format!("ALTER TABLE {place} ALTER COLUMN {name} TYPE {kind}");
                    missing.push(Statement::new(format!("widen `{place}.{name}`"), sql));
                }
                _ => {
                    let message = format!("`{place}.{name}` is {found} in the warehouse, but {kind} in the contract");
                    return Err(Failure::refused(message).hint(if table.key.contains(&name.as_str()) {
                        let all = of_collection(schema, table, tables);
                        format!("drop {all} in the warehouse and load the run again, or rename the collection")
                    } else {
                        "rename the column in the contract, or drop it in the warehouse".to_owned()
                    }));
                }
            }
        }
    }
    Ok(missing)
}

/// Returns the length of `varchar(N)`.
fn text_bytes(kind: &str) -> Option<u32> {
    kind.strip_prefix("varchar(")?.strip_suffix(')')?.parse().ok()
}

/// Fails if the table's key differs from the contract's; without key columns, the key is unknown and accepted.
fn same_key(
    schema: &str,
    table: &Table<'_>,
    columns: &BTreeMap<String, Column>,
    tables: &[Table<'_>],
) -> Result<(), Failure> {
    let found: Vec<&str> = columns.iter().filter(|(_, column)| column.key).map(|(name, _)| name.as_str()).collect();
    if found.is_empty() || found.len() == table.key.len() && table.key.iter().all(|key| found.contains(key)) {
        return Ok(());
    }
    let (name, found, expected) = (table.name, found.join("`, `"), table.key.join("`, `"));
    let message =
        format!("the key of `{schema}.{name}` is `{found}` in the warehouse, but `{expected}` in the contract");
    let all = of_collection(schema, table, tables);
    Err(Failure::refused(message)
        .hint(format!("rename the table in the contract, or drop {all} in the warehouse and load the run again")))
}

/// Names a table and the other tables of its collection, which contain its key.
fn of_collection(schema: &str, table: &Table<'_>, tables: &[Table<'_>]) -> String {
    let all = tables.iter().filter(|other| other.collection == table.collection);
    all.map(|other| format!("`{schema}.{}`", other.name)).collect::<Vec<_>>().join(" and ")
}
