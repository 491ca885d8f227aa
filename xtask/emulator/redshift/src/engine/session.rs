//! A session of a user: its transactions, its statements and their results.

use tokio_postgres::types::Type;
use tokio_postgres::{CancelToken, Client, NoTls, SimpleQueryMessage};

use super::error::Failed;
use super::users::{User, become_user};
use super::{Engine, connect, copy, late};
use crate::catalog::session_settings;
use crate::rules::service::{SINGLE_STATEMENT, TRUNCATE_COMMITS};
use crate::sql::{Context, Kind, Transaction, Translated, translate};

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its label.
    pub name: String,
    /// Its type in PostgreSQL.
    pub kind: Type,
}

/// The result of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The columns of its rows; `None` for a statement without a result set.
    pub columns: Option<Vec<Column>>,
    /// The rows, every value as PostgreSQL's text.
    pub rows: Vec<Vec<Option<String>>>,
    /// The number of rows that it returned or changed.
    pub affected: u64,
}

/// A session. Its transaction is rolled back when it is dropped.
pub struct Session {
    engine: Engine,
    client: Client,
    user: User,
    process: i32,
    /// Whether a transaction of the client is open.
    block: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("user", &self.user).field("process", &self.process).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) async fn open(engine: &Engine, user: &User) -> Result<Self, Failed> {
        let disabled = engine.disabled();
        let connected = connect(&engine.0.settings).await;
        let client = connected.map_err(|error| Failed::new(format!("Query cancelled: {error:#}")))?;
        let process = client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(Failed::of)?.get(0);
        become_user(&client, user, disabled).await?;
        client.batch_execute(&session_settings(disabled)).await.map_err(Failed::of)?;
        Ok(Self { engine: engine.clone(), client, user: user.clone(), process, block: false })
    }

    /// The user.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The number of its process, as `pg_backend_pid()` returns it.
    pub fn process(&self) -> i32 {
        self.process
    }

    /// Whether a transaction of the client is open.
    pub fn in_transaction(&self) -> bool {
        self.block
    }

    /// Cancels the statement that another task executes in this session.
    pub fn cancel(&self) -> Cancel {
        Cancel(self.client.cancel_token())
    }

    /// Executes a text of one or more statements, each of which commits by itself outside a transaction of the client.
    pub async fn execute(&mut self, sql: &str) -> Result<Vec<Outcome>, Failed> {
        let transaction = if self.block { Transaction::Block } else { Transaction::Autocommit };
        let mut outcomes = Vec::new();
        for statement in self.translated(sql, transaction)? {
            let query = self.engine.next_query();
            outcomes.push(self.step(statement, query).await?);
        }
        Ok(outcomes)
    }

    /// Executes a single statement that commits by itself. `query` is its id.
    pub async fn autocommit(&mut self, sql: &str, query: i64) -> Result<Outcome, Failed> {
        let mut outcome = Outcome::default();
        for statement in self.single(sql, Transaction::Autocommit)? {
            outcome = self.step(statement, query).await?;
        }
        Ok(outcome)
    }

    /// Executes a single statement of a batch, after [`Session::begin`].
    pub async fn batched(&mut self, sql: &str, query: i64) -> Result<Outcome, Failed> {
        let mut outcome = Outcome::default();
        for statement in self.single(sql, Transaction::Batch)? {
            outcome = self.step(statement, query).await?;
            if !self.block {
                self.begin().await?;
            }
        }
        Ok(outcome)
    }

    /// Starts a transaction.
    pub async fn begin(&mut self) -> Result<(), Failed> {
        let first = if self.engine.0.settings.snapshot_first { "BEGIN; SELECT 1" } else { "BEGIN" };
        self.client.batch_execute(first).await.map_err(Failed::of)?;
        self.block = true;
        Ok(())
    }

    /// Commits the transaction.
    pub async fn commit(&mut self) -> Result<(), Failed> {
        self.block = false;
        self.client.batch_execute("COMMIT").await.map_err(|error| self.failed(error))
    }

    /// Rolls the transaction back.
    pub async fn rollback(&mut self) -> Result<(), Failed> {
        self.block = false;
        self.client.batch_execute("ROLLBACK").await.map_err(Failed::of)
    }

    /// Resets the session: the Data API reuses it for the same user.
    pub async fn reset(&mut self) -> Result<(), Failed> {
        self.block = false;
        let settings = session_settings(self.engine.disabled());
        let sql = format!("ROLLBACK; DISCARD TEMP; RESET ALL; {settings}");
        self.client.batch_execute(&sql).await.map_err(Failed::of)
    }

    fn translated(&self, sql: &str, transaction: Transaction) -> Result<Vec<Translated>, Failed> {
        let context = Context { transaction, disabled: self.engine.disabled() };
        Ok(translate(sql, context)?)
    }

    fn single(&self, sql: &str, transaction: Transaction) -> Result<Vec<Translated>, Failed> {
        let statements = self.translated(sql, transaction)?;
        if statements.len() != 1 && self.engine.disabled().enforces(&SINGLE_STATEMENT) {
            let message = format!("{} statements in one text", statements.len());
            return Err(SINGLE_STATEMENT.refusal(message).into());
        }
        Ok(statements)
    }

    async fn step(&mut self, statement: Translated, query: i64) -> Result<Outcome, Failed> {
        match statement.kind {
            Kind::Begin if self.block => Ok(Outcome::default()),
            Kind::Begin => self.begin().await.map(|()| Outcome::default()),
            Kind::Commit => self.commit().await.map(|()| Outcome::default()),
            Kind::Rollback => self.rollback().await.map(|()| Outcome::default()),
            Kind::Plain | Kind::Copy(_) if self.block => {
                let outcome = self.work(&statement, query).await?;
                late::check(&self.engine, &self.client).await?;
                if is_truncate(&statement) && self.engine.disabled().enforces(&TRUNCATE_COMMITS) {
                    self.commit().await?;
                }
                Ok(outcome)
            }
            Kind::Plain | Kind::Copy(_) if runs_alone(&statement) => self.work(&statement, query).await,
            Kind::Plain | Kind::Copy(_) => {
                self.begin().await?;
                match self.work(&statement, query).await {
                    Ok(outcome) => self.commit().await.map(|()| outcome),
                    Err(failed) => {
                        self.rollback().await?;
                        Err(failed)
                    }
                }
            }
        }
    }

    async fn work(&self, statement: &Translated, query: i64) -> Result<Outcome, Failed> {
        if let Kind::Copy(copy) = &statement.kind {
            let affected = copy::load(&self.engine, &self.client, copy, query).await?;
            return Ok(Outcome { affected, ..Outcome::default() });
        }
        // The result of a statement with a tag is discarded.
        let (last, others) = match statement.postgres.split_last() {
            Some((last, others)) if statement.tag.is_none() => (Some(last), others),
            _ => (None, statement.postgres.as_slice()),
        };
        for sql in others {
            self.client.batch_execute(sql).await.map_err(|error| self.failed(error))?;
        }
        match last {
            Some(sql) => self.query(sql).await.map_err(|error| self.failed(error)),
            None => Ok(Outcome::default()),
        }
    }

    async fn query(&self, sql: &str) -> Result<Outcome, tokio_postgres::Error> {
        let columns = if returns_rows(sql) {
            let prepared = self.client.prepare(sql).await?;
            let columns = prepared.columns().iter();
            Some(
                columns.map(|column| Column { name: column.name().to_owned(), kind: column.type_().clone() }).collect(),
            )
        } else {
            None
        };
        let mut outcome = Outcome { columns, ..Outcome::default() };
        for message in self.client.simple_query(sql).await? {
            match message {
                SimpleQueryMessage::Row(row) => {
                    outcome.rows.push((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect());
                }
                SimpleQueryMessage::CommandComplete(count) => outcome.affected = count,
                _ => {}
            }
        }
        Ok(outcome)
    }

    fn failed(&self, error: tokio_postgres::Error) -> Failed {
        let failed = Failed::of(error);
        if failed.is_conflict() { self.engine.conflict() } else { failed }
    }
}

/// Cancels the current statement of a session.
#[derive(Clone)]
pub struct Cancel(CancelToken);

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cancel")
    }
}

impl Cancel {
    /// Sends the request; the statement fails if it is still running.
    pub async fn send(&self) -> Result<(), Failed> {
        self.0.cancel_query(NoTls).await.map_err(Failed::of)
    }
}

fn first_word(sql: &str) -> String {
    let start = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    start.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_uppercase()
}

fn returns_rows(sql: &str) -> bool {
    ["SELECT", "WITH", "VALUES", "SHOW", "EXPLAIN", "TABLE", "FETCH"].contains(&first_word(sql).as_str())
}

fn is_truncate(statement: &Translated) -> bool {
    statement.postgres.last().is_some_and(|sql| first_word(sql) == "TRUNCATE")
}

/// PostgreSQL does not run these in a transaction.
fn runs_alone(statement: &Translated) -> bool {
    statement.postgres.last().is_some_and(|sql| first_word(sql) == "VACUUM")
}
