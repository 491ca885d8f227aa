//! Detects a response whose headers announce more records than it has: a first page is an incomplete list.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;

/// Headers that contain the total number of records, under the names that APIs commonly use.
const TOTALS: [&str; 3] = ["X-Total-Count", "X-Total", "Total-Count"];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Whether the headers refer to a next page.
    next: bool,
    /// The largest total, and its header.
    total: Option<(&'static str, u64)>,
}

impl Claims {
    /// Reads headers with lower-case names; a repeated header is one comma-separated list (RFC 9110, section 5.2).
    pub fn of(headers: &BTreeMap<String, String>) -> Self {
        let value = |name: &str| headers.get(&name.to_ascii_lowercase());
        let totals = TOTALS.into_iter().flat_map(|name| {
            let numbers = value(name).into_iter().flat_map(|value| value.split(','));
            numbers.filter_map(move |number| Some((name, number.trim().parse().ok()?)))
        });
        let range = value("Content-Range").and_then(|range| Some(("Content-Range", total_of(range)?)));
        Self {
            next: value("Link").is_some_and(|links| has_next(links)),
            total: totals.chain(range).max_by_key(|(_, total)| *total),
        }
    }

    /// Returns how a list of this many records is incomplete, if it is: `has 1 record, but …`.
    pub fn missing(&self, read: u64) -> Option<String> {
        let total = self.total.filter(|(_, total)| *total > read);
        let total = total.map(|(name, total)| format!("its `{name}` header reports {total}"));
        let next = self.next.then(|| "its `Link` header refers to a next page".to_owned());
        let claims: Vec<String> = total.into_iter().chain(next).collect();
        let records = if read == 1 { "record" } else { "records" };
        (!claims.is_empty()).then(|| format!("has {read} {records}, but {}", claims.join(" and ")))
    }
}

/// Returns the total in `items 0-19/1000` (RFC 9110, section 14.4); a number of bytes is not a number of records.
fn total_of(range: &str) -> Option<u64> {
    let (unit, range) = range.trim().split_once(' ')?;
    if unit.eq_ignore_ascii_case("bytes") { None } else { range.rsplit_once('/')?.1.trim().parse().ok() }
}

/// Returns whether one of the links has the relation `next` (RFC 8288, section 3).
fn has_next(links: &str) -> bool {
    let mut rest = links;
    while let Some((_, link)) = rest.split_once('<').and_then(|(_, link)| link.split_once('>')) {
        let (parameters, others) = until(link, ',');
        rest = others;
        // Of several `rel` in one link, only the first counts.
        if relations(parameters).is_some_and(|relations| relations.iter().any(|name| name.eq_ignore_ascii_case("next")))
        {
            return true;
        }
    }
    false
}

/// Returns the values of a link's first `rel`.
fn relations(mut parameters: &str) -> Option<Vec<String>> {
    while !parameters.is_empty() {
        let (parameter, others) = until(parameters, ';');
        parameters = others;
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            let value = value.trim().trim_matches('"').replace('\\', "");
            return Some(value.split_whitespace().map(str::to_owned).collect());
        }
    }
    None
}

/// Splits the text at the first separator outside quotation marks.
fn until(text: &str, separator: char) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if char == separator && !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
#[path = "../tests/unit/pagination.rs"]
mod tests;
