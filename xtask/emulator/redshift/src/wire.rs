//! PostgreSQL's wire protocol as a workgroup speaks it: TLS, the passwords of GetCredentials, and a relay to PostgreSQL that
//! translates statements and errors.
//!
//! Not emulated: the extended result metadata of newer protocol versions (the driver falls back to the basic version), COPY over
//! this protocol, and the cancel key of a client (a client that disconnects has its statement cancelled).

mod backend;
mod frame;
mod plan;
mod relay;
pub mod rules;
mod startup;
pub mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::credentials::Issued;
use crate::engine::{Engine, User};
use crate::journal::{Event, Journal};
use crate::rules::Disabled;
use backend::Backend;
use frame::Frame;
use startup::First;

/// How an endpoint behaves.
#[derive(Clone, Debug)]
pub struct WireSettings {
    /// The names that clients connect to, for the certificate.
    pub hosts: Vec<String>,
    /// The password of the namespace's administrator; without one, the administrator cannot log in.
    pub admin_password: Option<String>,
    /// The port on 127.0.0.1; 0 selects a free one.
    pub port: u16,
    /// Statements that contain this text take this much longer. A client whose socket times out earlier loses them.
    pub slow_statement: Option<(String, Duration)>,
}

impl Default for WireSettings {
    fn default() -> Self {
        let hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        Self { hosts, admin_password: None, port: 0, slow_statement: None }
    }
}

/// A workgroup's endpoint for clients.
#[derive(Clone)]
pub struct Endpoint(Arc<Shared>);

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint")
    }
}

struct Shared {
    engine: Engine,
    issued: Issued,
    journal: Journal,
    tls: TlsAcceptor,
    /// The certificate of the CA as PEM.
    ca: String,
    port: u16,
    slow_statement: Option<(String, Duration)>,
}

impl Shared {
    fn disabled(&self) -> &Disabled {
        self.engine.disabled()
    }
}

impl Endpoint {
    /// An endpoint that does not listen yet. It accepts the passwords in `issued`.
    pub fn new(engine: Engine, issued: Issued, journal: Journal, settings: WireSettings) -> Result<Self> {
        if let Some(password) = &settings.admin_password {
            issued.permanent(User::Admin.name(), password);
        }
        let (tls, ca) = tls::acceptor(settings.hosts)?;
        let (port, slow_statement) = (settings.port, settings.slow_statement);
        Ok(Self(Arc::new(Shared { engine, issued, journal, tls, ca, port, slow_statement })))
    }

    /// The certificate of its CA as PEM.
    pub fn ca(&self) -> &str {
        &self.0.ca
    }

    /// Accepts connections on the loopback interface until the runtime stops.
    pub async fn listen(&self) -> Result<SocketAddr> {
        let listener = TcpListener::bind(("127.0.0.1", self.0.port)).await.context("no free port on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let endpoint = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let endpoint = endpoint.clone();
                tokio::spawn(async move {
                    if let Err(error) = endpoint.connected(client).await {
                        eprintln!("connection: {error:#}");
                    }
                });
            }
        });
        Ok(address)
    }

    async fn connected(&self, mut client: TcpStream) -> Result<()> {
        client.set_nodelay(true)?;
        loop {
            match startup::first(&mut client).await? {
                First::Tls => {
                    client.write_all(b"S").await?;
                    let mut secure = self.0.tls.accept(client).await.context("the TLS handshake failed")?;
                    let First::Session(parameters) = startup::first(&mut secure).await? else {
                        anyhow::bail!("no startup message after the TLS handshake");
                    };
                    return self.session(secure, parameters).await;
                }
                First::Encryption => client.write_all(b"N").await?,
                First::Session(parameters) if self.0.disabled().0.contains(rules::REQUIRE_SSL) => {
                    return self.session(client, parameters).await;
                }
                First::Session(parameters) => {
                    let message = "SSL connection is required";
                    self.refused(rules::REQUIRE_SSL, message, parameters.user());
                    let text = format!("{message} [rule {}]", rules::REQUIRE_SSL);
                    client.write_all(&Frame::fatal("28000", &text).encoded()).await?;
                    return Ok(());
                }
                First::Cancel => return Ok(()),
            }
        }
    }

    /// Checks the password, opens a session of the user in PostgreSQL, and relays messages.
    async fn session<S>(&self, client: S, parameters: startup::Parameters) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut client = BufReader::new(client);
        let shared = &self.0;
        let user = parameters.user().to_owned();
        let password = startup::password(&mut client).await?;
        let postgres = shared.engine.postgres()?;
        let refusal = if !shared.issued.accepts(&user, &password) {
            Some(("28000", format!("password authentication failed for user \"{user}\"")))
        } else if Some(parameters.database()) != postgres.get_dbname() {
            Some(("3D000", format!("database \"{}\" does not exist", parameters.database())))
        } else {
            None
        };
        if let Some((sqlstate, message)) = refusal {
            self.refused("", &message, &user);
            client.write_all(&Frame::fatal(sqlstate, &message).encoded()).await?;
            client.flush().await?;
            return Ok(());
        }
        let identity = if user == User::Admin.name() { None } else { Some(user.as_str()) };
        if let Some(name) = identity {
            shared.engine.create_user(name).await?;
        }
        let backend = Backend::open(&postgres, identity, shared.disabled()).await?;
        client.write_all(&startup::accepted(&backend)).await?;
        client.flush().await?;
        relay::run(client, backend, relay::Session { user, shared }).await
    }

    fn refused(&self, rule: &str, message: &str, user: &str) {
        self.0.journal.record(Event {
            rule: rule.to_owned(),
            message: message.to_owned(),
            statement: String::new(),
            user: user.to_owned(),
        });
    }
}
