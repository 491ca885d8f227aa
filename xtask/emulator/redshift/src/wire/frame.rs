//! A message of the wire protocol: a tag, and a body after its length. Bodies that are not changed pass through byte for byte.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest body that is accepted, in bytes; longer ones are a broken stream.
const LONGEST: usize = 256 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub tag: u8,
    pub body: Vec<u8>,
}

impl Frame {
    pub fn new(tag: u8, body: Vec<u8>) -> Self {
        Self { tag, body }
    }

    /// Reads a message; None if the stream ends before it.
    pub async fn read<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Option<Self>> {
        let mut tag = [0];
        match reader.read_exact(&mut tag).await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let body = body(reader).await?;
        Ok(Some(Self { tag: tag[0], body }))
    }

    /// The message as it is sent.
    pub fn encoded(&self) -> Vec<u8> {
        let length = u32::try_from(self.body.len() + 4).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(self.body.len() + 5);
        bytes.push(self.tag);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }

    /// An ErrorResponse that ends the connection.
    pub fn fatal(sqlstate: &str, message: &str) -> Self {
        Self::error(&[(b'S', "FATAL"), (b'C', sqlstate), (b'M', message)])
    }

    /// An ErrorResponse with these fields.
    pub fn error(fields: &[(u8, &str)]) -> Self {
        let mut body = Vec::new();
        for (kind, text) in fields {
            body.push(*kind);
            body.extend(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        Self { tag: b'E', body }
    }

    /// The fields of an ErrorResponse.
    pub fn fields(&self) -> Vec<(u8, String)> {
        let fields = self.body.split(|byte| *byte == 0).filter_map(|field| field.split_first());
        fields.map(|(kind, text)| (*kind, String::from_utf8_lossy(text).into_owned())).collect()
    }

    /// The text up to the next zero byte, and the rest after it.
    pub fn text(bytes: &[u8]) -> Result<(&str, &[u8])> {
        let broken = || Error::new(ErrorKind::InvalidData, "a text without its end");
        let end = bytes.iter().position(|byte| *byte == 0).ok_or_else(broken)?;
        let text = std::str::from_utf8(&bytes[..end]).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        Ok((text, &bytes[end + 1..]))
    }
}

/// Reads a length and the body that it includes.
pub async fn body<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Vec<u8>> {
    let length = reader.read_u32().await? as usize;
    if !(4..=LONGEST).contains(&length) {
        return Err(Error::new(ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut body = vec![0; length - 4];
    reader.read_exact(&mut body).await?;
    Ok(body)
}

#[cfg(test)]
#[path = "../../tests/unit/wire/frame.rs"]
mod tests;
