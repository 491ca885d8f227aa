//! HTML tables.

use maud::{Markup, html};

use super::format::breakable;

/// A table whose first column names the row, and whose columns from `numbers` on are numbers. It scrolls sideways when
/// it is too wide; the keyboard reaches it, and `about` names it for screen readers.
pub fn table(about: &str, head: &[&str], numbers: usize, rows: Vec<Vec<String>>) -> Markup {
    let class = |column| (column >= numbers).then_some("number");
    html! {
        div.scroll role="region" aria-label=(about) tabindex="0" {
            table {
                thead { tr { @for (column, name) in head.iter().enumerate() { th scope="col" class=[class(column)] { (name) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 { th scope="row" { (breakable(cell)) } }
                                @else { td class=[class(column)] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
