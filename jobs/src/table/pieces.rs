//! Bytes as they are written, in pieces of one size.
//!
//! One growing vector would be copied at every doubling, and a few of its bytes that wait for the rest of an upload's
//! part would keep all of it in memory.

use std::io::{Result, Write};
use std::mem;

use bytes::Bytes;

/// The bytes of a piece.
const PIECE: usize = 64 << 10;

/// What was written and not taken yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    full: Vec<Bytes>,
    open: Vec<u8>,
}

impl Pieces {
    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.full.len() * PIECE + self.open.len()
    }

    /// All bytes, which are then forgotten.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        if !self.open.is_empty() {
            self.full.push(mem::take(&mut self.open).into());
        }
        mem::take(&mut self.full)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.open.capacity() == 0 {
            self.open.reserve_exact(PIECE);
        }
        let count = bytes.len().min(PIECE - self.open.len());
        self.open.extend_from_slice(&bytes[..count]);
        if self.open.len() == PIECE {
            self.full.push(mem::take(&mut self.open).into());
        }
        Ok(count)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "../../tests/unit/table/pieces.rs"]
mod tests;
