//! Amazon Redshift Serverless through the Data API: no driver, no network path, no password; the caller's role is the
//! database user `"IAMR:<role>"`.
//!
//! The Data API has no session, so a lease in `etl.attempts` protects an attempt's tables, and the load is one
//! BatchExecuteStatement.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use backon::BackoffBuilder;
use bytes::Bytes;
use connect::aws::SdkConfig;
use connect::data_api::{self, Client, DataApi, Finished, Problem};
use contract::Table;

use super::{Changes, Commit, UNPREPARED, Warehouse, not_as_asserted, other_type, same_key, waits};
use crate::failure::Failure;
use crate::load::{
    Change, Dialect, Ledger, Retired, StageNames, Statement, column_ddl, create_table, literal, register,
};

/// How often a single statement is tried in total when it conflicts with other transactions.
const TRIES: usize = 7;
/// Hours after which any load may drop the tables of an unfinished attempt. A load that takes longer fails as a whole.
const LEASE_HOURS: u32 = 6;

/// A workgroup's database.
#[derive(Debug)]
pub struct Redshift {
    api: DataApi,
    role: String,
    first_wait: Duration,
}

impl Redshift {
    /// Sends no request. `role` is the role with which COPY reads the lake: an ARN, or `default` for the namespace's default role.
    pub fn open(aws: &SdkConfig, workgroup: &str, database: &str, role: &str) -> Self {
        Self::with(data_api::client(aws), workgroup, database, role)
    }

    /// With a given client.
    pub fn with(client: Client, workgroup: &str, database: &str, role: &str) -> Self {
        let first_wait = Duration::from_millis(500);
        Self { api: DataApi::new(client, workgroup, database, None), role: role.to_owned(), first_wait }
    }

    /// With another wait before the first retry after a conflict.
    #[must_use]
    pub fn first_wait(self, first_wait: Duration) -> Self {
        Self { first_wait, ..self }
    }

    /// Runs a single statement, repeatedly while it conflicts with other transactions.
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

    async fn query(&self, purpose: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        let finished = self.execute(purpose, sql).await?;
        Ok(self.api.rows(&finished).await?)
    }

    /// The warehouse's error; for a COPY also its details about the files.
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

    /// The columns of a schema's tables.
    async fn shape(&self, schema: &str) -> Result<BTreeMap<String, BTreeMap<String, Column>>> {
        let sql = format!(
            "SELECT table_name, column_name, data_type, coalesce(character_maximum_length, 0), lower(is_nullable), \
             coalesce(column_default, '') FROM svv_columns WHERE table_schema = '{schema}'"
        );
        let mut shape: BTreeMap<String, BTreeMap<String, Column>> = BTreeMap::new();
        for row in self.query(&format!("inspect the schema `{schema}`"), &sql).await? {
            let [table, name, kind, length, nullable, default] =
                <[String; 6]>::try_from(row).map_err(|_| other_columns())?;
            let (required, plain) = (nullable == "no", nullable == "yes" && default.is_empty());
            let column = Column { kind, length: length.parse().unwrap_or(0), required, plain };
            shape.entry(table).or_default().insert(name, column);
        }
        Ok(shape)
    }
}

/// A column of the warehouse.
struct Column {
    kind: String,
    /// In bytes, for text.
    length: u32,
    /// Whether it is never null.
    required: bool,
    /// Whether it may be null and has no default.
    plain: bool,
}

impl Warehouse for Redshift {
    fn dialect(&self) -> Dialect {
        Dialect::Redshift
    }

    async fn ledger(&self, source: &str) -> Result<Ledger> {
        let rows = self.query("read the ledger", &Ledger::query(Dialect::Redshift, source)).await?;
        let rows = rows.into_iter().map(|row| {
            let [seq, run, fetched_at, collections] = <[String; 4]>::try_from(row).map_err(|_| other_columns())?;
            Ok((seq.parse().map_err(|_| other_columns())?, run, fetched_at, collections))
        });
        Ok(Ledger::read(rows.collect::<Result<Vec<_>>>()?).map_err(Failure::refused)?)
    }

