//! The transaction of a load, which commits either all tables of a run or nothing.

use std::collections::BTreeMap;

use contract::{Finding, Removed, Table};

use super::audit::Audit;
use super::changes::{Change, Changes};
use super::ledger::{Ledger, Loaded};
use super::plan::Plan;
use super::sql::{Statement, column_ddl};

/// The number of tables that one assertion checks, which limits the length of its text.
const ASSERTED: usize = 100;

impl Plan<'_> {
    /// Returns the transaction's statements, for the ledger whose head was audited; `changes` are the rows of the deltas, and
    /// `accepted` is the reason for which a person accepted the findings.
    pub fn commit(
        &self,
        (ledger, audit): (&Ledger, &Audit),
        changes: &Changes,
        findings: &[Finding],
        accepted: Option<&str>,
    ) -> Vec<Statement> {
        let head = audit.head;
        let before = vec![
            Statement::new("lock the ledger", "LOCK etl.load_lock".to_owned()),
            Statement {
                guards_head: true,
                ..Statement::new(
                    format!("assert that the ledger's head is {head} and the run is absent"),
                    assert_true(
                        &format!("head = {head} AND runs = 0 AND heads >= 1"),
                        &format!(
                            "SELECT coalesce(max(seq), 0) AS head, \
                             coalesce(sum(CASE WHEN run_id = '{run}' THEN 1 ELSE 0 END), 0) AS runs, \
                             (SELECT count(*) FROM etl.heads WHERE source = '{source}' AND seq = {head}) AS heads \
                             FROM etl.runs WHERE source = '{source}'",
                            run = self.run,
                            source = self.contract.source
                        ),
                    ),
                )
            },
            // Two transactions that both saw this head cannot both write this row: should the lock not order their
            // snapshots, this conflict still lets only one of them through.
            Statement::new(
                "advance the ledger's head",
                format!("UPDATE etl.heads SET seq = {} WHERE source = '{}'", head + 1, self.contract.source),
            ),
        ];
        let changed = self.tables.iter().filter_map(|table| {
            let count: u64 = Change::ALL.iter().map(|(_, change)| change.count(changes, table.name)).sum();
            (count > 0).then_some((table, count))
        });
        let changed: Vec<(&Table<'_>, u64)> = changed.collect();
        let merges = changed.iter().map(|(table, _)| self.merge(table)).collect();
        let after = changed.chunks(ASSERTED).map(|tables| self.assert_merged(tables));
        let written = [self.insert_ledger(ledger, audit, changes)].into_iter();
        let written = written.chain(self.insert_findings(head + 1, findings, accepted));
        self.transaction(before, merges, after.chain(written).collect())
    }

    pub(super) fn merge(&self, table: &Table<'_>) -> Statement {
        let columns: Vec<String> = column_ddl(table, self.dialect).into_iter().map(|(name, _, _)| name).collect();
        let (name, delta) = (table.name, self.names.delta(table.name));
        let on: Vec<String> = table.key.iter().map(|key| format!("{name}.{key} = {delta}.{key}")).collect();
        let own = columns.iter().filter(|column| !table.key.contains(&column.as_str()));
        // Otherwise an old value would look like a current one.
        // A column that is dropped may no longer exist, because another load has dropped it.
        let retired = self.retired.iter().filter(|one| one.table == name && one.removed == Removed::Null);
        let retired = retired.filter_map(|one| one.column.as_ref()).map(|column| format!("{column} = NULL"));
        let set: Vec<String> = own.map(|column| format!("{column} = {delta}.{column}")).chain(retired).collect();
        let values: Vec<String> = columns.iter().map(|column| format!("{delta}.{column}")).collect();
        let sql = format!(
            "MERGE INTO {target} USING {schema}.{delta} ON {on}\n\
             WHEN MATCHED THEN UPDATE SET {set}\n\
             WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})",
            target = self.target(table),
            schema = self.names.schema,
            on = on.join(" AND "),
            set = set.join(", "),
            columns = columns.join(", "),
            values = values.join(", "),
        );
        Statement::new(format!("merge {name}"), sql)
    }

    /// Asserts that every row of the deltas is now in its table. The rows are found by their keys, so unchanged rows are not
    /// read where the key has an index.
    fn assert_merged(&self, tables: &[(&Table<'_>, u64)]) -> Statement {
        let checks = tables.iter().map(|(table, count)| {
            let (target, delta) =
                (self.target(table), format!("{}.{}", self.names.schema, self.names.delta(table.name)));
            let on: Vec<String> = table.key.iter().map(|key| format!("live.{key} = changed.{key}")).collect();
            let (on, run) = (on.join(" AND "), self.run);
            format!(
                "SELECT CASE WHEN count(*) = {count} THEN 0 ELSE 1 END AS wrong FROM {delta} AS changed \
                 JOIN {target} AS live ON {on} WHERE live._run_id = '{run}' AND live._row_hash = changed._row_hash"
            )
        });
        let checks: Vec<String> = checks.collect();
        let sql = assert_true(
            "wrong = 0",
            &format!("SELECT sum(wrong) AS wrong FROM (\n{}\n) AS each_check", checks.join("\nUNION ALL\n")),
        );
        Statement::new("assert that the tables contain the run's changes", sql)
    }

    fn insert_ledger(&self, ledger: &Ledger, audit: &Audit, changes: &Changes) -> Statement {
        let collections = self.receipts.iter().filter_map(|receipt| {
            let collection = self.contract.collections.get(&receipt.collection)?;
            Some((receipt.collection.as_str(), ledger.after(receipt, collection.incremental.is_some())))
        });
        let collections: BTreeMap<&str, Loaded> = collections.collect();
        let mut tables: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for table in self.receipts.iter().flat_map(|receipt| &receipt.tables) {
            let counts = tables.entry(&table.table).or_default();
            let rows = self.rows_after(audit, changes, &table.table);
            counts.extend([("rows", rows), ("quarantined", table.quarantined), ("dropped", table.dropped)]);
            // Otherwise, this is their sum.
            counts.extend((rows != table.rows).then_some(("read", table.read)));
            for (name, change) in Change::ALL {
                counts.insert(name, change.count(changes, &table.table));
            }
        }
        // Plain maps of names and numbers always serialise.
        let collections = serde_json::to_string(&collections).unwrap_or_default();
        let tables = serde_json::to_string(&tables).unwrap_or_default();
        let sql = format!(
            "INSERT INTO etl.runs (seq, source, run_id, fetched_at, loaded_at, collections, tables)\n\
             SELECT {}, '{}', '{}', {}, {}, {}, {}",
            audit.head + 1,
            self.contract.source,
            self.run,
            self.instant(&self.fetched_at),
            self.instant(&self.loaded_at),
            self.dialect.json(&collections),
            self.dialect.json(&tables),
        );
        Statement::new("write to the ledger", sql)
    }
}

/// Returns a query that divides by zero unless the condition holds; a constant `1/0` could be optimized away.
fn assert_true(condition: &str, from: &str) -> String {
    format!("SELECT 1 / CASE WHEN {condition} THEN 1 ELSE 0 END AS asserted FROM ({from}) AS asserted_of")
}
