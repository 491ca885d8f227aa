//! Removes secrets from a response body before it is stored.

use std::io::{Error, Write};
use std::mem;

use flate2::write::MultiGzDecoder;

use crate::failure::Failure;
use crate::secrets::Filter;

#[derive(Debug)]
pub(super) struct Scrub {
    pub(super) filter: Filter,
    gunzip: Option<MultiGzDecoder<Vec<u8>>>,
    /// Whether HTTP detects a truncated body.
    delimited: bool,
}

/// The number of compressed bytes to decompress together: gzip expands about a thousandfold.
const UNPACK: usize = 64 << 10;

impl Scrub {
    /// `gzip` says how the body is encoded; it is decoded, because the secrets could not be found otherwise.
    pub(super) fn new(filter: Filter, gzip: bool, delimited: bool) -> Self {
        Self { filter, gunzip: gzip.then(|| MultiGzDecoder::new(Vec::new())), delimited }
    }

    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Failure> {
        match &mut self.gunzip {
            None => Ok(self.filter.push(piece)),
            Some(gunzip) => {
                let mut clean = Vec::new();
                for piece in piece.chunks(UNPACK) {
                    gunzip.write_all(piece).map_err(|error| not_gzip(error, self.delimited))?;
                    clean.extend(self.filter.push(&mem::take(gunzip.get_mut())));
                }
                Ok(clean)
            }
        }
    }

    /// Returns the last bytes.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, Failure> {
        let mut last = Vec::new();
        if let Some(mut gunzip) = self.gunzip.take() {
            gunzip.try_finish().map_err(|error| not_gzip(error, self.delimited))?;
            last = self.filter.push(gunzip.get_ref());
        }
        last.extend(self.filter.end());
        Ok(last)
    }
}

fn not_gzip(error: Error, delimited: bool) -> Failure {
    match delimited {
        true => Failure::refused("the response is declared as gzip, but cannot be decompressed").because(error),
        // The connection may have been cut.
        false => Failure::temporary("the response is incomplete").because(error),
    }
}
