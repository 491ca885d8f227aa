//! Tables and columns of an earlier contract that the current one does not have, and what a load does with them.

use std::collections::BTreeMap;

use contract::{Contract, Removed, SYSTEM_COLUMNS};

use super::plan::Plan;
use super::sql::{Statement, literal};

/// A table that an earlier load created, or a column of a table in the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    pub table: String,
    pub column: Option<String>,
    pub removed: Removed,
}

impl Retired {
    /// Compares the contract with `present`: the schema's tables, each with its columns and whether these may be null and
    /// have no default or expression. Except for key and system columns, all columns that a load creates are of this kind.
    pub fn of<'p>(
        contract: &Contract,
        present: impl IntoIterator<Item = (&'p String, impl IntoIterator<Item = (&'p String, bool)>)>,
    ) -> Vec<Self> {
        let (tables, mut retired) = (contract.tables(), Vec::new());
        for (name, columns) in present.into_iter().filter(|(name, _)| simple(name)) {
            let plain: BTreeMap<&str, bool> = columns.into_iter().map(|(name, plain)| (name.as_str(), plain)).collect();
            let mut add = |column, removed| retired.push(Self { table: name.clone(), column, removed });
            if let Some(table) = tables.iter().find(|table| table.name == name) {
                let removed = contract.removed(contract.collections.get(table.collection));
                let known = |column: &str| table.columns.iter().chain(&SYSTEM_COLUMNS).any(|own| own.name == column);
                let unknown = plain.into_iter().filter(|(column, plain)| *plain && !known(column) && simple(column));
                unknown.for_each(|(column, _)| add(Some(column.to_owned()), removed));
            // In views and copies of a table, `_row_hash` may be null.
            } else if plain.get("_deleted_at") == Some(&true) && plain.get("_row_hash") == Some(&false) {
                add(None, contract.removed(None));
            }
        }
        retired
    }
}

impl Plan<'_> {
    /// Returns what a load does with something that is not in the contract: its message, the query for the number of rows
    /// that are still to be marked as deleted, and the statement. They are run after the commit, because they may read
    /// a whole table, and a load that fails must not change anything.
    pub fn retire(&self, retired: &Retired) -> (String, Option<Statement>, Option<Statement>) {
        let table = format!("{}.{}", self.contract.source, retired.table);
        let name = retired.column.as_ref().map_or(table.clone(), |column| format!("{table}.{column}"));
        let (run, now) = (literal(self.run.as_str()), self.instant(&self.loaded_at));
        let statement = |sql| Statement::new(format!("apply `removed` to `{name}`, which is not in the contract"), sql);
        let mut count = None;
        let (done, sql) = match (retired.removed, &retired.column) {
            (Removed::Keep, _) => ("its values are kept, but loads do not update them", None),
            (Removed::Null, Some(_)) => ("it is null in the rows that this load wrote", None),
            (Removed::Null, None) => {
                count = Some(format!("SELECT count(*) AS live FROM {table} WHERE _deleted_at IS NULL"));
                let set = format!("_run_id = {run}, _loaded_at = {now}, _deleted_at = {now} WHERE _deleted_at IS NULL");
                ("its rows are now marked as deleted", Some(format!("UPDATE {table} SET {set}")))
            }
            (Removed::Drop, None) => ("it was dropped", Some(format!("DROP TABLE IF EXISTS {table}"))),
            (Removed::Drop, Some(one)) => ("it was dropped", Some(format!("ALTER TABLE {table} DROP COLUMN {one}"))),
        };
        let hint = "`removed: keep`, `null` or `drop` in the contract changes this";
        (format!("`{name}` is not in the contract: {done}; {hint}"), count.map(statement), sql.map(statement))
    }
}

fn simple(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
