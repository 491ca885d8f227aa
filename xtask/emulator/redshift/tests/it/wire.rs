//! The wire protocol over TLS, with a client that trusts the emulator's CA, in front of a real PostgreSQL.
//!
//! The client is tokio-postgres; redshift_connector and dbt are in `needs_dbt`.

mod materialized_views;
mod rules;
mod sessions;
mod views;

use std::time::Duration;

use redshift_emulator::wire::WireSettings;
use redshift_emulator::{Emulator, Settings, User};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::service::database::Database;

/// An emulator with a database, and the runtime of its clients.
struct Bench {
    emulator: Emulator,
    database: Database,
    runtime: Runtime,
}

/// A session of a client.
struct Session<'a> {
    client: Client,
    connection: JoinHandle<Result<(), tokio_postgres::Error>>,
    runtime: &'a Runtime,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let database = Database::fresh();
        let mut settings = Settings::new(database.url(), "workgroup", "dev", User::Admin);
        settings.wire = Some(WireSettings::default());
        change(&mut settings);
        let emulator = Emulator::start(settings).unwrap_or_else(|error| panic!("{error:#}"));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        Self { emulator, database, runtime }
    }

    /// What a client of this user needs to connect.
    fn config(&self, user: &str) -> Config {
        let (address, _) = self.emulator.wire().expect("the endpoint");
        let password = self.emulator.issued().issue(user, Duration::from_secs(900)).expect("a password");
        let url = Url::parse(&self.database.url()).expect("a URL");
        let mut config = Config::new();
        config.host("localhost").hostaddr(address.ip()).port(address.port()).ssl_mode(SslMode::Require);
        config.user(user).password(password).dbname(url.path().trim_start_matches('/'));
        config
    }

    fn tls(&self) -> MakeRustlsConnect {
        let (_, ca) = self.emulator.wire().expect("the endpoint");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).expect("a certificate")).expect("a root");
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions of TLS").with_root_certificates(roots).with_no_client_auth();
        MakeRustlsConnect::new(config)
    }

    fn connect(&self, config: &Config) -> Result<Session<'_>, String> {
        let connected = self.runtime.block_on(config.connect(self.tls()));
        let (client, connection) = connected.map_err(|error| text(&error))?;
        let connection = self.runtime.spawn(connection);
        Ok(Session { client, connection, runtime: &self.runtime })
    }

    fn session(&self, user: &str) -> Session<'_> {
        self.connect(&self.config(user)).expect("a session")
    }
}

impl Session<'_> {
    /// The rows of a statement, every value as text, or the error with its SQLSTATE.
    fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let messages = self.runtime.block_on(self.client.simple_query(sql)).map_err(|error| text(&error))?;
        let row = |message: SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        };
        Ok(messages.into_iter().filter_map(row).collect())
    }

    #[track_caller]
    fn run(&self, sql: &str) {
        if let Err(error) = self.query(sql) {
            panic!("{sql}: {error}");
        }
    }

    /// The first column of the rows.
    #[track_caller]
    fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().map(|mut row| row.swap_remove(0).unwrap_or_default()).collect()
    }
}

fn text(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| format!("{error:?}"), |own| format!("{} {}", own.code().code(), own.message()))
}
