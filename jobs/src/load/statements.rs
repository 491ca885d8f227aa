//! The statements of one load.

use std::collections::BTreeMap;
use std::fmt;

use contract::{RunId, Table, Type};
use serde::Serialize;

use super::ddl::column_ddl;
use super::names::StageNames;
use super::retired::Retired;
use super::sql::{Dialect, literal};
use crate::receipt::Receipt;

/// One statement and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// In words, for errors and logs.
    pub purpose: String,
    /// Whether its failure means that the ledger's head has moved since the deltas were computed.
    pub guards_head: bool,
    /// The text.
    pub sql: String,
}

impl Statement {
    pub(super) fn new(purpose: impl Into<String>, sql: String) -> Self {
        Self { purpose: purpose.into(), guards_head: false, sql }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-- {}\n{};", self.purpose, self.sql)
    }
}

/// What a delta's row does to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A new key.
    Inserted,
    /// A key with another row hash.
    Updated,
    /// A key that had been marked deleted and is there again.
    Revived,
    /// A key that is there no more.
    Deleted,
}

impl Change {
    /// As it stands in a delta's `_change` column.
    pub const ALL: [(&'static str, Self); 4] = [
        ("inserted", Self::Inserted),
        ("updated", Self::Updated),
        ("revived", Self::Revived),
        ("deleted", Self::Deleted),
    ];

    /// The change of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, change)| (known == name).then_some(change))
    }
}

/// One load: everything that its statements depend on.
#[derive(Clone, Debug)]
pub struct Plan<'c> {
    /// The warehouse's SQL.
    pub dialect: Dialect,
    /// The source, which is also the target schema.
    pub source: &'c str,
    /// The run.
    pub run: &'c RunId,
    /// The names of this attempt's tables.
    pub names: StageNames,
    /// When the load began: RFC 3339 in UTC.
    pub loaded_at: String,
    /// When the run's oldest answer was asked for: RFC 3339 in UTC.
    pub fetched_at: String,
    /// The tables that the run loads.
    pub tables: Vec<Table<'c>>,
    /// What the transformation vouches for.
    pub receipts: &'c [Receipt],
    /// What the contract no longer names.
    pub retired: Retired,
}

/// What one BatchExecuteStatement takes (Amazon Redshift Data API Reference: SqlList of 1 to 40; Management Guide:
/// a statement of at most 100 KB, which is taken here as the limit of the whole).
const BATCH_STATEMENTS: usize = 40;
const BATCH_BYTES: usize = 100_000;

