//! Logs in to a database as a role, and runs SQL.

use std::time::Duration;

use anyhow::{Context, Result};
use contract::{Exit, Tls};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls, SimpleQueryMessage, Socket};

use connect::Secret;

use crate::failure::{Failure, is_temporary_in_postgres};
use crate::ui::Rows;

/// A role's login to a database.
#[derive(Clone, Debug)]
pub struct Login {
    host: String,
    pub port: u16,
    role: String,
    pub password: Secret,
    database: String,
    tls: Tls,
}

impl Login {
    pub fn new(host: &str, port: u16, role: &str, password: &str, database: &str) -> Self {
        let [host, role, database] = [host, role, database].map(str::to_owned);
        Self { host, port, role, password: password.into(), database, tls: Tls::Off }
    }

    /// Enables TLS, which requires the `cloud` feature.
    #[cfg(feature = "cloud")]
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        Self { tls, ..self }
    }

    /// Returns the URL with the password, which is hexadecimal and needs no escaping.
    pub fn url(&self) -> String {
        format!("postgres://{}:{}@{}:{}/{}", self.role, self.password.expose(), self.host, self.port, self.database)
    }

    /// Returns the URL without the password, for messages.
    pub fn shown(&self) -> String {
        format!("postgres://{}@{}:{}/{}", self.role, self.host, self.port, self.database)
    }

    fn connected<T>(&self, work: impl AsyncFnOnce(Client) -> Result<T>) -> Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { work(self.connect().await?).await })
    }

    async fn connect(&self) -> Result<Client> {
        let mut config = Config::new();
        config.host(&self.host).port(self.port).user(&self.role).password(self.password.expose());
        config.dbname(&self.database).application_name("cargo xtask").connect_timeout(Duration::from_secs(10));
        let failed = || Failure::new(format!("cannot connect to {}", self.shown()));
        #[cfg(feature = "cloud")]
        if let Some(connector) = connect::tls::connector(&self.tls)? {
            let connected = config.ssl_mode(SslMode::Require).connect(connector).await;
            return connected.map(spawned).with_context(|| failed().hint(connect::tls::HINT));
        }
        debug_assert_eq!(self.tls, Tls::Off, "TLS requires the `cloud` feature");
        config.ssl_mode(SslMode::Disable).connect(NoTls).await.map(spawned).with_context(failed)
    }

    pub fn execute(&self, statements: &[String]) -> Result<()> {
        self.connected(async |client| {
            for statement in statements {
                client.batch_execute(statement).await.map_err(|error| server_failure(&error))?;
            }
            Ok(())
        })
    }

    pub fn query(&self, sql: &str) -> Result<Rows> {
        self.connected(async |client| {
            let mut found = Rows::default();
            for message in client.simple_query(sql).await.map_err(|error| server_failure(&error))? {
                match message {
                    SimpleQueryMessage::RowDescription(columns) => {
                        let columns = columns.iter().map(|column| column.name().to_owned()).collect();
                        found = Rows { columns, rows: Vec::new() };
                    }
                    SimpleQueryMessage::Row(row) => {
                        found.rows.push((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect());
                    }
                    _ => {}
                }
            }
            Ok(found)
        })
    }
}

/// Returns an error with the server's message, which the driver omits from its own error text.
fn server_failure(error: &tokio_postgres::Error) -> anyhow::Error {
    let Some(server) = error.as_db_error() else { return anyhow::anyhow!("{error}") };
    let (message, code) = (server.message(), server.code().code());
    let failure = Failure::new(format!("the database returned an error: {message} (SQLSTATE {code})"));
    let failure = if is_temporary_in_postgres(code, message) { failure.exit(Exit::TempFail) } else { failure };
    match server.hint().or(server.detail()) {
        Some(hint) => failure.hint(hint).into(),
        None => failure.into(),
    }
}

/// Spawns the connection, which runs until the runtime stops, and returns the client.
fn spawned<S: TlsStream + Unpin + Send + 'static>((client, connection): (Client, Connection<Socket, S>)) -> Client {
    tokio::spawn(connection);
    client
}
