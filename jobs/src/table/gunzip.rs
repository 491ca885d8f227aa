//! Decompresses a response that arrives in pieces.

use std::io::{Result, Write};
use std::mem;

use flate2::write::MultiGzDecoder;

/// A compressed response.
#[derive(Debug)]
pub(crate) struct Gunzip(MultiGzDecoder<Vec<u8>>);

impl Gunzip {
    /// The number of bytes to decompress together: gzip expands about a thousandfold, so memory is bounded.
    pub(crate) const PIECE: usize = 64 << 10;

    /// Returns `None` for a response that is not compressed.
    pub(crate) fn of(is_gzip: bool) -> Option<Self> {
        is_gzip.then(|| Self(MultiGzDecoder::new(Vec::new())))
    }

    /// Decompresses a piece, or what is left after the last one. If this fails, there may still be text before the error.
    pub(crate) fn push(&mut self, piece: Option<&[u8]>) -> (Vec<u8>, Result<()>) {
        let mut unpacked = piece.map_or(Ok(()), |piece| self.0.write_all(piece));
        if piece.is_none() || unpacked.is_err() {
            // The decoder keeps up to 32 KiB.
            unpacked = unpacked.and(self.0.try_finish());
        }
        (mem::take(self.0.get_mut()), unpacked)
    }
}
