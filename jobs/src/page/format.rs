//! HTML tables, and formats of numbers and names.

use contract::count;
use maud::{Markup, html};

/// Renders a name that may wrap after each of its parts. Not for values of the data: `forget` would not find them.
pub fn breakable(name: &str) -> Markup {
    html! { @for part in name.split_inclusive(['_', '.', '/', '@']) { (part) wbr; } }
}

/// Renders a link; only the text if the URL is not a web address.
pub fn link(url: &str, text: &str) -> Markup {
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    html! { @if is_web { a href=(url) { (text) } } @else { (text) } }
}

/// Formats an RFC 3339 time in UTC as `2026-11-22 09:27`.
pub fn time(rfc3339: &str) -> String {
    rfc3339.replace('T', " ").chars().take(16).collect()
}

/// Returns the date of an RFC 3339 time.
pub fn day(rfc3339: &str) -> String {
    rfc3339.chars().take(10).collect()
}

/// Formats kilograms as whole tonnes, or with one decimal place below ten.
pub fn tonnes(kg: f64) -> String {
    match kg / 1000.0 {
        none if none <= 0.0 => "0".to_owned(),
        little if little < 0.05 => "<0.1".to_owned(),
        some if some < 9.95 => format!("{some:.1}"),
        many => count(many.round() as u64),
    }
}

/// Formats kilograms as tonnes with one decimal place, for columns of numbers.
pub fn tonnes_aligned(kg: f64) -> String {
    let tenths = (kg.max(0.0) / 100.0).round() as u64;
    format!("{}.{}", count(tenths / 10), tenths % 10)
}

/// Returns a share in whole percent. Rounding never yields 0 or 100, so that a single failure or success stays visible.
pub fn percent(part: u64, whole: u64) -> u64 {
    match (part, whole) {
        (0, _) | (_, 0) => 0,
        _ if part >= whole => 100,
        _ => ((part as f64 * 100.0 / whole as f64).round() as u64).clamp(1, 99),
    }
}

/// Renders a table whose first column names the row, and whose columns from index `numbers` on are numeric. It scrolls
/// horizontally if it is too wide, can be focused with the keyboard, and is named `about` for screen readers.
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

#[cfg(test)]
#[path = "../../tests/unit/page/format.rs"]
mod tests;
