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
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_or_moved_and_no_piece_is_larger_than_the_others() {
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        for step in [1_000, PIECE - 1, PIECE, PIECE + 1, bytes.len()] {
            let mut pieces = Pieces::default();
            bytes.chunks(step).for_each(|chunk| pieces.write_all(chunk).expect("memory"));
            assert_eq!(pieces.len(), bytes.len());
            let taken = pieces.take();
            assert!(taken.iter().rev().skip(1).all(|piece| piece.len() == PIECE), "writes of {step}");
            assert_eq!(taken.concat(), bytes, "writes of {step}");
            assert_eq!((pieces.len(), pieces.take()), (0, vec![]));
        }
    }
}
