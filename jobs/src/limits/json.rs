//! Checks that Redshift's JSON_PARSE accepts JSON text, as far as this is documented: serde_json checks the grammar,
//! and one pass over the tokens checks the rest.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::IgnoredAny;

use super::{Defect, INTEGER_DIGITS, LEVELS, NUMBER_DIGITS, TEXT_BYTES, nul, number};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json {
    /// Whether there is white space between its tokens.
    pub spaced: bool,
    /// The number of levels of arrays and objects; 0 for a scalar.
    pub depth: usize,
}

/// Checks JSON text and returns its properties.
///
/// In addition to the grammar (RFC 8259), these rules apply: no attribute twice in one object, which
/// `json_parse_dedup_attributes` turns into an error by default ("SUPER configurations"); strings and names of at most
/// [`TEXT_BYTES`] bytes as they will be stored, without escapes; at most [`LEVELS`] levels; no U+0000, no unpaired
/// surrogate, no integer with more than [`INTEGER_DIGITS`] digits and no other number outside the range of DOUBLE
/// PRECISION, because AWS does not document how these are handled.
pub fn json(text: &str) -> Result<Json, Defect> {
    // This neither recurses nor allocates a tree.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(format!("not JSON: {error}")))?;
    let mut found = Json { spaced: false, depth: 0 };
    // The names in each open object; `None` for an array.
    let mut open: Vec<Option<HashSet<Cow<'_, str>>>> = Vec::new();
    for (token, after) in tokens(text) {
        match token.as_bytes() {
            [first @ (b'{' | b'['), ..] => {
                open.push((*first == b'{').then(HashSet::new));
                found.depth = found.depth.max(open.len());
                if open.len() > LEVELS {
                    return Err(Defect::new("super_depth", format!("JSON with more than {LEVELS} levels")));
                }
            }
            [b'}' | b']', ..] => drop(open.pop()),
            [b'"', ..] => {
                let string = string(token)?;
                let is_name = after.trim_start().starts_with(':');
                if let (true, Some(Some(names))) = (is_name, open.last_mut())
                    && let Some(twice) = names.replace(string)
                {
                    let name: String = twice.chars().take(40).collect();
                    return Err(not_json(format!("`{name}` appears twice in one object")));
                }
            }
            [b'-' | b'0'..=b'9', ..] => in_range(token)?,
            _ => found.spaced |= is_space(token),
        }
    }
    Ok(found)
}

fn not_json(problem: String) -> Defect {
    Defect::new("super_json", problem)
}

/// Removes the white space between the tokens of valid JSON.
pub fn compact(text: &str) -> String {
    tokens(text).map(|(token, _)| token).filter(|token| !is_space(token)).collect()
}

fn is_space(token: &str) -> bool {
    matches!(token, " " | "\t" | "\n" | "\r")
}

/// Returns the tokens of valid JSON, each with the text after it.
fn tokens(mut rest: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let (token, after) = rest.split_at_checked(token_length(rest.as_bytes()))?;
        rest = after;
        Some((token, after))
    })
}

/// Returns the length of the first token; punctuation, white space and letters are one byte each.
fn token_length(text: &[u8]) -> usize {
    match text {
        [b'"', rest @ ..] => {
            let mut escaped = false;
            let inside = rest.iter().take_while(|byte| {
                let end = **byte == b'"' && !escaped;
                escaped = **byte == b'\\' && !escaped;
                !end
            });
            inside.count() + 2
        }
        [b'-' | b'0'..=b'9', ..] => {
            let part = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
            text.iter().take_while(part).count()
        }
        _ => 1,
    }
}

/// Returns a string as it will be stored, from its token with the quotes.
fn string(token: &str) -> Result<Cow<'_, str>, Defect> {
    let inside = &token[1..token.len() - 1];
    let string = if inside.contains('\\') {
        // The grammar is valid, so the escape can only be half a surrogate pair.
        let half = |_| not_json("an unpaired surrogate in a \\u escape".to_owned());
        Cow::Owned(serde_json::from_str::<String>(token).map_err(half)?)
    } else {
        Cow::Borrowed(inside)
    };
    let problem = |bytes| format!("a string of {bytes} bytes inside JSON; the limit is {TEXT_BYTES}");
    match string.len() {
        _ if string.contains('\0') => Err(nul()),
        bytes if bytes > TEXT_BYTES => Err(Defect::new("super_string", problem(bytes))),
        _ => Ok(string),
    }
}

fn in_range(token: &str) -> Result<(), Defect> {
    let fits = match number::digits(token).filter(|count| *count > INTEGER_DIGITS) {
        _ if number::is_long(token) => Err(format!("more than {NUMBER_DIGITS} digits or decimal places")),
        Some(count) => Err(format!("an integer of {count} digits; the limit is {INTEGER_DIGITS}")),
        None => number::double(token).map(drop).map_err(|defect| defect.problem),
    };
    fits.map_err(|problem| not_json(format!("number out of range: {problem}")))
}

#[cfg(test)]
#[path = "../../tests/unit/limits/json.rs"]
mod tests;
