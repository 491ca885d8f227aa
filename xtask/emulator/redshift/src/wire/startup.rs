//! The start of a connection: the request for TLS, the startup message, the password, and what the server reports about itself.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::backend::Backend;
use super::frame::{self, Frame};

/// The version that a workgroup reports.
const SERVER_VERSION: &str = "8.0.2";

/// The first message of a connection, which has no tag.
pub enum First {
    Tls,
    /// GSSAPI encryption, which is declined.
    Encryption,
    Session(Parameters),
    /// A request to cancel a statement of another connection.
    Cancel,
}

/// Of the parameters only the user and the database are used. `client_protocol_version`, `driver_version` and others are
/// unknown to PostgreSQL.
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub fn user(&self) -> &str {
        self.0.get("user").map_or("", String::as_str)
    }

    pub fn database(&self) -> &str {
        self.0.get("database").map_or(self.user(), String::as_str)
    }
}

pub async fn first<R: AsyncRead + Unpin>(reader: &mut R) -> Result<First> {
    let body = frame::body(reader).await?;
    let broken = || Error::new(ErrorKind::InvalidData, "a startup message without a version");
    let (version, mut rest) = body.split_first_chunk::<4>().ok_or_else(broken)?;
    match u32::from_be_bytes(*version) {
        80_877_103 => Ok(First::Tls),
        80_877_104 => Ok(First::Encryption),
        80_877_102 => Ok(First::Cancel),
        196_608 => {
            let mut parameters = BTreeMap::new();
            while rest.len() > 1 {
                let (name, after) = Frame::text(rest)?;
                let (value, after) = Frame::text(after)?;
                parameters.insert(name.to_owned(), value.to_owned());
                rest = after;
            }
            Ok(First::Session(Parameters(parameters)))
        }
        other => Err(Error::new(ErrorKind::InvalidData, format!("unknown protocol version {other}"))),
    }
}

/// Asks for the password in clear text, inside TLS.
pub async fn password<S: AsyncRead + AsyncWrite + Unpin>(client: &mut S) -> Result<String> {
    client.write_all(&Frame::new(b'R', 3_u32.to_be_bytes().to_vec()).encoded()).await?;
    client.flush().await?;
    let closed = || Error::new(ErrorKind::UnexpectedEof, "the client closed the connection before its password");
    let answer = Frame::read(client).await?.ok_or_else(closed)?;
    if answer.tag != b'p' {
        return Err(Error::new(ErrorKind::InvalidData, "expected a password"));
    }
    Ok(Frame::text(&answer.body)?.0.to_owned())
}

/// The messages from the accepted password to the first ReadyForQuery.
pub fn accepted(backend: &Backend) -> Vec<u8> {
    let mut bytes = Frame::new(b'R', vec![0; 4]).encoded();
    for (name, value) in &backend.parameters {
        let value = if name == "server_version" { SERVER_VERSION } else { value };
        bytes.extend(parameter(name, value));
    }
    let key = [backend.process.to_be_bytes(), backend.secret.to_be_bytes()].concat();
    bytes.extend(Frame::new(b'K', key).encoded());
    bytes.extend(Frame::new(b'Z', b"I".to_vec()).encoded());
    bytes
}

fn parameter(name: &str, value: &str) -> Vec<u8> {
    let body = [name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat();
    Frame::new(b'S', body).encoded()
}

#[cfg(test)]
#[path = "../../tests/unit/wire/startup.rs"]
mod tests;
