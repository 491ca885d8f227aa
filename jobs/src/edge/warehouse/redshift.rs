//! Amazon Redshift Serverless through the Data API: no driver, no network path, no password; the caller's role is the
//! database user `"IAMR:<role>"`.
//!
//! The Data API has no session, so a lease in `etl.attempts` protects an attempt's tables, and the transaction of a load is
//! one BatchExecuteStatement. The statements before and after it commit singly, in as few calls as possible.

use std::time::Duration;

use anyhow::{Context, Result};
use backon::BackoffBuilder;
use bytes::Bytes;
use connect::aws::SdkConfig;
use connect::data_api::{self, Client, DataApi, Finished, Problem};
use contract::Table;
use futures_util::future::join_all;

use super::driver::{Commit, UNPREPARED, Warehouse, assertion_failed, values, waits};
use super::tables::{Column, Shape};
use crate::failure::Failure;
use crate::load::{Dialect, StageNames, Statement, batches, drop_tables};

/// The total number of attempts for a single statement that conflicts with other transactions.
const TRIES: usize = 7;
/// Hours after which any load may drop the tables of an unfinished attempt. A load that takes longer fails as a whole.
const LEASE_HOURS: u32 = 6;
/// The number of calls that run COPY statements at the same time.
const PARALLEL: usize = 4;
/// The number of columns that one row of a result describes.
const COLUMNS: usize = 16;
/// The number of tables in one DROP TABLE, which limits its length.
const DROPPED: usize = 400;

/// A database in Redshift Serverless.
#[derive(Debug)]
pub struct Redshift {
    api: DataApi,
    role: String,
    first_wait: Duration,
}

impl Redshift {
    /// Creates a client without sending a request. `role` is the role that COPY uses to read the lake: an ARN, or
    /// `default` for the namespace's default role.
    pub fn open(aws: Option<&SdkConfig>, workgroup: &str, database: &str, role: &str) -> Result<Self> {
        let aws = aws.context("Redshift requires an AWS SDK configuration, but none was loaded")?;
        Ok(Self::with(data_api::client(aws), workgroup, database, role))
    }

    /// Creates the warehouse with the given client.
    pub fn with(client: Client, workgroup: &str, database: &str, role: &str) -> Self {
        let first_wait = Duration::from_millis(500);
        Self { api: DataApi::new(client, workgroup, database, None), role: role.to_owned(), first_wait }
    }

    /// Connects as the administrator, whose secret this is.
    #[must_use]
    pub fn administrator(self, secret: Option<&str>) -> Self {
        Self { api: self.api.with_secret(secret), ..self }
    }

    /// Sets the wait before the first retry after a conflict.
    #[must_use]
    pub fn first_wait(self, first_wait: Duration) -> Self {
        Self { first_wait, ..self }
    }

    /// Runs a query, and retries it while it conflicts with other transactions.
    async fn execute(&self, purpose: &str, sql: &str) -> Result<Finished> {
        let mut waits = waits(self.first_wait, TRIES).build();
        loop {
            let problem = match self.api.run(&[sql]).await? {
                Ok(finished) => return Ok(finished),
                Err(problem) => problem,
            };
            match waits.next().filter(|_| problem.conflict()) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(self.refused(purpose, sql, problem).await),
            }
        }
    }

    /// Runs the statements of one call, each in its own transaction, and repeats those that conflict with other
    /// transactions. An error that `ignored` accepts is not a failure.
    async fn run_each(&self, statements: &[Statement], ignored: impl Fn(&Problem) -> bool) -> Result<()> {
        let mut waits = waits(self.first_wait, TRIES).build();
        let mut pending: Vec<&Statement> = statements.iter().collect();
        loop {
            let sqls: Vec<&str> = pending.iter().map(|statement| statement.sql.as_str()).collect();
            let mut problems = self.api.run_each(&sqls).await?;
            problems.retain(|problem| !ignored(problem));
            let temporary = |problem: &Problem| problem.conflict() || problem.aborted();
            let again = problems.iter().any(Problem::conflict) && problems.iter().all(temporary);
            pending = problems.iter().filter_map(|problem| pending.get(problem.statement).copied()).collect();
            let first = problems.iter().position(|problem| !problem.aborted()).unwrap_or(0);
            let Some(statement) = pending.get(first) else { return Ok(()) };
            match waits.next().filter(|_| again) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    return Err(self.refused(&statement.purpose, &statement.sql, problems.swap_remove(first)).await);
                }
            }
        }
    }

    /// Converts the warehouse's error; for a COPY, adds its details about the files.
    async fn refused(&self, purpose: &str, sql: &str, mut problem: Problem) -> anyhow::Error {
        if sql.starts_with("COPY ") && problem.query > 0 {
            let details = format!(
                "SELECT trim(file_name), trim(column_name), trim(error_message) FROM sys_load_error_detail \
                 WHERE query_id = {} ORDER BY start_time LIMIT 3",
                problem.query
            );
            if let Ok(Ok(finished)) = self.api.run(&[&details]).await
                && let Ok(rows) = self.api.rows(&finished).await
            {
                problem.message.extend(rows.iter().map(|row| format!("\n{}", row.join(": "))));
            }
        }
        let message = format!("cannot {purpose}");
        let failure = if problem.temporary() { Failure::temporary(message) } else { Failure::refused(message) };
        let text = problem.to_string();
        let lower = text.to_lowercase();
        let unprepared =
            ["permission denied", "does not exist", "must be owner"].iter().any(|sign| lower.contains(sign));
        let failure = if unprepared { failure.hint(UNPREPARED) } else { failure };
        failure.because(text).into()
    }
}

