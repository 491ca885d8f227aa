//! One JSON scalar becomes one typed cell, or a reason why it cannot.
//!
//! ```text
//! JSON          string(N)  integer   double  boolean  timestamp  date    json
//! "text"        cleaned    reason    reason  reason   parsed     parsed  kept
//! 7             reason     7         7.0     reason   reason     reason  kept
//! 7.0           reason     7         7.0     reason   reason     reason  kept
//! 7.5           reason     reason    7.5     reason   reason     reason  kept
//! true          reason     reason    reason  true     reason     reason  kept
//! null          null       null      null    null     null       null    null
//! {…} or […]    reason     reason    reason  reason   reason     reason  kept
//! ```

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod instant;
mod integer;

use std::borrow::Cow;

use contract::{Clean, Type};

use self::instant::{days, micros};
use crate::limits;

pub use integer::integer;

/// A typed value; text borrows from the answer where it can.
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
    /// Text, cleaned.
    Text(Cow<'a, str>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Micros(i64),
    /// Days since 1970-01-01.
    Days(i32),
    /// JSON text without insignificant white space.
    Json(Cow<'a, str>),
}

/// A number for a column that is not of type integer; [`integer`] reads those from their text.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// Without fraction or exponent, within 64 bits.
    Integer(i64),
    /// Anything else.
    Double(f64),
}

/// Cleans a string and reads it as the type.
///
/// # Errors
/// Why it cannot be such a value, in words.
pub fn text<'a>(text: Cow<'a, str>, kind: Type, rules: &[Clean]) -> Result<Cell<'a>, String> {
    let text = rules.iter().fold(text, |text, rule| if *rule == Clean::Trim { trimmed(text) } else { text });
    if text.is_empty() && rules.contains(&Clean::EmptyToNull) {
        return Ok(Cell::Null);
    }
    match kind {
        Type::String(most) => {
            // JSON writes U+0000 as an escape only, and text with an escape is never borrowed.
            let fits = match &text {
                Cow::Borrowed(text) => limits::length(text, most as usize),
                Cow::Owned(text) => limits::text(text, most as usize),
            };
            held(fits, Cell::Text(text))
        }
        Type::Timestamp => {
            let micros = micros(&text).ok_or_else(|| shown("is no ISO 8601 instant", &text))?;
            held(limits::micros(micros), Cell::Micros(micros))
        }
        Type::Date => {
            let days = days(&text).ok_or_else(|| shown("is no day (YYYY-MM-DD)", &text))?;
            held(limits::days(days), Cell::Days(days))
        }
        Type::Integer | Type::Double | Type::Boolean | Type::Json => {
            Err(wrong(kind, &format!("the string `{}`", brief(&text))))
        }
    }
}

/// Reads a number as the type.
///
/// # Errors
/// Why it cannot be such a value, in words.
pub fn number(number: Number, kind: Type) -> Result<Cell<'static>, String> {
    match (kind, number) {
        (Type::Double, Number::Integer(value)) => Ok(Cell::Double(value as f64)),
        (Type::Double, Number::Double(value)) => held(limits::double(value), Cell::Double(value)),
        (_, Number::Integer(value)) => Err(wrong(kind, &format!("the number {value}"))),
        (_, Number::Double(value)) => Err(wrong(kind, &format!("the number {value}"))),
    }
}

/// A cell, if its value keeps to the warehouse's limits.
fn held(fits: Result<(), limits::Defect>, cell: Cell<'_>) -> Result<Cell<'_>, String> {
    fits.map(|()| cell).map_err(|defect| defect.problem)
}

/// Reads true or false as the type.
///
/// # Errors
/// Why it cannot be such a value, in words.
pub fn boolean(value: bool, kind: Type) -> Result<Cell<'static>, String> {
    if kind == Type::Boolean { Ok(Cell::Bool(value)) } else { Err(wrong(kind, &value.to_string())) }
}

/// `expected a double, found the string "x"`.
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

/// JSON text without white space between its tokens.
pub fn compact(json: &str) -> Cow<'_, str> {
    let space = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    // Without an early end the compiler looks at many bytes at once; most JSON has no space to find.
    if !json.bytes().fold(false, |found, byte| found | space(byte)) {
        return Cow::Borrowed(json);
    }
    let mut kept = String::new();
    let (mut start, mut in_string, mut escaped) = (0, false, false);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            byte if !in_string && space(byte) => {
                kept.push_str(&json[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start == 0 {
        return Cow::Borrowed(json);
    }
    kept.push_str(&json[start..]);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [Clean; 2] = [Clean::Trim, Clean::EmptyToNull];

    fn read(value: &str, kind: Type) -> Result<Cell<'_>, String> {
        text(Cow::Borrowed(value), kind, &RULES)
    }

    #[test]
    fn strings_are_trimmed_emptied_and_measured_in_bytes() {
        assert_eq!(read("  a b ", Type::String(3)), Ok(Cell::Text("a b".into())));
        assert_eq!(read("   ", Type::String(3)), Ok(Cell::Null));
        assert_eq!(text("  ".into(), Type::String(3), &[]), Ok(Cell::Text("  ".into())));
        assert_eq!(text("".into(), Type::String(3), &[Clean::Trim]), Ok(Cell::Text("".into())));
        assert_eq!(read("éé", Type::String(3)), Err("4 bytes, at most 3 fit".to_owned()));
        assert!(text("a\0".to_owned().into(), Type::String(3), &RULES).is_err());
        assert_eq!(read("1", Type::Integer), Err("expected an integer, found the string `1`".to_owned()));
    }

    #[test]
    fn instants_take_any_offset_and_days_a_fixed_width() {
        let utc = Ok(Cell::Micros(1_143_239_400_000_000));
        for same in
            ["2006-03-24T22:30:00.000Z", "2006-03-25T10:30:00+12:00", "2006-03-24T22:30:00", " 2006-03-24T22:30:00Z"]
        {
            assert_eq!(read(same, Type::Timestamp), utc, "{same}");
        }
        assert_eq!(read("2020-10-13T02:56:59.566560", Type::Timestamp), Ok(Cell::Micros(1_602_557_819_566_560)));
        for bad in ["2006-03-24", "yesterday", "2006-13-24T22:30:00Z", "2006-03-24T25:30:00Z"] {
            assert!(read(bad, Type::Timestamp).is_err(), "{bad}");
        }
        assert_eq!(read("1970-01-02", Type::Date), Ok(Cell::Days(1)));
        for bad in ["2019-02-30", "2019-2-3", "2019-02-03T00:00:00Z"] {
            assert!(read(bad, Type::Date).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_keep_their_value_or_are_refused() {
        assert_eq!(number(Number::Integer(7), Type::Double), Ok(Cell::Double(7.0)));
        assert!(number(Number::Integer(1), Type::Boolean).is_err());
        assert!(boolean(true, Type::Integer).is_err());
    }

    #[test]
    fn compact_json_loses_white_space_outside_strings_only() {
        for (from, to) in [("[ 1,\n2 ]", "[1,2]"), (r#"{"a b": "c \" d"}"#, r#"{"a b":"c \" d"}"#), ("[1]", "[1]")] {
            assert_eq!(compact(from), to);
        }
        assert!(matches!(compact("[1]"), Cow::Borrowed(_)));
    }
}
