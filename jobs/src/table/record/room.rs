//! Whether a row fits into the warehouse: into a COPY of Redshift, and into a page of PostgreSQL, which stores long values
//! elsewhere with a pointer in the row, so that a row of very many values does not fit (PostgreSQL manual, appendix K, and
//! "TOAST").

use contract::{Table, Type};

use super::visit::Path;
use crate::clean::Cell;
use crate::limits::{self, TEXT_BYTES};
use crate::table::file_columns;
use crate::table::row::Row;

/// The longest row of a page of 8 kB (`MaxHeapTupleSize`).
const HEAP_BYTES: usize = 8_160;

/// The pointer to a text that is stored elsewhere (`TOAST_POINTER_SIZE`); up to 20 bytes are stored in the row.
const POINTER: usize = 18;
/// The most bytes of the load's own columns: `_extra` and `_run_id` 21 each, `_row_hash` a pointer, two instants.
const SYSTEM: usize = 21 + 21 + POINTER + 7 + 16;

/// The size of a table's rows, as far as it is known in advance.
#[derive(Debug)]
pub(super) struct Room {
    /// The bytes of every row before any text.
    fixed: usize,
    /// Whether a row can exceed the limit, which only very wide tables allow.
    wide: bool,
    /// Whether a row can exceed a page of PostgreSQL, which needs more than three hundred columns.
    many: bool,
}

impl Room {
    pub(super) fn of(table: &Table<'_>) -> Self {
        let (mut fixed, mut most) = (0, 0);
        for (index, (name, kind, _)) in file_columns(table).into_iter().enumerate() {
            // The hash and a child's first column are added after the check.
            let later = name == "_row_hash" || table.child.is_some() && index == 0;
            match kind {
                Type::String(bytes) if later => fixed += bytes as usize,
                Type::String(bytes) => most += bytes as usize,
                Type::Json => most += TEXT_BYTES,
                _ => fixed += limits::FIXED_BYTES,
            }
        }
        let (wide, columns) = (limits::row(fixed + most).is_some(), table.columns.len());
        let most = heap(columns, std::iter::repeat_n(Stored::json(), columns));
        Self { fixed, wide, many: most > HEAP_BYTES }
    }

    /// Adds a reason if the row, or its `_extra`, is too large.
    pub(super) fn check(&self, row: &Row<'_>, path: Path<'_>, reasons: &mut Vec<String>) {
        if let Err(defect) = row.extra_fits() {
            reasons.push(Path::Field(&path, "_extra").reason(&defect.problem));
        }
        if self.many {
            // A child's key is added after the check, at most 32 bytes.
            let later = if let Path::Root = path { 0 } else { 32 };
            let bytes = heap(row.cells.len(), row.cells.iter().filter_map(stored)) + later;
            if bytes > HEAP_BYTES {
                let problem = format!("a row of {bytes} bytes in a page of PostgreSQL, at most {HEAP_BYTES} fit");
                reasons.push(path.reason(&problem));
            }
        }
        if !self.wide {
            return;
        }
        let text = |cell: &Cell<'_>| match cell {
            Cell::Text(text) | Cell::Json(text) => text.len(),
            _ => 0,
        };
        let extra = row.extra_json().map_or(0, |json| json.len());
        let bytes = self.fixed + row.cells.iter().map(text).sum::<usize>() + extra;
        if let Some(problem) = limits::row(bytes) {
            reasons.push(path.reason(&problem));
        }
    }
}

/// A value in a row: its alignment and its size in bytes.
#[derive(Clone, Copy, Debug)]
struct Stored(usize, usize);

impl Stored {
    /// A value of so many bytes, aligned to its size.
    fn fixed(bytes: usize) -> Self {
        Self(bytes, bytes)
    }

    /// A text of so many bytes.
    fn text(bytes: usize) -> Self {
        Self(1, if bytes > 20 { POINTER } else { bytes + 1 })
    }

    /// JSON, which PostgreSQL stores in its own format.
    fn json() -> Self {
        Self::text(20)
    }
}

/// The size of a loaded row: `columns` of the contract, of which those with values are stored.
fn heap(columns: usize, values: impl Iterator<Item = Stored>) -> usize {
    let nulls = (columns + 5).div_ceil(8);
    let end =
        values.fold((23 + nulls).next_multiple_of(8), |end, Stored(align, size)| end.next_multiple_of(align) + size);
    end + SYSTEM
}

fn stored(cell: &Cell<'_>) -> Option<Stored> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(_) => Stored::fixed(1),
        Cell::Days(_) => Stored::fixed(4),
        Cell::Integer(_) | Cell::Double(_) | Cell::Micros(_) => Stored::fixed(8),
        Cell::Text(text) => Stored::text(text.len()),
        Cell::Json(_) => Stored::json(),
    })
}

#[cfg(test)]
#[path = "../../../tests/unit/table/record/room.rs"]
mod tests;
