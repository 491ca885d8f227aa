//! The rows and keys of the loaded tables before a load.
//!
//! Counting and grouping whole tables is slow, so it happens outside the transaction. The head of the ledger is read
//! in the same statement, thus in the same snapshot: if it is still the head when the transaction holds the lock, no
//! load has changed the tables since, and the counts after the merges follow from those of the deltas.

use std::collections::BTreeMap;

use super::changes::{Change, Changes};
use super::ledger::Ledger;
use super::plan::Plan;
use super::sql::Statement;

/// The tables of a load, and the head of the ledger in the same snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub head: i64,
    /// Each table's rows that are not marked as deleted.
    live: BTreeMap<String, u64>,
    /// The number of keys with more than one row, in the tables that have any.
    repeated: BTreeMap<String, u64>,
}

impl Audit {
    /// Reads the rows of [`Plan::audit`]: table, live rows, repeated keys.
    pub fn read(rows: impl IntoIterator<Item = (String, i64, u64)>) -> Self {
        let mut audit = Self::default();
        for (table, number, repeated) in rows {
            let table = table.trim();
            if table.is_empty() {
                audit.head = number;
                continue;
            }
            audit.live.insert(table.to_owned(), number.unsigned_abs());
            if repeated > 0 {
                audit.repeated.insert(table.to_owned(), repeated);
            }
        }
        audit
    }

    /// Returns the number of rows of a table that are not marked as deleted.
    pub fn live(&self, table: &str) -> u64 {
        self.live.get(table).copied().unwrap_or(0)
    }

    /// Returns the tables in which several rows have the same key: a merge could change any of these rows.
    pub fn repeated_keys(&self, schema: &str) -> Option<String> {
        let problem = |(table, keys): (&String, &u64)| format!("duplicate keys in `{schema}.{table}`: {keys}");
        let problems: Vec<String> = self.repeated.iter().map(problem).collect();
        (!problems.is_empty()).then(|| problems.join("; "))
    }

    /// Returns the tables whose row counts differ from the ledger's last load. The load corrects them.
    pub fn differences<'a>(&'a self, ledger: &'a Ledger, schema: &'a str) -> impl Iterator<Item = String> + 'a {
        self.live.iter().filter_map(move |(table, live)| {
            let recorded = ledger.rows(table).filter(|rows| rows != live)?;
            Some(format!(
                "`{schema}.{table}` has {live} rows, but the ledger records {recorded}: the table was modified manually; \
                 this load restores the rows of its source"
            ))
        })
    }
}

impl Plan<'_> {
    /// Counts the live rows and the repeated keys of each table; the first row has the ledger's head.
    pub fn audit(&self) -> Statement {
        let head = format!(
            "SELECT '' AS table_name, coalesce(max(seq), 0) AS live, 0 AS repeated FROM etl.runs WHERE source = '{}'",
            self.source
        );
        let tables = self.tables.iter().map(|table| {
            let (name, key, target) = (table.name, table.key.join(", "), self.target(table));
            format!(
                "SELECT '{name}' AS table_name, coalesce(sum(live), 0) AS live, \
                 coalesce(sum(CASE WHEN found > 1 THEN 1 ELSE 0 END), 0) AS repeated\nFROM (SELECT count(*) AS found, \
                 sum(CASE WHEN _deleted_at IS NULL THEN 1 ELSE 0 END) AS live FROM {target} GROUP BY {key}) AS each_key"
            )
        });
        let parts: Vec<String> = std::iter::once(head).chain(tables).collect();
        Statement::new("count the rows and keys of the loaded tables", parts.join("\nUNION ALL\n"))
    }

    /// Returns the tables that would differ from their files after the merges: the staging table or delta is wrong.
    pub fn wrong_counts(&self, audit: &Audit, changes: &Changes) -> Option<String> {
        let tables = self.receipts.iter().flat_map(|receipt| &receipt.tables).filter_map(|table| {
            let count = |change: Change| i128::from(change.count(changes, &table.table));
            let (added, deleted) = (count(Change::Inserted) + count(Change::Revived), count(Change::Deleted));
            let after = i128::from(audit.live(&table.table)) + added - deleted;
            let (name, rows) = (&table.table, table.rows);
            (after != i128::from(rows))
                .then(|| format!("table `{name}` would have {after} rows after the load, but the manifest has {rows}"))
        });
        let problems: Vec<String> = tables.collect();
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}

#[cfg(test)]
#[path = "../../tests/unit/load/audit.rs"]
mod tests;
