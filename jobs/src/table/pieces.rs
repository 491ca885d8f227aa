//! Buffers written bytes in pieces of one size.
//!
//! One growing vector would be copied at every doubling, and a small slice of it would keep all of it in memory.

use std::io::{Result, Write};
use std::mem;

use bytes::Bytes;

/// The size of a piece in bytes.
const PIECE: usize = 64 << 10;

/// The bytes that have been written but not taken.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    full: Vec<Bytes>,
    open: Vec<u8>,
}

impl Pieces {
    /// Returns the number of bytes.
    pub(super) fn len(&self) -> usize {
        self.full.len() * PIECE + self.open.len()
    }

    /// Removes and returns all bytes.
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
