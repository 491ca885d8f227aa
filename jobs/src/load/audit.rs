//! The rows and keys of the loaded tables before a load.
//!
//! Counting and grouping whole tables is slow, so it happens outside the transaction. The head of the ledger is read
//! in the same statement, thus in the same snapshot: if it is still the head when the transaction holds the lock, no
//! load has changed the tables since, and the counts after the merges follow from those of the deltas.

use std::collections::BTreeMap;

use contract::Table;

use super::batch::unions;
use super::changes::{Change, Changes, compared};
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
    /// The values in the live rows, by table and position in [`Plan::sparse_columns`].
    values: BTreeMap<(String, u64), u64>,
    /// The live rows of each table that an earlier load wrote and that is not in the contract.
    retired: BTreeMap<String, u64>,
    /// The latest time at which a response may have been fetched, by the warehouse's clock; RFC 3339.
    latest: String,
}

/// How far the transformation's clock may be ahead of the warehouse's.
const AHEAD: &str = "5 minutes";
/// The number of columns whose values one row of the audit contains.
const COLUMNS: usize = 400;

impl Audit {
    /// Reads the rows of [`Plan::audit`]: table, live rows, repeated keys, and nothing; or no table, the head, nothing and
    /// the time; or a table, the position of a column, nothing and the values of this column and the next ones; or a table
    /// that is not in the contract, its live rows, and the number of runs that loaded it.
    pub fn read(rows: impl IntoIterator<Item = (String, i64, u64, String)>) -> Self {
        let mut audit = Self { head: -1, ..Self::default() };
        for (table, number, repeated, detail) in rows {
            let (table, count) = (table.trim(), number.unsigned_abs());
            if let Some((day, time)) = detail.split_once(' ').filter(|_| table.is_empty()) {
                // Statements with different heads have different snapshots; no run has this number.
                audit.head = if [-1, number].contains(&audit.head) { number } else { i64::MAX };
                audit.latest = format!("{day}T{time}Z");
            } else if detail == "retired" {
                audit.retired.extend((repeated > 0).then(|| (table.to_owned(), count)));
            } else if !detail.is_empty() {
                let values = detail.split(',').filter_map(|values| values.parse().ok());
                audit.values.extend((count..).zip(values).map(|(column, values)| ((table.to_owned(), column), values)));
            } else {
                audit.live.insert(table.to_owned(), count);
                audit.repeated.extend((repeated > 0).then(|| (table.to_owned(), repeated)));
            }
        }
        audit
    }

    /// Returns whether a time (RFC 3339 in UTC with microseconds) is in the future, by the warehouse's clock.
    pub fn in_future(&self, time: &str) -> bool {
        time > self.latest.as_str()
    }

    /// Returns the number of live rows of a table that is not in the contract, if an earlier load wrote it.
    pub(super) fn retired(&self, table: &str) -> Option<u64> {
        self.retired.get(table).copied()
    }

    /// Returns the number of values that a column has in the live rows.
    pub(super) fn values(&self, table: &str, column: usize) -> u64 {
        self.values.get(&(table.to_owned(), column as u64)).copied().unwrap_or(0)
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
                "`{schema}.{table}` has {live} rows, but the ledger records {recorded}: the table was modified manually, \
                 or was not in the contract; this load restores the rows of its source"
            ))
        })
    }
}

impl Plan<'_> {
    /// Counts the live rows and the repeated keys of each table, and the values of the columns that the run may empty.
    /// Each statement also reads the ledger's head and the clock.
    pub fn audit(&self) -> Vec<Statement> {
        let head = format!(
            "SELECT '' AS table_name, coalesce(max(seq), 0) AS live, 0 AS repeated, \
             to_char({} + interval '{AHEAD}', 'YYYY-MM-DD HH24:MI:SS.US') AS detail\nFROM etl.runs WHERE source = '{}'",
            self.dialect.now(),
            self.contract.source
        );
        let tables = self.tables.iter().flat_map(|table| std::iter::once(self.rows(table)).chain(self.values(table)));
        let parts = tables.chain(self.retired.iter().filter_map(|retired| self.audit_retired(retired)));
        unions("count the rows and keys of the loaded tables", &format!("{head}\nUNION ALL\n"), parts)
    }

    fn rows(&self, table: &Table<'_>) -> String {
        let (name, key, target) = (table.name, table.key.join(", "), self.target(table));
        format!(
            "SELECT '{name}' AS table_name, coalesce(sum(live), 0) AS live, \
             coalesce(sum(CASE WHEN found > 1 THEN 1 ELSE 0 END), 0) AS repeated, '' AS detail\n\
             FROM (SELECT count(*) AS found, sum(CASE WHEN _deleted_at IS NULL THEN 1 ELSE 0 END) AS live \
             FROM {target} GROUP BY {key}) AS each_key"
        )
    }

    fn values(&self, table: &Table<'_>) -> Vec<String> {
        let counts = |(part, columns): (usize, &[&str])| {
            let count =
                |column: &&str| format!("CAST(count(CASE WHEN {column} IS NOT NULL THEN 1 END) AS varchar(20))");
            let counts: Vec<String> = columns.iter().map(count).collect();
            format!(
                "SELECT '{}' AS table_name, {} AS live, 0 AS repeated, {} AS detail\nFROM {} WHERE _deleted_at IS NULL",
                table.name,
                part * COLUMNS,
                counts.join(" || ',' || "),
                self.target(table)
            )
        };
        self.sparse_columns(table).chunks(COLUMNS).enumerate().map(counts).collect()
    }

    /// Returns the tables that would differ from the run after the merges, or whose changes have a key twice. A part says
    /// nothing about the number of rows.
    pub fn wrong_counts(&self, audit: &Audit, changes: &Changes) -> Option<String> {
        let tables = self.receipts.iter().flat_map(|receipt| &receipt.tables).filter_map(|table| {
            let (name, rows) = (&table.table, compared(changes, table));
            let (after, repeated) = (self.rows_after(audit, changes, name), Change::Repeated.count(changes, name));
            let is_part = self.tables.iter().any(|table| table.name == name && self.is_part(table));
            if after != rows && !is_part {
                return Some(format!("table `{name}` would have {after} rows after the load, but the run has {rows}"));
            }
            (repeated > 0).then(|| format!("the changes in table `{name}` have several rows for {repeated} keys"))
        });
        let problems: Vec<String> = tables.collect();
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}

#[cfg(test)]
#[path = "../../tests/unit/load/audit.rs"]
mod tests;
