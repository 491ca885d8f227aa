//! Converts one JSON scalar to a typed cell, or returns the reason why it cannot be converted.
//!
//! ```text
//! JSON          string(N)  integer   double  boolean  timestamp  date    json
//! "text"        cleaned    reason    reason  reason   parsed     parsed  kept
//! 7             reason     7         7.0     reason   reason     reason  kept
//! 7.0           reason     7         7.0     reason   reason     reason  kept
//! 7.5           reason     reason    7.5     reason   reason     reason  kept
//! 2^53 + 1      reason     2^53 + 1  reason  reason   reason     reason  kept
//! true          reason     reason    reason  true     reason     reason  kept
//! null          null       null      null    null     null       null    null
//! {…} or […]    reason     reason    reason  reason   reason     reason  kept
//! ```

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod instant;

use std::borrow::Cow;

use contract::{Clean, Type};

use self::instant::{days, micros};
use crate::limits::{self, number};

/// A typed value; text is borrowed from the response if possible.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A signed 64-bit integer.
    Integer(i64),
    /// A finite 64-bit float.
    Double(f64),
    /// Cleaned text.
    Text(Cow<'a, str>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Micros(i64),
    /// Days since 1970-01-01.
    Days(i32),
    /// JSON text without insignificant white space.
    Json(Cow<'a, str>),
}

impl Cell<'_> {
    /// Returns a number, the days of a date, or the microseconds of a timestamp.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Integer(value) | Self::Micros(value) => Some(*value),
            Self::Days(days) => Some((*days).into()),
            _ => None,
        }
    }
}

/// Cleans a string and parses it as `kind`.
pub fn text<'a>(text: Cow<'a, str>, kind: Type, rules: &[Clean]) -> Result<Cell<'a>, String> {
    let Some(text) = cleaned(text, rules) else { return Ok(Cell::Null) };
    match kind {
        Type::String(most) => {
            // In JSON, U+0000 can only be written as an escape, and text with an escape is never borrowed.
            let fits = match &text {
                Cow::Borrowed(text) => limits::length(text, most as usize),
                Cow::Owned(text) => limits::text(text, most as usize),
            };
            within(fits, Cell::Text(text))
        }
        Type::Timestamp => {
            let micros = micros(&text).ok_or_else(|| {
                shown("is not a timestamp (YYYY-MM-DDThh:mm:ss, with an optional fraction and offset)", &text)
            })?;
            within(limits::micros(micros), Cell::Micros(micros))
        }
        Type::Date => {
            let days = days(&text).ok_or_else(|| shown("is not a date (YYYY-MM-DD)", &text))?;
            within(limits::days(days), Cell::Days(days))
        }
        Type::Integer | Type::Double | Type::Boolean | Type::Json => {
            Err(wrong(kind, &format!("the string `{}`", brief(&text))))
        }
    }
}

/// Cleans a string; returns `None` for a null.
pub fn cleaned<'a>(text: Cow<'a, str>, rules: &[Clean]) -> Option<Cow<'a, str>> {
    let text = rules.iter().fold(text, |text, rule| if *rule == Clean::Trim { trimmed(text) } else { text });
    (!text.is_empty() || !rules.contains(&Clean::EmptyToNull)).then_some(text)
}

/// Converts the text of a JSON number to `kind`. An integer is never rounded.
pub fn number(json: &str, kind: Type) -> Result<Cell<'static>, String> {
    if kind == Type::Double {
        let value = number::double(json).map_err(|defect| defect.problem)?;
        let problem = || format!("the integer {} is not exactly a double; use integer or string", brief(json));
        return if number::is_rounded(json, value) { Err(problem()) } else { Ok(Cell::Double(value)) };
    }
    let integer = number::integer(json).filter(|_| kind == Type::Integer);
    integer.map(Cell::Integer).ok_or_else(|| wrong(kind, &format!("the number {}", brief(json))))
}

/// Returns the cell if it is within the warehouse's limits.
fn within(fits: Result<(), limits::Defect>, cell: Cell<'_>) -> Result<Cell<'_>, String> {
    fits.map(|()| cell).map_err(|defect| defect.problem)
}

/// Converts a boolean to `kind`.
pub fn boolean(value: bool, kind: Type) -> Result<Cell<'static>, String> {
    if kind == Type::Boolean { Ok(Cell::Bool(value)) } else { Err(wrong(kind, &value.to_string())) }
}

/// Returns a message such as `expected a double, found the string "x"`.
pub fn wrong(kind: Type, found: &str) -> String {
    let article = if kind == Type::Integer { "an" } else { "a" };
    format!("expected {article} {kind}, found {found}")
}

fn shown(problem: &str, text: &str) -> String {
    format!("`{}` {problem}", brief(text))
}

fn brief(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
#[path = "../tests/unit/clean.rs"]
mod tests;
