//! The size of a row in a page of PostgreSQL. Long values are stored elsewhere with a pointer in the row, so a row of
//! very many values does not fit (PostgreSQL manual, appendix K, and "TOAST").

/// The longest row of a page of 8 kB (`MaxHeapTupleSize`).
pub const HEAP_BYTES: usize = 8_160;

/// The pointer to a text that is stored elsewhere (`TOAST_POINTER_SIZE`); up to 20 bytes are stored in the row.
const POINTER: usize = 18;
/// The most bytes of the load's own columns: `_extra` and `_run_id` 21 each, `_row_hash` a pointer, two instants.
const SYSTEM: usize = 21 + 21 + POINTER + 7 + 16;

/// A value in a row: its alignment and its size in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Stored(usize, usize);

impl Stored {
    /// A value of so many bytes, aligned to its size.
    pub fn fixed(bytes: usize) -> Self {
        Self(bytes, bytes)
    }

    /// A text of so many bytes.
    pub fn text(bytes: usize) -> Self {
        Self(1, if bytes > 20 { POINTER } else { bytes + 1 })
    }

    /// JSON, which PostgreSQL stores in its own format.
    pub fn json() -> Self {
        Self::text(20)
    }
}

/// The size of a loaded row: `columns` of the contract, of which those with values are stored.
pub fn heap(columns: usize, values: impl Iterator<Item = Stored>) -> usize {
    let nulls = (columns + 5).div_ceil(8);
    let end =
        values.fold((23 + nulls).next_multiple_of(8), |end, Stored(align, size)| end.next_multiple_of(align) + size);
    end + SYSTEM
}