impl Warehouse for Redshift {
    const DIALECT: Dialect = Dialect::Redshift;

    async fn query(&self, purpose: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        let finished = self.execute(purpose, sql).await?;
        Ok(self.api.rows(&finished).await?)
    }

    async fn run(&self, statements: &[Statement]) -> Result<()> {
        for batch in batches(statements) {
            self.run_each(batch, |_| false).await?;
        }
        Ok(())
    }

    async fn run_parallel(&self, statements: &[Statement]) -> Result<()> {
        // The largest statements are first, so each call gets some of them.
        let call = |number| statements.iter().skip(number).step_by(PARALLEL).cloned().collect::<Vec<_>>();
        let calls: Vec<Vec<Statement>> = (0..PARALLEL).map(call).collect();
        // All calls finish before the first failure is returned, so nothing uses a table that is dropped afterwards.
        let done = join_all(calls.iter().map(|statements| self.run(statements))).await;
        done.into_iter().collect()
    }

    async fn shape(&self, schema: &str) -> Result<Shape> {
        // Results have pages, so one row describes several columns of a table.
        let column = "column_name || '|' || data_type || '|' || CAST(coalesce(character_maximum_length, 0) AS varchar(16)) \
                      || '|' || lower(is_nullable) || '|' || coalesce(column_default, '')";
        let columns =
            (0..COLUMNS).map(|at| format!("max(CASE WHEN ordinal_position % {COLUMNS} = {at} THEN {column} END)"));
        let sql = format!(
            "SELECT table_name, {} FROM svv_columns WHERE table_schema = '{schema}' \
             GROUP BY table_name, ordinal_position / {COLUMNS}",
            columns.collect::<Vec<_>>().join(", ")
        );
        let rows = self.query(&format!("inspect the schema `{schema}`"), &sql).await?;
        let columns = rows.iter().filter_map(|row| row.split_first()).flat_map(|(table, columns)| {
            columns.iter().filter(|column| !column.is_empty()).map(move |column| (table, column))
        });
        let mut shape = Shape::new();
        for (table, column) in columns {
            let [name, kind, length, nullable, default] = values(column.splitn(5, '|').map(str::to_owned).collect())?;
            let kind = match kind.as_str() {
                "character varying" => format!("varchar({length})"),
                kind => kind.trim_end_matches(" without time zone").to_owned(),
            };
            // Redshift tables have no declared key, but of the contract's columns, only the key columns are NOT NULL.
            let key = nullable == "no" && !name.starts_with('_');
            let plain = nullable == "yes" && default.is_empty();
            shape.entry(table.clone()).or_default().insert(name, Column { kind, key, plain });
        }
        Ok(shape)
    }

    async fn alter(&self, _: &str, changes: &[Statement]) -> Result<()> {
        // Redshift adds one column per statement, and does not widen a VARCHAR inside a transaction (ALTER TABLE,
        // Amazon Redshift Database Developer Guide), so each statement commits by itself.
        for batch in batches(changes) {
            self.run_each(batch, Problem::already_exists).await?;
        }
        Ok(())
    }

    async fn claim_and_drop_leftovers(&self, schema: &str, token: &str) -> Result<Vec<String>> {
        // The lease is written before the tables are created, so a table without a lease has no owner.
        let lease = format!(
            "INSERT INTO etl.attempts (token, expires_at) SELECT '{token}', getdate() + interval '{LEASE_HOURS} hours'"
        );
        self.execute("mark the attempt as active", &lease).await?;
        // List the tables first: a lease is older than its tables, so it is among the leases that are read afterwards.
        // In the opposite order, a load that starts in between would lose its new tables.
        let tables = format!("SELECT DISTINCT table_name FROM svv_columns WHERE table_schema = '{schema}'");
        let tables = self.query("search for leftover staging tables", &tables).await?;
        let alive = "SELECT token FROM etl.attempts WHERE expires_at > getdate()";
        let alive = self.query("search for leftover staging tables", alive).await?;
        let alive: Vec<&str> = alive.iter().flatten().map(String::as_str).collect();
        let mut swept: Vec<String> = tables.into_iter().flatten().collect();
        swept.retain(|table| StageNames::token_of(table).is_some_and(|other| !alive.contains(&other)));
        let dropped: Vec<Statement> =
            swept.chunks(DROPPED).map(|tables| drop_tables(schema, tables.iter().cloned())).collect();
        self.run(&dropped).await?;
        Ok(swept)
    }

    fn reads_lake_as(&self) -> Option<&str> {
        Some(&self.role)
    }

    async fn stage(&self, _: &str, _: &str, _: &Table<'_>, _: Bytes) -> Result<u64> {
        anyhow::bail!("Redshift reads files from the lake and does not accept staged rows")
    }

    async fn commit(&mut self, statements: &[Statement]) -> Result<Commit> {
        let sqls: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        let problem = match self.api.run(&sqls).await? {
            Ok(_) => return Ok(Commit::Done),
            Err(problem) => problem,
        };
        let unknown = "the Data API reported an error for a statement that is not in the batch";
        let statement = statements.get(problem.statement).context(unknown)?;
        if problem.conflict() || problem.asserted() && statement.guards_head {
            return Ok(Commit::HeadMoved);
        }
        if problem.asserted() {
            return Err(assertion_failed(statement).into());
        }
        Err(self.refused(&statement.purpose, &statement.sql, problem).await)
    }
}