    async fn ensure_tables(&mut self, schema: &str, tables: &[Table<'_>]) -> Result<Retired> {
        self.run(&register(schema, Dialect::Redshift)).await?;
        let shape = self.shape(schema).await?;
        for table in tables {
            let Some(columns) = shape.get(table.name) else {
                let statement = create_table(schema, table, Dialect::Redshift);
                self.execute(&statement.purpose, &statement.sql).await?;
                continue;
            };
            // Tables on Redshift have no declared key, but of the contract's columns only those of the key are NOT NULL.
            let key = columns.iter().filter(|(name, column)| column.required && !name.starts_with('_'));
            same_key(schema, table, &key.map(|(name, _)| name.clone()).collect::<Vec<_>>())?;
            for (name, kind, _) in column_ddl(table, Dialect::Redshift) {
                let place = format!("{schema}.{}", table.name);
                match columns.get(&name) {
                    // One column a statement, and no wider VARCHAR inside a transaction (ALTER TABLE, Amazon Redshift
                    // Database Developer Guide).
                    None => {
                        let sql = format!("ALTER TABLE {place} ADD COLUMN {name} {kind}");
                        match self.tried(&sql).await? {
                            Err(problem) if !problem.already_exists() => {
                                return Err(self.refused(&format!("add `{place}.{name}`"), &sql, problem).await);
                            }
                            _ => {}
                        }
                    }
                    Some(Column { kind: found, length, .. }) => match Fit::of(found, *length, &kind) {
                        Fit::Same => {}
                        Fit::Narrow => {
                            let sql = format!("ALTER TABLE {place} ALTER COLUMN {name} TYPE {kind}");
                            self.execute(&format!("widen `{place}.{name}`"), &sql).await?;
                        }
                        Fit::Other => {
                            return Err(other_type(&format!("{place}.{name}"), found, &kind).into());
                        }
                    },
                }
            }
        }
        let plain =
            |columns| BTreeMap::iter(columns).filter(|(_, column): &(_, &Column)| column.plain).map(|(name, _)| name);
        Ok(Retired::of(tables, shape.iter().map(|(name, columns)| (name, plain(columns)))))
    }

    async fn hold_and_sweep(&self, schema: &str, token: &str) -> Result<Vec<String>> {
        // The lease comes before the tables, so a table without a lease has no owner.
        let lease = format!(
            "INSERT INTO etl.attempts (token, expires_at) SELECT '{token}', getdate() + interval '{LEASE_HOURS} hours'"
        );
        self.execute("mark the attempt as alive", &lease).await?;
        // The tables first: a lease is older than its tables, so it is among those that are read afterwards. In the other order,
        // a load that starts in between would lose its new tables.
        let tables = self.shape(schema).await?;
        let alive =
            self.query("search for leftovers", "SELECT token FROM etl.attempts WHERE expires_at > getdate()").await?;
        let alive: Vec<&str> = alive.iter().flatten().map(String::as_str).collect();
        let mut swept = Vec::new();
        for table in tables.into_keys() {
            if StageNames::token_of(&table).is_some_and(|other| !alive.contains(&other)) {
                self.execute("drop a leftover", &format!("DROP TABLE IF EXISTS {schema}.{table}")).await?;
                swept.push(table);
            }
        }
        Ok(swept)
    }

    async fn run(&self, statement: &Statement) -> Result<()> {
        self.execute(&statement.purpose, &statement.sql).await.map(|_| ())
    }

    fn reads_lake_as(&self) -> Option<&str> {
        Some(&self.role)
    }

    async fn stage(&self, _: &str, _: &str, _: &Table<'_>, _: Bytes) -> Result<u64> {
        anyhow::bail!("Redshift reads the lake itself")
    }

    async fn changes(&self, statement: &Statement) -> Result<Changes> {
        let mut changes = Changes::new();
        for row in self.query(&statement.purpose, &statement.sql).await? {
            let [table, name, count] = <[String; 3]>::try_from(row).map_err(|_| other_columns())?;
            let change = Change::named(name.trim()).ok_or_else(other_columns)?;
            changes
                .entry(table.trim().to_owned())
                .or_default()
                .insert(change, count.parse().map_err(|_| other_columns())?);
        }
        Ok(changes)
    }

    async fn live_rows(&self, schema: &str, table: &str) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {schema}.{table} WHERE _deleted_at IS NULL");
        let rows = self.query(&format!("count {}", literal(table)), &sql).await?;
        rows.first().and_then(|row| row.first()?.parse().ok()).context("a count is one number")
    }

    async fn commit(&mut self, statements: &[Statement]) -> Result<Commit> {
        let sqls: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        let problem = match self.api.run(&sqls).await? {
            Ok(_) => return Ok(Commit::Done),
            Err(problem) => problem,
        };
        let statement = statements.get(problem.statement).context("the batch has no such statement")?;
        if problem.conflict() || problem.asserted() && statement.guards_head {
            return Ok(Commit::HeadMoved);
        }
        if problem.asserted() {
            return Err(not_as_asserted(statement).into());
        }
        Err(self.refused(&statement.purpose, &statement.sql, problem).await)
    }
}

/// How a column matches the contract.
enum Fit {
    Same,
    /// Text that is shorter than in the contract.
    Narrow,
    Other,
}

impl Fit {
    fn of(found: &str, length: u32, expected: &str) -> Self {
        let text = expected.strip_prefix("varchar(").and_then(|rest| rest.strip_suffix(')')?.parse::<u32>().ok());
        match (found, text) {
            ("character varying", Some(most)) if length < most => Self::Narrow,
            ("character varying", Some(_)) => Self::Same,
            ("timestamp without time zone", None) if expected == "timestamp" => Self::Same,
            (found, _) if found == expected => Self::Same,
            _ => Self::Other,
        }
    }
}

fn other_columns() -> anyhow::Error {
    Failure::refused("the warehouse returned other columns than requested").into()
}
