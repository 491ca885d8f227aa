//! References without a match, compared with the number that the contract expects.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Contract, TableColumn};

/// A column with references that have no match in the referenced table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// `table.column`.
    pub column: String,
    /// The referenced table.
    pub to: String,
    /// The number of rows that the contract expects (`known_gaps`).
    pub known: u64,
    pub found: u64,
}

impl Gap {
    /// Returns the number of rows beyond the expected ones.
    pub fn unexpected(&self) -> u64 {
        self.found.saturating_sub(self.known)
    }
}

/// Returns the query that counts the rows without a match, by column, in these tables; `None` without references. Like the
/// tests of dbt, it ignores deleted rows, and references to tables whose collection has not been loaded yet.
pub fn query(contract: &Contract, loaded: &BTreeSet<&str>) -> Option<String> {
    let source = &contract.source;
    let counts: Vec<String> = references(contract)
        .into_iter()
        .filter_map(|(table, column)| {
            let to = column.references.as_ref()?;
            if !loaded.contains(table) || !loaded.contains(to.table.as_str()) {
                return None;
            }
            let (name, other, key) = (column.name, &to.table, &to.column);
            Some(format!(
                "SELECT '{table}.{name}', count(*)\nFROM {source}.{table} AS own\nLEFT JOIN {source}.{other} AS other \
                 ON other.{key} = own.{name} AND other._deleted_at IS NULL\n\
                 WHERE own._deleted_at IS NULL AND own.{name} IS NOT NULL AND other.{key} IS NULL\n\
                 AND (SELECT count(*) FROM {source}.{other}) > 0"
            ))
        })
        .collect();
    (!counts.is_empty()).then(|| counts.join("\nUNION ALL\n"))
}

/// Returns the columns with gaps that are expected or found, from the rows of the query.
pub fn gaps(contract: &Contract, counted: &BTreeMap<String, u64>) -> Vec<Gap> {
    let of = |(table, column): (&str, TableColumn<'_>)| {
        let name = format!("{table}.{}", column.name);
        let found = counted.get(&name).copied().unwrap_or_default();
        Some(Gap { to: column.references?.table, column: name, known: column.known_gaps, found })
    };
    references(contract).into_iter().filter_map(of).filter(|gap| gap.known + gap.found > 0).collect()
}

fn references(contract: &Contract) -> Vec<(&str, TableColumn<'_>)> {
    let columns = contract.tables().into_iter().flat_map(|table| {
        let name = table.name;
        table.columns.into_iter().map(move |column| (name, column))
    });
    columns.filter(|(_, column)| column.references.is_some()).collect()
}
