//! PostgreSQL 15 or newer, over its wire protocol.

use std::error::Error;
use std::io;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use connect::tls;
use contract::{Table, TlsOptions};
use parquet::file::reader::{FileReader, SerializedFileReader};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::{ToSql, Type as PgType};
use tokio_postgres::{Client, Config, Connection, NoTls, SimpleQueryMessage, SimpleQueryRow, Socket};

use super::binary::{Value, pg_type};
use super::driver::{Commit, UNPREPARED, Warehouse, assertion_failed, values};
use super::tables::{Column, Shape};
use crate::failure::{Failure, is_temporary_in_postgres};
use crate::load::{Dialect, StageNames, Statement};
use crate::table::file_columns;

const LONGEST_GREETING: Duration = Duration::from_secs(30);

/// A connection. When it closes, the server rolls back its open transaction and releases its locks.
#[derive(Debug)]
pub struct Postgres {
    client: Client,
}

impl Postgres {
    /// Connects with the URL's TLS mode ([`contract::Tls`]); the password is never shown.
    /// The failure is temporary if the server does not respond.
    pub async fn connect(url: &str) -> Result<Self> {
        let (url, options) = TlsOptions::split(url);
        let mut config: Config = url.parse().map_err(|_: tokio_postgres::Error| {
            // The parser's error may quote the URL with its password.
            Failure::refused("WAREHOUSE_URL is not a PostgreSQL URL")
                .hint("use the format postgres://user:password@host:port/database")
        })?;
        let tls = options.decide(hosts(&config).iter().map(String::as_str)).map_err(|problem| {
            Failure::refused(format!("WAREHOUSE_URL: {problem}"))
                .hint("use the format postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=FILE")
        })?;
        config.application_name("dpworld").connect_timeout(Duration::from_secs(10));
        let place =
            format!("database `{}` as `{}`", config.get_dbname().unwrap_or(""), config.get_user().unwrap_or(""));
        let client = match tls::connector(&tls)? {
            None => open_connection(&place, config.ssl_mode(SslMode::Disable).connect(NoTls)).await?,
            Some(connector) => open_connection(&place, config.ssl_mode(SslMode::Require).connect(connector)).await?,
        };
        Ok(Self { client })
    }
}

impl Warehouse for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    async fn query(&self, purpose: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        let messages = self.client.simple_query(sql).await;
        let messages = messages.map_err(|error| failed(&format!("cannot {purpose}"), error))?;
        let text = |row: SimpleQueryRow| (0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect();
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(text(row)),
            _ => None,
        });
        Ok(rows.collect())
    }

    async fn run(&self, statements: &[Statement]) -> Result<()> {
        for statement in statements {
            self.query(&statement.purpose, &statement.sql).await?;
        }
        Ok(())
    }

    async fn shape(&self, schema: &str) -> Result<Shape> {
        let sql = format!(
            "SELECT table_name, column_name, data_type, EXISTS (SELECT 1 \
             FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid \
             JOIN pg_namespace ON pg_namespace.oid = relnamespace \
             JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) \
             WHERE contype = 'p' AND nspname = table_schema AND relname = table_name AND attname = column_name), \
             is_nullable = 'YES' AND is_generated = 'NEVER' AND column_default IS NULL \
             FROM information_schema.columns WHERE table_schema = '{schema}'"
        );
        let mut shape = Shape::new();
        for row in self.query(&format!("inspect the schema `{schema}`"), &sql).await? {
            let [table, name, kind, key, plain] = values(row)?;
            let kind = kind.trim_end_matches(" without time zone").to_owned();
            shape.entry(table).or_default().insert(name, Column { kind, key: key == "t", plain: plain == "t" });
        }
        Ok(shape)
    }

    async fn alter(&self, schema: &str, changes: &[Statement]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        // Two loads may find the same table missing; the lock lets one of them create it.
        let sqls: Vec<&str> = changes.iter().map(|statement| statement.sql.as_str()).collect();
        let sql = format!("BEGIN; LOCK etl.load_lock; {}; COMMIT", sqls.join(";\n"));
        let changed = self.query(&format!("change the tables of `{schema}`"), &sql).await;
        if changed.is_err() {
            self.query("roll back", "ROLLBACK").await?;
        }
        changed.map(drop)
    }

    async fn claim_and_drop_leftovers(&self, schema: &str, token: &str) -> Result<Vec<String>> {
        // A session's advisory lock marks an attempt as alive: the server releases it when the connection ends.
        self.query("mark the attempt as active", &format!("SELECT pg_advisory_lock({})", lock_key(token))).await?;
        let mut swept = Vec::new();
        for table in self.shape(schema).await?.into_keys() {
            let Some(other) = StageNames::token_of(&table).filter(|other| *other != token) else { continue };
            let key = lock_key(other);
            let lock = format!("SELECT pg_try_advisory_lock({key})");
            let locked = self.query("search for leftover staging tables", &lock).await?;
            if locked == [["t"]] {
                self.query("drop a leftover staging table", &format!("DROP TABLE IF EXISTS {schema}.{table}")).await?;
                self.query("unlock a leftover staging table", &format!("SELECT pg_advisory_unlock({key})")).await?;
                swept.push(table);
            }
        }
        Ok(swept)
    }

    async fn stage(&self, schema: &str, name: &str, table: &Table<'_>, parquet: Bytes) -> Result<u64> {
        let types: Vec<PgType> = file_columns(table).into_iter().map(|(_, kind, _)| pg_type(kind)).collect();
        let purpose = format!("cannot stage `{}`", table.name);
        let sink = self.client.copy_in(&format!("COPY {schema}.{name} FROM STDIN (FORMAT binary)")).await;
        let mut writer = pin!(BinaryCopyInWriter::new(sink.map_err(|error| failed(&purpose, error))?, &types));
        let file = SerializedFileReader::new(parquet)?;
        for row in file.get_row_iter(None)? {
            let row = row?;
            let values: Vec<Value<'_>> = row.get_column_iter().map(|(_, field)| Value(field)).collect();
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
            writer.as_mut().write(&values).await.map_err(|error| failed(&purpose, error))?;
        }
        writer.finish().await.map_err(|error| failed(&purpose, error))
    }

    async fn commit(&mut self, statements: &[Statement]) -> Result<Commit> {
        let transaction = self.client.transaction().await.map_err(|error| failed("cannot start the load", error))?;
        for statement in statements {
            if let Err(error) = transaction.batch_execute(&statement.sql).await {
                let asserted = error.code() == Some(&tokio_postgres::error::SqlState::DIVISION_BY_ZERO);
                // If this fails, the connection is closed, and the server rolls back by itself.
                if let Err(error) = transaction.rollback().await {
                    tracing::debug!(%error, "the load was rolled back by the server");
                }
                return match (asserted, statement.guards_head) {
                    (true, true) => Ok(Commit::HeadMoved),
                    (true, false) => Err(assertion_failed(statement).into()),
                    (false, _) => Err(failed(&format!("cannot {}", statement.purpose), error)),
                };
            }
        }
        transaction.commit().await.map_err(|error| failed("cannot commit the load", error))?;
        Ok(Commit::Done)
    }
}

