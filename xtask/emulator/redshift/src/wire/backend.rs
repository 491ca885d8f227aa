//! A connection to PostgreSQL on which the session's user is the client's: it logs in as a superuser and then takes the user's
//! identity.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use bytes::BytesMut;
use postgres_protocol::authentication;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_postgres::config::Host;

use super::frame::Frame;
use crate::catalog::{identifier, session_settings};
use crate::rules::Disabled;

pub struct Backend {
    pub stream: BufReader<TcpStream>,
    /// What the server reported about itself.
    pub parameters: BTreeMap<String, String>,
    pub process: i32,
    pub secret: i32,
    /// Where cancel requests are sent.
    pub address: (String, u16),
}

impl Backend {
    /// Opens a session of a user, or of the superuser.
    pub async fn open(config: &tokio_postgres::Config, user: Option<&str>, disabled: &Disabled) -> Result<Self> {
        let Some(Host::Tcp(host)) = config.get_hosts().first() else { bail!("the warehouse has no host name") };
        let address = (host.clone(), config.get_ports().first().copied().unwrap_or(5432));
        let stream = TcpStream::connect(&address).await.context("cannot connect to the warehouse")?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        let mut backend = Self { stream, parameters: BTreeMap::new(), process: 0, secret: 0, address };
        backend.log_in(config).await.context("cannot log in to the warehouse")?;
        let authorization =
            user.map(|user| format!("SET SESSION AUTHORIZATION {}", identifier(user))).unwrap_or_default();
        backend.query(&format!("{} {authorization}", session_settings(disabled))).await?;
        Ok(backend)
    }

    async fn log_in(&mut self, config: &tokio_postgres::Config) -> Result<()> {
        let user = config.get_user().context("the URL of the warehouse has no user")?;
        let password = config.get_password().unwrap_or_default();
        let database = config.get_dbname().context("the URL of the warehouse has no database")?;
        let parameters = [("user", user), ("database", database), ("application_name", "redshift-emulator")];
        self.send(|buffer| frontend::startup_message(parameters, buffer)).await?;
        let mut scram = None;
        loop {
            let frame = self.next().await?;
            if frame.tag != b'R' {
                return self.until_ready(Some(frame)).await;
            }
            let (kind, data) =
                frame.body.split_first_chunk::<4>().context("an authentication request without a kind")?;
            match u32::from_be_bytes(*kind) {
                0 => {}
                3 => self.send(|buffer| frontend::password_message(password, buffer)).await?,
                5 => {
                    let salt = data.try_into().context("no salt")?;
                    let hash = authentication::md5_hash(user.as_bytes(), password, salt);
                    self.send(|buffer| frontend::password_message(hash.as_bytes(), buffer)).await?;
                }
                10 => {
                    let client = ScramSha256::new(password, ChannelBinding::unsupported());
                    let client = scram.insert(client);
                    let message = client.message().to_vec();
                    self.send(|buffer| frontend::sasl_initial_response(SCRAM_SHA_256, &message, buffer)).await?;
                }
                11 => {
                    let client = scram.as_mut().context("no SASL exchange was started")?;
                    client.update(data)?;
                    let message = client.message().to_vec();
                    self.send(|buffer| frontend::sasl_response(&message, buffer)).await?;
                }
                12 => scram.as_mut().context("no SASL exchange was started")?.finish(data)?,
                other => bail!("PostgreSQL asks for the unknown authentication {other}"),
            }
        }
    }

    /// Runs statements whose results are not used.
    async fn query(&mut self, sql: &str) -> Result<()> {
        self.send(|buffer| frontend::query(sql, buffer)).await?;
        self.until_ready(None).await
    }

    async fn until_ready(&mut self, first: Option<Frame>) -> Result<()> {
        let mut pending = first;
        let mut failure = None;
        loop {
            let frame = match pending.take() {
                Some(frame) => frame,
                None => self.next().await?,
            };
            match frame.tag {
                b'Z' => {
                    ensure!(failure.is_none(), "PostgreSQL: {}", failure.unwrap_or_default());
                    return Ok(());
                }
                b'S' => {
                    let (name, rest) = Frame::text(&frame.body)?;
                    self.parameters.insert(name.to_owned(), Frame::text(rest)?.0.to_owned());
                }
                b'K' if frame.body.len() == 8 => {
                    let number = |bytes: &[u8]| bytes.try_into().map_or(0, i32::from_be_bytes);
                    (self.process, self.secret) = (number(&frame.body[..4]), number(&frame.body[4..]));
                }
                b'E' => {
                    let message = frame.fields().into_iter().find(|(kind, _)| *kind == b'M').map(|(_, text)| text);
                    let message = message.unwrap_or_default();
                    ensure!(self.process != 0, "PostgreSQL: {message}");
                    failure = Some(message);
                }
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> Result<Frame> {
        Frame::read(&mut self.stream).await?.context("PostgreSQL closed the connection")
    }

    async fn send(&mut self, message: impl FnOnce(&mut BytesMut) -> std::io::Result<()>) -> Result<()> {
        let mut buffer = BytesMut::new();
        message(&mut buffer)?;
        Ok(self.stream.write_all(&buffer).await?)
    }
}

/// Cancels the statement that a connection is running.
pub async fn cancel(address: &(String, u16), process: i32, secret: i32) -> std::io::Result<()> {
    let mut buffer = BytesMut::new();
    frontend::cancel_request(process, secret, &mut buffer);
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&buffer).await?;
    stream.shutdown().await
}
