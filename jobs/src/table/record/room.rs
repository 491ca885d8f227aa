//! Checks that a row fits into the warehouse: into a Redshift COPY, and into a PostgreSQL page. PostgreSQL stores long
//! values elsewhere, with a pointer in the row, but a row with very many values does not fit (PostgreSQL manual,
//! appendix K, and "TOAST").

use contract::{Table, Type};

use super::visit::Path;
use crate::clean::Cell;
use crate::limits;
use crate::table::file_columns;
use crate::table::row::Row;

/// The longest row in an 8 kB page (`MaxHeapTupleSize`).
const HEAP_BYTES: usize = 8_160;

/// The size of a pointer to text stored elsewhere (`TOAST_POINTER_SIZE`); rows contain texts of up to 20 bytes.
const POINTER: usize = 18;
/// The alignment and the maximum size of JSON, which PostgreSQL stores in its own format.
const JSON: (usize, usize) = (1, 21);
/// Maximum size of the load's columns: 21 bytes each for `_extra` and `_run_id`, a pointer, and two timestamps.
const SYSTEM: usize = 21 + 21 + POINTER + 7 + 16;

/// The part of a table's row size that is known in advance.
#[derive(Debug)]
pub(super) struct Room {
    /// The size of every row without its text.
    fixed: usize,
    /// Whether a row can exceed a PostgreSQL page, which is possible only with more than three hundred columns.
    many: bool,
}

impl Room {
    pub(super) fn of(table: &Table<'_>) -> Self {
        let mut fixed = 0;
        for (index, (name, kind, _)) in file_columns(table).into_iter().enumerate() {
            // The hash and a child's first column are added after the check.
            let later = name == "_row_hash" || table.child.is_some() && index == 0;
            match kind {
                Type::String(bytes) if later => fixed += bytes as usize,
                Type::String(_) | Type::Json => {}
                _ => fixed += limits::FIXED_BYTES,
            }
        }
        let columns = table.columns.len();
        let most = heap(columns, std::iter::repeat_n(JSON, columns));
        Self { fixed, many: most > HEAP_BYTES }
    }

    /// Adds a reason if the row is too large. The limit of a row is below that of JSON, so `_extra` has no limit of its own.
    pub(super) fn check(&self, row: &Row<'_>, path: Path<'_>, reasons: &mut Vec<String>) {
        if self.many {
            // A child's key is added after the check; it has at most 32 bytes.
            let later = if let Path::Root = path { 0 } else { 32 };
            let bytes = heap(row.cells.len(), row.cells.iter().filter_map(stored)) + later;
            if bytes > HEAP_BYTES {
                let problem = format!("a row of {bytes} bytes in a PostgreSQL page; the limit is {HEAP_BYTES}");
                reasons.push(path.reason(&problem));
            }
        }
        let text = |cell: &Cell<'_>| match cell {
            Cell::Text(text) | Cell::Json(text) => text.len(),
            _ => 0,
        };
        let bytes = self.fixed + row.cells.iter().map(text).sum::<usize>();
        let extra = row.extra_bytes(limits::ROW_BYTES.saturating_sub(bytes));
        if let Some(problem) = limits::row(bytes + extra) {
            reasons.push(path.reason(&problem));
        }
    }
}

/// Returns the size of a loaded row. `columns` is the number of columns in the contract; `values` has the alignment and
/// the size in bytes of those that are not null.
fn heap(columns: usize, values: impl Iterator<Item = (usize, usize)>) -> usize {
    let nulls = (columns + 5).div_ceil(8);
    let start = (23 + nulls).next_multiple_of(8);
    values.fold(start, |end, (alignment, size)| end.next_multiple_of(alignment) + size) + SYSTEM
}

/// Returns the alignment and the size of a value; `None` for a null.
fn stored(cell: &Cell<'_>) -> Option<(usize, usize)> {
    match cell {
        Cell::Null => None,
        Cell::Bool(_) => Some((1, 1)),
        Cell::Days(_) => Some((4, 4)),
        Cell::Integer(_) | Cell::Double(_) | Cell::Micros(_) => Some((8, 8)),
        Cell::Text(text) if text.len() <= 20 => Some((1, text.len() + 1)),
        Cell::Text(_) => Some((1, POINTER)),
        Cell::Json(_) => Some(JSON),
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/table/record/room.rs"]
mod tests;
