//! Removes secrets from a response body before it is stored.

use std::io::Error;

use crate::failure::Failure;
use crate::secrets::Filter;
use crate::table::Gunzip;

#[derive(Debug)]
pub(super) struct Scrub {
    pub(super) filter: Filter,
    gunzip: Option<Gunzip>,
    /// Whether HTTP detects a truncated body.
    delimited: bool,
}

impl Scrub {
    /// `gzip` says how the body is encoded; it is decoded, because the secrets could not be found otherwise.
    pub(super) fn new(filter: Filter, gzip: bool, delimited: bool) -> Self {
        Self { filter, gunzip: Gunzip::of(gzip), delimited }
    }

    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Failure> {
        match &mut self.gunzip {
            None => Ok(self.filter.push(piece)),
            Some(gunzip) => {
                let mut clean = Vec::new();
                for piece in piece.chunks(Gunzip::PIECE) {
                    let (text, unpacked) = gunzip.push(Some(piece));
                    unpacked.map_err(|error| not_gzip(error, self.delimited))?;
                    clean.extend(self.filter.push(&text));
                }
                Ok(clean)
            }
        }
    }

    /// Returns the last bytes.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, Failure> {
        let mut last = Vec::new();
        if let Some(mut gunzip) = self.gunzip.take() {
            let (text, unpacked) = gunzip.push(None);
            unpacked.map_err(|error| not_gzip(error, self.delimited))?;
            last = self.filter.push(&text);
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
