//! The operations that a load needs from a warehouse. A driver supplies queries, transactions and staging; everything
//! else is shared by all drivers.

use std::time::Duration;

use anyhow::{Context, Result};
use backon::ExponentialBuilder;
use bytes::Bytes;
use contract::{Contract, RunId, Table};

use super::tables::{Shape, missing};
use crate::failure::Failure;
use crate::load::{
    Audit, Change, Changes, Descriptions, Dialect, Ledger, Plan, Retired, Statement, find_findings, register,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    Done,
    /// The load was rolled back, because another transaction committed first.
    HeadMoved,
}

#[allow(async_fn_in_trait, reason = "used with static dispatch inside this crate only")]
pub trait Warehouse {
    const DIALECT: Dialect;

    /// Returns the rows of a query, with every value as text and null as an empty string.
    async fn query(&self, purpose: &str, sql: &str) -> Result<Vec<Vec<String>>>;

    /// Runs statements in order, each in its own transaction.
    async fn run(&self, statements: &[Statement]) -> Result<()>;

    /// Runs statements that do not depend on each other, several at a time where the warehouse can.
    async fn run_parallel(&self, statements: &[Statement]) -> Result<()> {
        self.run(statements).await
    }

    async fn commit(&mut self, statements: &[Statement]) -> Result<Commit>;

    async fn shape(&self, schema: &str) -> Result<Shape>;

    /// Changes tables in ways that another load may apply at the same time.
    async fn alter(&self, schema: &str, changes: &[Statement]) -> Result<()>;

    /// Marks an attempt's tables as in use until this connection closes, and drops the tables of aborted attempts.
    async fn claim_and_drop_leftovers(&self, schema: &str, token: &str) -> Result<Vec<String>>;

    /// Returns the role that the warehouse uses to read the lake (COPY from a manifest), or `None` if it receives the
    /// rows through [`Warehouse::stage`] instead.
    fn reads_lake_as(&self) -> Option<&str> {
        None
    }

    /// Copies a validated Parquet file into a staging table; returns the number of rows.
    async fn stage(&self, schema: &str, name: &str, table: &Table<'_>, parquet: Bytes) -> Result<u64>;

    /// Returns the committed runs of a source, newest first: the last ones, or with `run` those that its load needs.
    async fn ledger(&self, source: &str, run: Option<&RunId>) -> Result<Ledger> {
        let sql = Ledger::query(Self::DIALECT, source, run);
        let rows = self.query("read the ledger", &sql).await?.into_iter().map(|row| {
            let [seq, run, fetched_at, collections, tables] = values(row)?;
            Ok((seq.parse()?, run, fetched_at, collections, tables))
        });
        Ok(Ledger::read(rows.collect::<Result<Vec<_>>>()?).map_err(Failure::refused)?)
    }

    /// Creates the contract's missing tables and columns; fails for a column of a different type and for a table with a
    /// different key. Returns the tables and columns that are not in the contract.
    async fn ensure_tables(&self, contract: &Contract) -> Result<Vec<Retired>> {
        let schema = contract.source.as_str();
        self.run(&[register(schema, Self::DIALECT), find_findings(schema)]).await?;
        let (shape, tables) = (self.shape(schema).await?, contract.tables());
        self.alter(schema, &missing(schema, &tables, &shape, Self::DIALECT)?).await?;
        self.describe(schema, &tables).await;
        let present =
            shape.iter().map(|(name, columns)| (name, columns.iter().map(|(name, column)| (name, column.plain))));
        Ok(Retired::of(contract, present))
    }

    /// Writes the contract's descriptions where the warehouse has other comments. The rows do not depend on them, so a
    /// failure is a warning; the next load tries again.
    async fn describe(&self, schema: &str, tables: &[Table<'_>]) {
        let described = async {
            let rows = self.query("read the descriptions of tables", &Descriptions::query(schema)).await?;
            self.alter(schema, &Descriptions::read(&rows).outdated(schema, tables)).await
        };
        if let Err(error) = described.await {
            tracing::warn!(
                "some tables or columns do not have the contract's description: {error:#}; the next load tries again"
            );
        }
    }

    /// Applies the contract's policy to the tables and columns that are not in it, unless a newer run was loaded, which may
    /// have a different contract. The load is already committed, so a failure is a warning; the next load tries again.
    async fn retire(&self, plan: &Plan<'_>, audit: &Audit) {
        let (retired, newest) = (plan.retire(audit), plan.is_head());
        for (message, change) in retired {
            let applied = async {
                let Some(change) = change else { return Ok(true) };
                let is_newest = self.query(&newest.purpose, &newest.sql).await? == [["1"]];
                if is_newest { self.run(&[change]).await.map(|()| true) } else { anyhow::Ok(false) }
            };
            match applied.await {
                Ok(true) => tracing::warn!("{message}"),
                Ok(false) => {}
                Err(error) => tracing::warn!("{error:#}; the next load tries again"),
            }
        }
    }

    /// Runs the statements of [`crate::load::Plan::count_changes`].
    async fn changes(&self, statements: &[Statement]) -> Result<Changes> {
        let mut changes = Changes::new();
        for [table, name, count] in self.rows(statements).await? {
            let change = Change::named(name.trim()).with_context(|| format!("unknown change `{name}` in a delta"))?;
            changes.entry(table.trim().to_owned()).or_default().insert(change, count.parse()?);
        }
        Ok(changes)
    }

    /// Runs the statements of [`crate::load::Plan::audit`].
    async fn audit(&self, statements: &[Statement]) -> Result<Audit> {
        let rows = self.rows(statements).await?.into_iter();
        let rows =
            rows.map(|[table, number, repeated, detail]| Ok((table, number.parse()?, repeated.parse()?, detail)));
        Ok(Audit::read(rows.collect::<Result<Vec<_>>>()?))
    }

    /// Returns the rows of all queries.
    async fn rows<const N: usize>(&self, queries: &[Statement]) -> Result<Vec<[String; N]>> {
        let mut rows = Vec::new();
        for query in queries {
            for row in self.query(&query.purpose, &query.sql).await? {
                rows.push(values(row)?);
            }
        }
        Ok(rows)
    }
}

pub fn values<const N: usize>(row: Vec<String>) -> Result<[String; N]> {
    let other = |_| Failure::refused("the warehouse returned a different number of columns than requested");
    Ok(row.try_into().map_err(other)?)
}

/// Returns the delays between `tries` attempts, with jitter, each up to 30 s.
pub fn waits(first: Duration, tries: usize) -> ExponentialBuilder {
    let waits = ExponentialBuilder::default().with_jitter().with_min_delay(first);
    waits.with_max_delay(Duration::from_secs(30)).with_max_times(tries - 1)
}

pub(super) const UNPREPARED: &str =
    "prepare the warehouse with `cargo xtask warehouse-init`, which creates schemas, `etl` tables, roles and grants";

pub(super) fn assertion_failed(statement: &Statement) -> Failure {
    let failure = Failure::refused(format!("could not {}: the load was rolled back", statement.purpose));
    failure.hint("check whether another program modified a table during the load, and run `copy` again")
}
