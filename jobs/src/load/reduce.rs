//! The staging tables of collections whose responses may have several versions of a record, or only some of the records.
//!
//! ```text
//! in the run       one version of each record remains: the one with the largest cursor, the last one of these
//!                  (`mode: append`: the first one)
//! in the table     a part does not replace a newer version, and does not revive a deleted one without a newer cursor
//!                  (`mode: append`: it replaces nothing)
//! child tables     the elements of the remaining versions
//! ```
//!
//! The statements may be repeated: what they have removed stays superseded. They run outside of the transaction, which
//! asserts that the tables are those that the staging tables were compared with.

use contract::{Collection, Mode, RECORD, Table};

use super::audit::Audit;
use super::batch::unions;
use super::changes::{Change, Changes};
use super::plan::Plan;
use super::sql::Statement;
use crate::receipt::{Receipt, TableReceipt};

impl Plan<'_> {
    fn receipt(&self, table: &Table<'_>) -> Option<&Receipt> {
        self.receipts.iter().find(|receipt| receipt.collection == table.collection)
    }

    /// Returns whether rows that are not in the run remain in the table.
    pub(super) fn is_part(&self, table: &Table<'_>) -> bool {
        let collection = self.contract.collections.get(table.collection);
        collection.is_some_and(|collection| collection.mode == Mode::Append)
            || self.receipt(table).is_some_and(|receipt| receipt.part)
    }

    fn numbered(&self) -> impl Iterator<Item = (&Table<'_>, &Collection)> {
        let tables = self.tables.iter().filter(|table| table.is_numbered);
        tables.filter_map(|table| Some((table, self.contract.collections.get(table.collection)?)))
    }

    pub(super) fn staged(&self, table: &str) -> String {
        format!("{}.{}", self.names.schema, self.names.stage(table))
    }

    /// Counts the rows of the staging tables that are reduced later: the columns table and rows.
    pub fn count_staged(&self) -> Vec<Statement> {
        let count = |(table, _): (&Table<'_>, _)| {
            format!("SELECT '{}' AS table_name, count(*) AS staged FROM {}", table.name, self.staged(table.name))
        };
        unions("count the staged rows", "", self.numbered().map(count))
    }

    /// Returns the manifest of a table, if the number of its staged rows differs.
    pub fn wrongly_staged(&self, table: &str, rows: u64) -> Option<&TableReceipt> {
        let mut tables = self.receipts.iter().flat_map(|receipt| &receipt.tables);
        tables.find(|read| read.table == table && read.rows != rows)
    }

    /// Removes superseded records from the staging tables, and then, in separate calls, their elements.
    pub fn reduce(&self) -> [Vec<Statement>; 2] {
        let [mut records, mut elements] = [Vec::new(), Vec::new()];
        for (table, collection) in self.numbered() {
            if table.child.is_some() {
                elements.push(self.without_parent(table));
                continue;
            }
            let cursor = collection.incremental.as_ref().map(|incremental| incremental.cursor.as_str());
            let cursor = cursor.filter(|_| collection.mode == Mode::Update);
            records.push(self.older_in_run(table, cursor));
            if self.is_part(table) {
                records.push(self.older_than_live(table, cursor));
            }
        }
        [records, elements]
    }

    fn older_in_run(&self, table: &Table<'_>, cursor: Option<&str>) -> Statement {
        let order = cursor.map_or(RECORD.to_owned(), |cursor| format!("{cursor} DESC, {RECORD} DESC"));
        let (stage, key) = (self.staged(table.name), table.key.join(", "));
        let sql = format!(
            "DELETE FROM {stage} WHERE {RECORD} IN (SELECT {RECORD} FROM (SELECT {RECORD}, \
             row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS place FROM {stage}) AS ranked WHERE place > 1)"
        );
        Statement::new(format!("remove the older versions of records in {}", table.name), sql)
    }

    fn older_than_live(&self, table: &Table<'_>, cursor: Option<&str>) -> Statement {
        let (name, target) = (self.names.stage(table.name), self.target(table));
        let mut on: Vec<String> = table.key.iter().map(|key| format!("live.{key} = {name}.{key}")).collect();
        on.extend(cursor.map(|cursor| {
            format!(
                "(live.{cursor} > {name}.{cursor} OR live.{cursor} = {name}.{cursor} AND live._deleted_at IS NOT NULL)"
            )
        }));
        let sql = format!("DELETE FROM {} USING {target} AS live WHERE {}", self.staged(table.name), on.join(" AND "));
        Statement::new(format!("remove the records that are already in {}", table.name), sql)
    }

    fn without_parent(&self, table: &Table<'_>) -> Statement {
        let sql = format!(
            "DELETE FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} AS kept WHERE kept.{RECORD} = {}.{RECORD})",
            self.staged(table.name),
            self.staged(table.collection),
            self.names.stage(table.name),
        );
        Statement::new(format!("remove the elements of superseded records in {}", table.name), sql)
    }

    /// Returns the number of live rows in a table after the load.
    pub(super) fn rows_after(&self, audit: &Audit, changes: &Changes, table: &str) -> u64 {
        let count = |change: Change| change.count(changes, table);
        let before = audit.live(table) + count(Change::Inserted) + count(Change::Revived);
        before.saturating_sub(count(Change::Deleted))
    }
}

#[cfg(test)]
#[path = "../../tests/unit/load/reduce.rs"]
mod tests;
