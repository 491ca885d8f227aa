//! Tables: words to the left, numbers to the right.

use super::words::{Name, Text};

/// A table under its heads. The first column names the row; the columns from `numbers` on are numbers.
pub fn table(about: &str, head: &[&str], numbers: usize, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let class = |index| if index >= numbers { " class=\"number\"" } else { "" };
    let heads =
        head.iter().enumerate().map(|(index, name)| format!("<th scope=\"col\"{}>{}</th>", class(index), Text(name)));
    let cell = |(index, cell): (usize, String)| {
        let (tag, scope) = if index == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
        // A number is one word; a name may break where it has no room.
        let text = if index >= numbers { Text(&cell).to_string() } else { Name(&cell).to_string() };
        format!("<{tag}{scope}{}>{text}</{tag}>", class(index))
    };
    let row = |row: Vec<String>| {
        let cells: String = row.into_iter().enumerate().map(cell).collect();
        format!("<tr>{cells}</tr>\n")
    };
    // What is wider than a phone scrolls by itself; the keyboard reaches it, and a screen reader names it.
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">\n<table>\n<thead><tr>{}</tr></thead>\n\
         <tbody>\n{}</tbody>\n</table>\n</div>\n",
        Text(about),
        heads.collect::<String>(),
        rows.into_iter().map(row).collect::<String>()
    )
}