impl Plan<'_> {
    /// Whether the one transaction can be sent, whatever the counts turn out to be.
    ///
    /// # Errors
    /// By how much it is too large, in words.
    pub fn fits(&self) -> Result<(), String> {
        if self.dialect != Dialect::Redshift {
            return Ok(());
        }
        let most: BTreeMap<Change, u64> = Change::ALL.into_iter().map(|(_, change)| (change, u64::MAX)).collect();
        let most = self.tables.iter().map(|table| (table.name.to_owned(), most.clone())).collect();
        let statements = self.commit(i64::MAX - 1, &most);
        let bytes: usize = statements.iter().map(|statement| statement.sql.len()).sum();
        if statements.len() > BATCH_STATEMENTS || bytes > BATCH_BYTES {
            return Err(format!(
                "the load of {} tables needs {} statements of {bytes} bytes together, but one transaction of the Data \
                 API takes {BATCH_STATEMENTS} of {BATCH_BYTES}",
                self.tables.len(),
                statements.len(),
            ));
        }
        Ok(())
    }

    /// Makes the empty table that a run's rows of one table are staged in: the columns of its Parquet files.
    pub fn create_stage(&self, table: &Table<'_>) -> Statement {
        let columns: Vec<String> = crate::table::file_columns(table)
            .into_iter()
            .map(|(name, kind, _)| format!("    {name} {}", self.dialect.staged_type(kind)))
            .collect();
        let name = self.names.stage(table.name);
        let sql = format!("CREATE TABLE {}.{name} (\n{}\n)", self.names.schema, columns.join(",\n"));
        Statement::new(format!("stage {}", table.name), sql)
    }

    /// Fills a stage from the lake: exactly the files that the manifest lists, their columns by name.
    ///
    /// Parquet files load by position, so the list must be in the files' order, which the proof has checked.
    pub fn copy(&self, table: &Table<'_>, manifest: &str, role: &str) -> Statement {
        let columns: Vec<&str> = crate::table::file_columns(table).into_iter().map(|(name, _, _)| name).collect();
        let role = if role == "default" { role.to_owned() } else { literal(role) };
        let sql = format!(
            "COPY {}.{} ({})\nFROM {}\nIAM_ROLE {role}\nFORMAT AS PARQUET\nMANIFEST",
            self.names.schema,
            self.names.stage(table.name),
            columns.join(", "),
            literal(manifest),
        );
        Statement::new(format!("copy into the stage of {}", table.name), sql)
    }

    /// Computes what the staged rows change.
    pub fn create_delta(&self, table: &Table<'_>) -> Statement {
        let file_columns = crate::table::file_columns(table);
        let listed = |column: &dyn Fn(&str, Type) -> String| {
            let columns: Vec<String> = file_columns.iter().map(|(name, kind, _)| column(name, *kind)).collect();
            columns.join(", ")
        };
        // In both halves of the union a column has one name and one type.
        let fresh = listed(&|name, kind| match self.dialect.staged(&format!("fresh.{name}"), kind) {
            same if same == format!("fresh.{name}") => same,
            read => format!("{read} AS {name}"),
        });
        let run = self.dialect.text(self.run.as_str());
        let now = self.instant(&self.loaded_at);
        let first = table.key[0];
        let on: Vec<String> = table.key.iter().map(|key| format!("live.{key} = fresh.{key}")).collect();
        let sql = format!(
            "CREATE TABLE {schema}.{delta} AS\n\
             SELECT CASE WHEN live.{first} IS NULL THEN 'inserted' WHEN live._deleted_at IS NOT NULL THEN 'revived' \
             ELSE 'updated' END AS _change,\n    {fresh}, {run} AS _run_id, {now} AS _loaded_at, \
             CAST(NULL AS timestamp) AS _deleted_at\n\
             FROM {schema}.{stage} AS fresh LEFT JOIN {target} AS live ON {on}\n\
             WHERE live.{first} IS NULL OR live._row_hash <> fresh._row_hash OR live._deleted_at IS NOT NULL\n\
             UNION ALL\n\
             SELECT 'deleted' AS _change,\n    {live}, {run} AS _run_id, {now} AS _loaded_at, {now} AS _deleted_at\n\
             FROM {target} AS live LEFT JOIN {schema}.{stage} AS fresh ON {on}\n\
             WHERE fresh.{first} IS NULL AND live._deleted_at IS NULL",
            schema = self.names.schema,
            delta = self.names.delta(table.name),
            stage = self.names.stage(table.name),
            target = self.target(table),
            live = listed(&|name, _| format!("live.{name}")),
            on = on.join(" AND "),
        );
        Statement::new(format!("compute what changes in {}", table.name), sql)
    }

    /// Forgets a delta, so that it can be computed again.
    pub fn drop_delta(&self, table: &Table<'_>) -> Statement {
        self.drop(&self.names.delta(table.name))
    }

    fn drop(&self, name: &str) -> Statement {
        Statement::new(format!("drop {name}"), format!("DROP TABLE IF EXISTS {}.{name}", self.names.schema))
    }

    /// Counts each table's changes: rows of table, change, count.
    pub fn count_changes(&self) -> Statement {
        let counts: Vec<String> = self
            .tables
            .iter()
            .map(|table| {
                let (name, schema, delta) = (table.name, &self.names.schema, self.names.delta(table.name));
                format!(
                    "SELECT '{name}' AS table_name, _change, count(*) AS changes FROM {schema}.{delta} GROUP BY _change"
                )
            })
            .collect();
        Statement::new("count what changes", counts.join("\nUNION ALL\n"))
    }

    /// Drops this attempt's tables.
    pub fn drop_own(&self) -> Vec<Statement> {
        let names = self.tables.iter().flat_map(|table| [self.names.stage(table.name), self.names.delta(table.name)]);
        names.map(|name| self.drop(&name)).collect()
    }

    /// The one transaction, on top of the ledger's head `head`; `changes` goes into the ledger.
    pub fn commit(&self, head: i64, changes: &BTreeMap<String, BTreeMap<Change, u64>>) -> Vec<Statement> {
        let mut statements = vec![
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
                            source = self.source
                        ),
                    ),
                )
            },
            // Two transactions that both saw this head cannot both write this row: should the lock not order their
            // snapshots, this conflict still lets only one of them through.
            Statement::new(
                "move the head",
                format!("UPDATE etl.heads SET seq = {} WHERE source = '{}'", head + 1, self.source),
            ),
        ];
        statements.extend(self.tables.iter().map(|table| self.merge(table)));
        statements.push(self.assert_counts_and_keys());
        statements.push(self.insert_ledger(head + 1, changes));
        statements
    }

    fn merge(&self, table: &Table<'_>) -> Statement {
        let columns: Vec<String> = column_ddl(table, self.dialect).into_iter().map(|(name, _, _)| name).collect();
        let (name, delta) = (table.name, self.names.delta(table.name));
        let on: Vec<String> = table.key.iter().map(|key| format!("{name}.{key} = {delta}.{key}")).collect();
        let own = columns.iter().filter(|column| !table.key.contains(&column.as_str()));
        // A value that is no longer read would look like the row's present one.
        let retired = self.retired.columns.get(name).into_iter().flatten().map(|column| format!("{column} = NULL"));
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

    /// After the merges every table must hold exactly the run's rows, each key once.
    fn assert_counts_and_keys(&self) -> Statement {
        let counts = self.receipts.iter().flat_map(|receipt| &receipt.tables).map(|table| {
            format!(
                "SELECT CASE WHEN count(*) = {} THEN 0 ELSE 1 END AS wrong FROM {}.{} WHERE _deleted_at IS NULL",
                table.rows, self.source, table.table
            )
        });
        let keys = self.tables.iter().map(|table| {
            let (key, target) = (table.key.join(", "), self.target(table));
            format!(
                "SELECT count(*) AS wrong FROM (SELECT {key} FROM {target} GROUP BY {key} HAVING count(*) > 1) AS twice"
            )
        });
        let checks: Vec<String> = counts.chain(keys).collect();
        let sql = assert_true(
            "wrong = 0",
            &format!("SELECT sum(wrong) AS wrong FROM (\n{}\n) AS each_check", checks.join("\nUNION ALL\n")),
        );
        Statement::new("assert that every table holds the run's rows, each key once", sql)
    }

    fn insert_ledger(&self, seq: i64, changes: &BTreeMap<String, BTreeMap<Change, u64>>) -> Statement {
        let collections: BTreeMap<&str, &str> =
            self.receipts.iter().map(|receipt| (receipt.collection.as_str(), receipt.fingerprint.as_str())).collect();
        let mut tables: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for table in self.receipts.iter().flat_map(|receipt| &receipt.tables) {
            let counts = tables.entry(&table.table).or_default();
            counts.extend([("rows", table.rows), ("quarantined", table.quarantined), ("dropped", table.dropped)]);
            for (name, change) in Change::ALL {
                counts.insert(
                    name,
                    changes.get(&table.table).and_then(|counts| counts.get(&change)).copied().unwrap_or(0),
                );
            }
        }
        // Plain maps of names and numbers always serialise.
        let collections = serde_json::to_string(&collections).unwrap_or_default();
        let tables = serde_json::to_string(&tables).unwrap_or_default();
        let sql = format!(
            "INSERT INTO etl.runs (seq, source, run_id, fetched_at, loaded_at, collections, tables)\n\
             SELECT {seq}, '{}', '{}', {}, {}, {}, {}",
            self.source,
            self.run,
            self.instant(&self.fetched_at),
            self.instant(&self.loaded_at),
            self.dialect.json(&collections),
            self.dialect.json(&tables),
        );
        Statement::new("write the ledger", sql)
    }

    fn target(&self, table: &Table<'_>) -> String {
        format!("{}.{}", self.source, table.name)
    }

    /// RFC 3339 in UTC as a timestamp without a zone.
    fn instant(&self, time: &str) -> String {
        let plain = time.trim_end_matches('Z').replace('T', " ");
        format!("CAST({} AS {})", literal(&plain), self.dialect.type_name(Type::Timestamp))
    }
}

