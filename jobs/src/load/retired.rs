//! Tables and columns of an earlier contract that the current one does not have, and what a load does with them.

use std::collections::BTreeMap;

use contract::{Contract, Removed, SYSTEM_COLUMNS};

use super::audit::Audit;
use super::plan::Plan;
use super::sql::{Statement, literal};

/// A table that has a column `_deleted_at`, or a column of a table in the contract.
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
            } else if plain.contains_key("_deleted_at") {
                add(None, contract.removed(None));
            }
        }
        retired
    }
}

impl Plan<'_> {
    /// Reads the live rows of a table that is not in the contract, and the number of runs that loaded it: the schema may
    /// have tables of other programs, and copies of tables.
    pub(super) fn audit_retired(&self, retired: &Retired) -> Option<String> {
        let (name, source) = (&retired.table, &self.contract.source);
        let loaded = format!("{} LIKE '%\"{name}\":%'", self.dialect.json_text("tables"));
        retired.column.is_none().then(|| {
            format!(
                "SELECT '{name}' AS table_name, count(*) AS live, (SELECT count(*) FROM etl.runs \
                 WHERE source = '{source}' AND {loaded}) AS repeated, 'retired' AS detail\n\
                 FROM {source}.{name} WHERE _deleted_at IS NULL"
            )
        })
    }

    /// Returns a warning for each table and column that is not in the contract, and the statement that applies the
    /// contract's policy to it. The statements are run after the commit, because a load that fails must not change anything.
    pub fn retire(&self, audit: &Audit) -> Vec<(String, Option<Statement>)> {
        self.retired.iter().filter_map(|retired| self.retire_one(retired, audit)).collect()
    }

    fn retire_one(&self, retired: &Retired, audit: &Audit) -> Option<(String, Option<Statement>)> {
        let table = format!("{}.{}", self.contract.source, retired.table);
        let name = retired.column.as_ref().map_or(table.clone(), |column| format!("{table}.{column}"));
        let (run, now) = (literal(self.run.as_str()), self.instant(&self.loaded_at));
        let live = if retired.column.is_some() { 0 } else { audit.retired(&retired.table)? };
        let (done, sql) = match (retired.removed, &retired.column) {
            (Removed::Keep, _) => ("its values are kept, but loads do not update them".to_owned(), None),
            (Removed::Null, Some(_)) => ("it is null in the rows that this load writes".to_owned(), None),
            (Removed::Null, None) if live == 0 => return None,
            (Removed::Null, None) => {
                let set = format!("_run_id = {run}, _loaded_at = {now}, _deleted_at = {now} WHERE _deleted_at IS NULL");
                (format!("its {live} rows are marked as deleted"), Some(format!("UPDATE {table} SET {set}")))
            }
            (Removed::Drop, None) => {
                (format!("it is dropped with its {live} rows"), Some(format!("DROP TABLE IF EXISTS {table}")))
            }
            (Removed::Drop, Some(one)) => {
                ("it is dropped".to_owned(), Some(format!("ALTER TABLE {table} DROP COLUMN {one}")))
            }
        };
        let hint = "`removed: keep`, `null` or `drop` in the contract changes this";
        let purpose = format!("apply `removed` to `{name}`, which is not in the contract");
        Some((format!("`{name}` is not in the contract: {done}; {hint}"), sql.map(|sql| Statement::new(purpose, sql))))
    }

    /// Returns the query for whether this run is still the newest one: another load may have a different contract.
    pub fn is_head(&self) -> Statement {
        let (source, run) = (&self.contract.source, self.run);
        let sql = format!(
            "SELECT count(*) AS newest FROM etl.runs WHERE source = '{source}' AND run_id = '{run}' \
             AND seq = (SELECT max(seq) FROM etl.runs WHERE source = '{source}')"
        );
        Statement::new("check that no newer run was loaded", sql)
    }
}

fn simple(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
