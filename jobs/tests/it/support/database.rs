//! A database for each test: a copy of the template that `cargo xtask test` prepares with roles and grants. The fictional
//! source has the same schemas as the real one.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use url::Url;

use super::wait_until;

/// A role in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Loader,
    Transformer,
    Reader,
    Postgres,
}

/// A database that is dropped together with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    /// One session for each role, opened when it is first used: connecting takes longer than most queries.
    sessions: [OnceCell<Session>; 4],
}

/// Counts the sessions that wait for the load lock. The server lists the locks of all databases, and copies of a
/// template have the same table OIDs.
pub const WAITING: &str = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database \
    WHERE datname = current_database() AND relation = 'etl.load_lock'::regclass AND NOT granted";

/// Every row of every table in a schema, each with the location and the transaction of its current version.
pub type Versions = BTreeMap<String, Vec<String>>;

const ZOO: &str = "
CREATE SCHEMA zoo AUTHORIZATION loader;
CREATE SCHEMA staging_zoo AUTHORIZATION loader;
GRANT USAGE ON SCHEMA zoo TO transformer, reader;
ALTER DEFAULT PRIVILEGES FOR ROLE loader IN SCHEMA zoo GRANT SELECT ON TABLES TO transformer, reader;
";

impl Database {
    /// Creates a prepared database without rows.
    pub fn fresh() -> Self {
        let prepared = address(Role::Postgres).path().trim_start_matches('/').to_owned();
        let database = Self::copied(&prepared);
        database.session(Role::Postgres).run(ZOO);
        database
    }

    /// Creates a database without the schemas, tables and grants of a warehouse.
    pub fn unprepared() -> Self {
        Self::copied("template0")
    }

    fn copied(template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("t_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        for _ in 0..100 {
            match on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")) {
                Ok(()) => return Self { name, sessions: Default::default() },
                // Another session, such as autovacuum, is using the template.
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => sleep(Duration::from_millis(100)),
                Err(error) => panic!("cannot make a database: {error:?}"),
            }
        }
        panic!("another session is connected to the database `{template}`");
    }

    /// Returns the URL for a role, with its password.
    pub fn url(&self, role: Role) -> String {
        within(role, &self.name)
    }

    /// Returns the URL with a wrong password.
    pub fn url_with_password(&self, password: &str) -> String {
        let mut url = Url::parse(&self.url(Role::Loader)).expect("a URL");
        url.set_password(Some(password)).expect("a URL with a host");
        url.into()
    }

    /// Returns the shared connection of a role.
    pub fn session(&self, role: Role) -> &Session {
        self.sessions[role as usize].get_or_init(|| self.enter(role))
    }

    /// Opens a separate connection, for example to hold a lock until it is dropped.
    pub fn enter(&self, role: Role) -> Session {
        Session::open(&self.url(role)).expect("a connection to the warehouse")
    }

    /// Returns the current content of a schema. If two results are equal, nothing was written in between, not even the
    /// same row again.
    pub fn versions(&self, schema: &str) -> Versions {
        let session = self.session(Role::Postgres);
        let tables = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1");
        let rows = |table: &str| format!("SELECT concat_ws(' ', xmin, ctid, t) FROM {schema}.{table} AS t ORDER BY 1");
        session.texts(&tables).into_iter().map(|table| (table.clone(), session.texts(&rows(&table)))).collect()
    }

    /// Returns all rows of the source's schemas, of the ledger and of the marts as text.
    pub fn texts(&self) -> Vec<String> {
        let session = self.session(Role::Postgres);
        let schemas = "('zoo', 'staging_zoo', 'etl', 'analytics')";
        let tables = format!("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN {schemas}");
        let rows = |table: &String| session.texts(&format!("SELECT t::text FROM {table} AS t"));
        session.texts(&tables).iter().flat_map(rows).collect()
    }

    /// Waits until this number of programs wait for the load lock.
    #[track_caller]
    pub fn until_waiting(&self, programs: i64) {
        let session = self.session(Role::Postgres);
        wait_until(&format!("{programs} loads wait for the lock"), || session.number(WAITING) == programs);
    }

    /// Waits until the server has closed the sessions of all our programs.
    #[track_caller]
    pub fn until_left(&self) {
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE application_name = 'dpworld' AND datname = current_database()";
        let session = self.session(Role::Postgres);
        wait_until("the server has ended every dead connection", || session.number(sql) == 0);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = on_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("warning: the database `{}` stays: {error}", self.name);
        }
    }
}

/// Runs a statement that creates or drops a database, one at a time.
fn on_server(sql: &str) -> Result<(), tokio_postgres::Error> {
    static SERVER: Mutex<Option<Session>> = Mutex::new(None);
    // A test that panicked while it held the lock has not left an invalid state.
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let session = match server.take() {
        Some(session) => session,
        None => Session::open(&within(Role::Postgres, "postgres"))?,
    };
    server.insert(session).try_run(sql)
}

fn address(role: Role) -> Url {
    let variable = format!("TEST_WAREHOUSE_{role:?}").to_uppercase();
    let Ok(url) = std::env::var(&variable) else {
        panic!("this test needs {variable}, the URL of a PostgreSQL server: run it with `cargo xtask test`");
    };
    Url::parse(&url).expect("TEST_WAREHOUSE_… is a URL")
}

fn within(role: Role, database: &str) -> String {
    let mut url = address(role);
    url.set_path(database);
    url.into()
}

/// A connection that can be used without `await`. When it is dropped, its transaction is rolled back and its locks are released.
#[derive(Debug)]
pub struct Session {
    client: Client,
    runtime: Runtime,
}

impl Session {
    pub fn open(url: &str) -> Result<Self, tokio_postgres::Error> {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls))?;
        runtime.spawn(connection);
        Ok(Self { client, runtime })
    }

    fn try_run(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.runtime.block_on(self.client.batch_execute(sql))
    }

    /// Runs statements.
    #[track_caller]
    pub fn run(&self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Returns the first column of a query's rows.
    #[track_caller]
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.runtime.block_on(self.client.simple_query(sql));
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let texts = rows.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("null").to_owned()),
            _ => None,
        });
        texts.collect()
    }

    /// Returns the rows of a statement, or the server's error message.
    pub fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let result = self.runtime.block_on(self.client.simple_query(sql));
        let messages =
            result.map_err(|error| error.as_db_error().map_or(error.to_string(), |own| own.message().to_owned()))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Returns the single value of a query.
    #[track_caller]
    pub fn text(&self, sql: &str) -> String {
        let [value] = <[String; 1]>::try_from(self.texts(sql)).expect("one row");
        value
    }

    /// Returns the single number of a query.
    #[track_caller]
    pub fn number(&self, sql: &str) -> i64 {
        self.text(sql).parse().expect("a number")
    }

    /// Returns a query's rows as JSON objects.
    #[track_caller]
    pub fn objects(&self, sql: &str) -> Vec<serde_json::Value> {
        let rows = self.texts(&format!("SELECT to_jsonb(one) FROM ({sql}) AS one"));
        rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect()
    }
}