/// A query that fails with a division by zero unless the condition holds; a constant `1/0` could be folded away.
fn assert_true(condition: &str, from: &str) -> String {
    format!("SELECT 1 / CASE WHEN {condition} THEN 1 ELSE 0 END AS asserted FROM ({from}) AS asserted_of")
}

#[cfg(test)]
mod tests {
    use contract::Contract;

    use super::*;

    #[test]
    fn what_no_transaction_of_the_data_api_takes_is_told_before_the_load() {
        let mut text = "source: zoo\nbase_url: http://zoo.example\ncollections:\n".to_owned();
        for number in 0..40 {
            text +=
                &format!("  c{number}: {{path: /c, key: id, doc: c, columns: {{id: {{type: integer, doc: i}}}}}}\n");
        }
        let (contract, run) = (Contract::parse(&text, "zoo.yaml").expect("good"), "r1".parse().expect("a run id"));
        let plan = |dialect, tables: usize| Plan {
            dialect,
            source: "zoo",
            run: &run,
            names: StageNames::new("zoo", &run, "a"),
            loaded_at: "2026-01-05T00:00:00.000000Z".to_owned(),
            fetched_at: "2026-01-05T00:00:00.000000Z".to_owned(),
            tables: contract.tables().into_iter().take(tables).collect(),
            receipts: &[],
            retired: Retired::default(),
        };
        // Lock, head, move, counts, ledger.
        assert_eq!(plan(Dialect::Redshift, 35).fits(), Ok(()));
        let problem = plan(Dialect::Redshift, 36).fits().expect_err("41 statements");
        assert!(problem.contains("36 tables") && problem.contains("41 statements"), "{problem}");
        assert_eq!(plan(Dialect::Postgres, 40).fits(), Ok(()));
    }
}
