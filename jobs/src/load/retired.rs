//! Tables and columns of an earlier contract that the current one no longer describes.

use std::collections::BTreeMap;

use contract::{SYSTEM_COLUMNS, Table};

/// A schema's tables and columns that the contract does not define.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// Tables written by an earlier load. Their rows are kept.
    pub tables: Vec<String>,
    /// Columns by table that the contract no longer describes, in tables that it does. A load writes null to them.
    pub columns: BTreeMap<String, Vec<String>>,
}

impl Retired {
    /// Compares the contract with `present`: the schema's tables, each with its nullable columns that have no default
    /// or expression. Except for key columns, all columns that a load creates are of this kind.
    pub fn of<'p>(
        contract: &[Table<'_>],
        present: impl IntoIterator<Item = (&'p String, impl IntoIterator<Item = &'p String>)>,
    ) -> Self {
        let mut retired = Self::default();
        for (name, columns) in present {
            let columns: Vec<&String> = columns.into_iter().collect();
            let loaded = || columns.iter().any(|column| *column == "_deleted_at");
            let Some(table) = contract.iter().find(|table| table.name == name) else {
                retired.tables.extend(loaded().then(|| name.clone()));
                continue;
            };
            let known = |column: &str| table.columns.iter().chain(&SYSTEM_COLUMNS).any(|own| own.name == column);
            let unknown = columns.into_iter().filter(|column| !known(column) && plain(column)).cloned();
            let unknown: Vec<String> = unknown.collect();
            if !unknown.is_empty() {
                retired.columns.insert(name.clone(), unknown);
            }
        }
        retired
    }

    pub fn warnings(&self, schema: &str) -> Vec<String> {
        let columns =
            self.columns.iter().flat_map(|(table, columns)| columns.iter().map(move |column| (table, column)));
        let columns = columns.map(|(table, column)| {
            format!(
                "`{schema}.{table}.{column}` is not in the contract: it is null in the rows that this load writes; \
                 drop the column, or add it back to the contract"
            )
        });
        let tables = self.tables.iter().map(|table| {
            format!(
                "`{schema}.{table}` is not in the contract: loads do not update its rows; drop the table, or add it back to the contract"
            )
        });
        columns.chain(tables).collect()
    }
}

fn plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
