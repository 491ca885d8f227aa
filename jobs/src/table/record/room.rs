//! Whether a whole row fits, beyond each of its values.

use contract::{Table, Type};

use super::visit::Path;
use crate::clean::Cell;
use crate::limits::{self, HEAP_BYTES, Stored, TEXT_BYTES};
use crate::table::file_columns;
use crate::table::row::Row;

/// The room that a table's rows need.
#[derive(Debug)]
pub(super) struct Room {
    /// What every row needs before any text.
    fixed: usize,
    /// Whether rows can be too large at all; only those of very wide tables can.
    wide: bool,
    /// Whether they can be too large for a page of PostgreSQL; only those of more than three hundred columns can.
    many: bool,
}

impl Room {
    pub(super) fn of(table: &Table<'_>) -> Self {
        let (mut fixed, mut most) = (0, 0);
        for (index, (name, kind, _)) in file_columns(table).into_iter().enumerate() {
            // The hash comes with the encoder and a child's first column with its parent, both after the check.
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
        if let Err(flaw) = row.extra_fits() {
            reasons.push(told(path, "_extra", &flaw.problem));
        }
        if self.many {
            // A child's own key comes after the check, and takes 32 bytes at most.
            let later = if let Path::Root = path { 0 } else { 32 };
            let bytes = limits::heap(row.cells.len(), row.cells.iter().filter_map(stored)) + later;
            if bytes > HEAP_BYTES {
                let problem = format!("a row of {bytes} bytes in a page of PostgreSQL, at most {HEAP_BYTES} fit");
                reasons.push(if let Path::Root = path { problem } else { format!("{path}: {problem}") });
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
            reasons.push(match path {
                Path::Root => problem,
                path => format!("{path}: {problem}"),
            });
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

fn told(path: Path<'_>, column: &str, problem: &str) -> String {
    match path {
        Path::Root => format!("{column}: {problem}"),
        path => format!("{path}.{column}: {problem}"),
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/table/record/room.rs"]
mod tests;
