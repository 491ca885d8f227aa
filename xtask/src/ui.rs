//! Tables and durations as plain text.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::time::Duration;

pub use comfy_table::CellAlignment as Align;
use comfy_table::{ContentArrangement, Table, presets};

/// The result of a query, as text.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub columns: Vec<String>,
    /// The rows; `None` is a null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Formats a duration, such as `0.4 s`, `12 s` or `3 min 5 s`.
pub fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Formats a table with a header and without borders.
pub fn columns(head: &[(&str, Align)], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.iter().map(|(name, _)| *name));
    table.add_rows(rows);
    for (index, (_, align)) in head.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 2));
            column.set_cell_alignment(*align);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Formats a query's rows as a table, followed by the row count.
pub fn table(found: &Rows) -> String {
    let number = |index: usize| {
        let mut cells = found.rows.iter().filter_map(|row| row[index].as_deref()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
    };
    let align = |index| if number(index) { Align::Right } else { Align::Left };
    let head: Vec<(&str, Align)> =
        found.columns.iter().enumerate().map(|(index, name)| (name.as_str(), align(index))).collect();
    let cells = |row: &Vec<Option<String>>| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect();
    let count = found.rows.len();
    let text = if head.is_empty() { String::new() } else { columns(&head, found.rows.iter().map(cells).collect()) };
    format!("{text}({count} row{})\n", if count == 1 { "" } else { "s" })
}
