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
/// The alignment and the most bytes of JSON, which PostgreSQL stores in its own format.
const JSON: (usize, usize) = (1, 21);
/// The most bytes of the load's own columns: `_extra` and `_run_id` 21 each, `_row_hash` a pointer, two instants.
const SYSTEM: usize = 21 + 21 + POINTER + 7 + 16;

/// The part of the size of a table's rows that is known in advance.
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
        let most = heap(columns, std::iter::repeat_n(JSON, columns));
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

/// The size of a loaded row: `columns` of the contract, of which those with values are stored, each with an alignment and a
/// size in bytes.
fn heap(columns: usize, values: impl Iterator<Item = (usize, usize)>) -> usize {
    let nulls = (columns + 5).div_ceil(8);
    let start = (23 + nulls).next_multiple_of(8);
    values.fold(start, |end, (alignment, size)| end.next_multiple_of(alignment) + size) + SYSTEM
}

/// The alignment and the size of a value.
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