/// Returns the hosts of a connection; addresses have priority over names.
fn hosts(config: &Config) -> Vec<String> {
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    let names = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    });
    if config.get_hostaddrs().is_empty() { names.collect() } else { addresses.collect() }
}

/// Waits until the server has accepted the login, and keeps the connection open.
async fn open_connection<S>(
    place: &str,
    connecting: impl Future<Output = Result<(Client, Connection<Socket, S>), tokio_postgres::Error>>,
) -> Result<Client>
where
    S: TlsStream + Unpin + Send + 'static,
{
    // The driver's own timeout covers only TCP: a server may accept the connection and then stay silent.
    let connected = tokio::time::timeout(LONGEST_GREETING, connecting).await.map_err(|_| {
        Failure::temporary(format!("cannot connect to {place}: the server did not respond in time"))
            .hint("check that WAREHOUSE_URL points to a PostgreSQL server")
    })?;
    let (client, connection) = connected.map_err(|error| failed(&format!("cannot connect to {place}"), error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection to the warehouse was closed");
        }
    });
    Ok(client)
}

/// Returns an attempt's advisory lock key. Tokens have 48 bits, so they fit into the 64-bit key.
fn lock_key(token: &str) -> i64 {
    i64::from_str_radix(token, 16).unwrap_or_default()
}

/// Converts the server's error.
fn failed(message: &str, error: tokio_postgres::Error) -> anyhow::Error {
    let Some(server) = error.as_db_error() else {
        let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        // A rejected certificate is also an I/O error.
        let refused = io.and_then(io::Error::get_ref).is_some_and(|cause| cause.is::<rustls::Error>());
        let failure = if error.is_closed() || io.is_some() && !refused {
            Failure::temporary(message).hint("check that the database is running and reachable")
        } else if error.to_string().contains("TLS") {
            Failure::refused(message).hint(tls::HINT)
        } else {
            Failure::refused(message)
        };
        return failure.because(error).into();
    };
    let code = server.code().code();
    let again = is_temporary_in_postgres(code, server.message());
    let failure = if again { Failure::temporary(message) } else { Failure::refused(message) };
    let failure = match code {
        // pg_hba.conf has only `hostssl` lines for this user.
        "28000" if server.message().contains("no encryption") => {
            failure.hint("the server accepts only TLS connections: set `sslmode=verify-full`, and `sslrootcert=FILE` for its CA, in WAREHOUSE_URL")
        }
        "28P01" | "28000" => failure.hint("check the user and password in WAREHOUSE_URL"),
        "3F000" | "42P01" | "42501" => failure.hint(UNPREPARED),
        _ => failure,
    };
    // Which object depends on another one; other details may contain values of rows.
    let detail = server.detail().filter(|_| code == "2BP01").map_or(String::new(), |detail| format!(": {detail}"));
    failure.because(format!("{}{detail} (SQLSTATE {code})", server.message())).into()
}
