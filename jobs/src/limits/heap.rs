//! A row in a page of PostgreSQL. What is long is moved out of it, but a pointer stays, so that a row of very many values
//! fits nowhere (PostgreSQL manual, appendix K, and "TOAST").

/// The longest row of a page of 8 kB (`MaxHeapTupleSize`).
pub const HEAP_BYTES: usize = 8_160;

/// A text that is moved out leaves 18 bytes (`TOAST_POINTER_SIZE`); one of up to 20 bytes is never moved.
const POINTER: usize = 18;
/// What the columns of the load itself take at most: `_extra` and `_run_id` 21 each, `_row_hash` a pointer, two instants.
const SYSTEM: usize = 21 + 21 + POINTER + 7 + 16;

/// What a value takes in a row: its alignment and its size in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Stored(usize, usize);

impl Stored {
    /// Of a value of so many bytes, each type of which is aligned to its size.
    pub fn fixed(bytes: usize) -> Self {
        Self(bytes, bytes)
    }

    /// Of a text of so many bytes.
    pub fn text(bytes: usize) -> Self {
        Self(1, if bytes > 20 { POINTER } else { bytes + 1 })
    }

    /// Of JSON, whose form is PostgreSQL's own.
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
