//! Unit tests of `src/table/pieces.rs`.

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
