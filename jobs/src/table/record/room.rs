//! Whether a row fits into the warehouse.

use contract::{Table, Type};

use super::visit::Path;
use crate::clean::Cell;
use crate::limits::{self, HEAP_BYTES, Stored, TEXT_BYTES};
use crate::table::file_columns;
use crate::table::row::Row;

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
        let most = limits::heap(columns, std::iter::repeat_n(Stored::json(), columns));
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
            let bytes = limits::heap(row.cells.len(), row.cells.iter().filter_map(stored)) + later;
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
