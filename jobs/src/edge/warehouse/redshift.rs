//! Amazon Redshift Serverless through the Data API: no driver, no network path, no password; the caller's role is the
//! database user `"IAMR:<role>"`.
//!
//! The Data API has no session, so a lease in `etl.attempts` protects an attempt's tables, and the load is one
//! BatchExecuteStatement.

use std::time::Duration;

use anyhow::{Context, Result};
use backon::BackoffBuilder;
use bytes::Bytes;
use connect::aws::SdkConfig;
use connect::data_api::{self, Client, DataApi, Finished, Problem};
use contract::Table;

use super::driver::{Commit, UNPREPARED, Warehouse, assertion_failed, values, waits};
use super::tables::{Column, Shape};
use crate::failure::Failure;
use crate::load::{Dialect, StageNames, Statement};

/// The total number of attempts for a single statement that conflicts with other transactions.
const TRIES: usize = 7;
/// Hours after which any load may drop the tables of an unfinished attempt. A load that takes longer fails as a whole.
const LEASE_HOURS: u32 = 6;

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

    /// Sets the wait before the first retry after a conflict.
    #[must_use]
    pub fn first_wait(self, first_wait: Duration) -> Self {
        Self { first_wait, ..self }
    }

    /// Runs a single statement, and retries it while it conflicts with other transactions.
    async fn tried(&self, sql: &str) -> Result<Result<Finished, Problem>> {
        let mut waits = waits(self.first_wait, TRIES).build();
        loop {
            let done = self.api.run(&[sql]).await?;
            match waits.next().filter(|_| done.as_ref().is_err_and(Problem::conflict)) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Ok(done),
            }
        }
    }

    async fn execute(&self, purpose: &str, sql: &str) -> Result<Finished> {
        match self.tried(sql).await? {
            Ok(finished) => Ok(finished),
            Err(problem) => Err(self.refused(purpose, sql, problem).await),
        }
    }

    /// Converts the warehouse's error; for a COPY, adds its details about the files.
    async fn refused(&self, purpose: &str, sql: &str, problem: Problem) -> anyhow::Error {
        let mut text = problem.to_string();
        if sql.starts_with("COPY ") && problem.query > 0 {
            let details = format!(
                "SELECT trim(file_name), trim(column_name), trim(error_message) FROM sys_load_error_detail \
                 WHERE query_id = {} ORDER BY start_time LIMIT 3",
                problem.query
            );
            if let Ok(Ok(finished)) = self.api.run(&[&details]).await
                && let Ok(rows) = self.api.rows(&finished).await
            {
                text.extend(rows.iter().map(|row| format!("\n{}", row.join(": "))));
            }
        }
        let message = format!("cannot {purpose}");
        let failure = if problem.conflict() { Failure::temporary(message) } else { Failure::refused(message) };
        let lower = text.to_lowercase();
        let unprepared =
            ["permission denied", "does not exist", "must be owner"].iter().any(|sign| lower.contains(sign));
        let failure = if unprepared { failure.hint(UNPREPARED) } else { failure };
        failure.because(text).into()
    }
}

impl Warehouse for Redshift {
    fn dialect(&self) -> Dialect {
        Dialect::Redshift
    }

    async fn query(&self, purpose: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        let finished = self.execute(purpose, sql).await?;
        Ok(self.api.rows(&finished).await?)
    }

    async fn run(&self, statement: &Statement) -> Result<()> {
        self.execute(&statement.purpose, &statement.sql).await.map(drop)
    }

    async fn shape(&self, schema: &str) -> Result<Shape> {
        let sql = format!(
            "SELECT table_name, column_name, data_type, coalesce(character_maximum_length, 0), lower(is_nullable), \
             coalesce(column_default, '') FROM svv_columns WHERE table_schema = '{schema}'"
        );
        let mut shape = Shape::new();
        for row in self.query(&format!("inspect the schema `{schema}`"), &sql).await? {
            let [table, name, kind, length, nullable, default] = values(row)?;
            let kind = match kind.as_str() {
                "character varying" => format!("varchar({length})"),
                kind => kind.trim_end_matches(" without time zone").to_owned(),
            };
            // Redshift tables have no declared key, but of the contract's columns, only the key columns are NOT NULL.
            let key = nullable == "no" && !name.starts_with('_');
            let plain = nullable == "yes" && default.is_empty();
            shape.entry(table).or_default().insert(name, Column { kind, key, plain });
        }
        Ok(shape)
    }

    async fn create(&self, _: &str, missing: &[Statement]) -> Result<()> {
        // Redshift adds one column per statement, and does not widen a VARCHAR inside a transaction (ALTER TABLE,
        // Amazon Redshift Database Developer Guide).
        for Statement { purpose, sql, .. } in missing {
            match self.tried(sql).await? {
                Err(problem) if !problem.already_exists() => return Err(self.refused(purpose, sql, problem).await),
                _ => {}
            }
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
        let tables = self.shape(schema).await?;
        let alive = self
            .query("search for leftover staging tables", "SELECT token FROM etl.attempts WHERE expires_at > getdate()")
            .await?;
        let alive: Vec<&str> = alive.iter().flatten().map(String::as_str).collect();
        let mut swept = Vec::new();
        for table in tables.into_keys() {
            if StageNames::token_of(&table).is_some_and(|other| !alive.contains(&other)) {
                self.execute("drop a leftover staging table", &format!("DROP TABLE IF EXISTS {schema}.{table}"))
                    .await?;
                swept.push(table);
            }
        }
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
        let statement = statements
            .get(problem.statement)
            .context("the Data API reported an error for a statement that is not in the batch")?;
        if problem.conflict() || problem.asserted() && statement.guards_head {
            return Ok(Commit::HeadMoved);
        }
        if problem.asserted() {
            return Err(assertion_failed(statement).into());
        }
        Err(self.refused(&statement.purpose, &statement.sql, problem).await)
    }
}
