//! What a row of the warehouse can hold: one set of rules for the step that makes rows, which sets aside what breaks
//! one, and for the proof before the load, which would refuse it.
//!
//! The rules are Redshift's, as documented in its Database Developer Guide, and PostgreSQL's where that holds less.
//! Where the guide is silent or says "around", the narrower reading stands.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod heap;
mod json;

use contract::Type;

pub use heap::{HEAP_BYTES, Stored, heap};
pub use json::{Json, json};

/// The longest text, in bytes of UTF-8 ("Character types"); a string inside a SUPER value ends there too ("Limitations
/// of SUPER").
pub const TEXT_BYTES: usize = Type::MAX_STRING as usize;

/// The largest SUPER value ("Limitations of SUPER": 16 MB). Whether a megabyte is 10^6 or 2^20 bytes is not said.
pub const SUPER_BYTES: usize = 16_000_000;

/// The largest row that COPY takes ("COPY": 4 MB an input row, from any source). How its bytes are counted is not said:
/// here text counts as it is and every other column as [`FIXED_BYTES`], null or not.
pub const ROW_BYTES: usize = 4_000_000;

/// What a column without text counts in a row: the widest of them, DECIMAL, takes 16 bytes.
pub const FIXED_BYTES: usize = 16;

/// The longest key, in bytes. PostgreSQL's index takes 2,704 bytes a row ("index row size exceeds btree version 4 maximum
/// 2704"), of which a child table's needs some for the position.
pub const KEY_BYTES: usize = 2_600;

/// How deep arrays and objects may lie in each other inside a SUPER value ("Limitations of SUPER").
pub const LEVELS: usize = 1_000;

/// The digits of the largest integer, DECIMAL(38, 0) ("Numeric types").
pub const INTEGER_DIGITS: usize = 38;

/// 1 January 4713 BC, the first day ("Datetime types"), in days from 1970-01-01.
pub const FIRST_DAY: i32 = -2_440_550;

/// 31 December 294276 AD, the last day ("Datetime types"), in days from 1970-01-01.
pub const LAST_DAY: i32 = 106_762_939;

/// The first instant of [`FIRST_DAY`], in microseconds from 1970. The end of [`LAST_DAY`] is beyond 64 bits.
pub const FIRST_MICROS: i64 = FIRST_DAY as i64 * 86_400_000_000;

/// Why a value cannot be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The rule that it breaks.
    pub rule: Rule,
    /// In words: what is there and what is allowed.
    pub problem: String,
}

impl Flaw {
    fn new(rule: Rule, problem: impl Into<String>) -> Self {
        Self { rule, problem: problem.into() }
    }
}

/// A rule that a value can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Text is at most so many bytes.
    Length,
    /// Text holds no U+0000.
    Nul,
    /// A number is a number.
    Nan,
    /// A number is finite.
    Infinity,
    /// A number lies in its type's documented range.
    Float,
    /// An instant lies between the first and the last day.
    Timestamp,
    /// So does a day.
    Date,
    /// JSON is JSON, names no attribute twice and has no number beyond every type.
    Json,
    /// A string inside JSON is at most [`TEXT_BYTES`] long.
    JsonString,
    /// JSON is at most [`LEVELS`] deep.
    JsonDepth,
}

/// Text in a column of at most so many bytes.
///
/// # Errors
/// When it is longer or holds U+0000.
pub fn text(text: &str, most: usize) -> Result<(), Flaw> {
    length(text, most)?;
    if text.as_bytes().contains(&0) {
        return Err(nul());
    }
    Ok(())
}

/// The length alone, for text that is known to hold no U+0000.
///
/// # Errors
/// When it is longer.
pub fn length(text: &str, most: usize) -> Result<(), Flaw> {
    if text.len() > most {
        return Err(Flaw::new(Rule::Length, format!("{} bytes, at most {most} fit", text.len())));
    }
    Ok(())
}

/// No page says that VARCHAR or SUPER holds U+0000, and PostgreSQL refuses it.
fn nul() -> Flaw {
    Flaw::new(Rule::Nul, "holds U+0000, which no warehouse keeps in text")
}

/// A DOUBLE PRECISION: 0, or from around 1E-307 to around 1E+308 on either side ("Numeric types").
///
/// # Errors
/// When it is outside, infinite or no number.
pub fn double(value: f64) -> Result<(), Flaw> {
    float(value, (1e-307..=1e308).contains(&value.abs()), "1E-307 to 1E+308")
}

/// A REAL: 0, or from around 1E-37 to around 1E+37 on either side ("Numeric types").
///
/// # Errors
/// When it is outside, infinite or no number.
pub fn real(value: f32) -> Result<(), Flaw> {
    float(f64::from(value), (1e-37..=1e37).contains(&value.abs()), "1E-37 to 1E+37")
}

fn float(value: f64, inside: bool, range: &str) -> Result<(), Flaw> {
    if inside || value == 0.0 {
        return Ok(());
    }
    Err(match value {
        value if value.is_nan() => Flaw::new(Rule::Nan, "not a number"),
        value if value.is_infinite() => Flaw::new(Rule::Infinity, "an infinity"),
        value => Flaw::new(Rule::Float, format!("{value:e} is neither 0 nor within {range}")),
    })
}

/// An instant in microseconds from 1970-01-01T00:00:00Z.
///
/// # Errors
/// When it is before 4713 BC.
pub fn micros(value: i64) -> Result<(), Flaw> {
    if value < FIRST_MICROS {
        let problem = format!("{value} microseconds from 1970 are before 4713 BC, where instants begin");
        return Err(Flaw::new(Rule::Timestamp, problem));
    }
    Ok(())
}

/// A day, counted from 1970-01-01.
///
/// # Errors
/// When it is before 4713 BC or after 294276 AD.
pub fn days(value: i32) -> Result<(), Flaw> {
    if !(FIRST_DAY..=LAST_DAY).contains(&value) {
        let problem = format!("{value} days from 1970 are not within 4713 BC to 294276 AD");
        return Err(Flaw::new(Rule::Date, problem));
    }
    Ok(())
}

/// Whether a key of so many bytes is too long, and how to say it.
pub fn key(bytes: usize) -> Option<String> {
    (bytes > KEY_BYTES).then(|| format!("a key of {bytes} bytes, at most {KEY_BYTES} fit"))
}

/// Whether a row of so many bytes is too large, and how to say it.
pub fn row(bytes: usize) -> Option<String> {
    (bytes > ROW_BYTES).then(|| format!("a row of {bytes} bytes, at most {ROW_BYTES} fit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_ends_where_it_is_documented_to() {
        let rule = |found: Result<(), Flaw>| found.err().map(|flaw| flaw.rule);
        for good in [0.0, -0.0, 1.0, -1e308, 1e-307] {
            assert_eq!(rule(double(good)), None, "{good:e}");
        }
        for (bad, expected) in [(f64::MAX, Rule::Float), (-5e-324, Rule::Float), (f64::NAN, Rule::Nan)] {
            assert_eq!(rule(double(bad)), Some(expected), "{bad:e}");
        }
        assert_eq!(rule(double(f64::NEG_INFINITY)), Some(Rule::Infinity));
        assert_eq!([1e37, -1e-37, f32::MAX].map(|value| rule(real(value))), [None, None, Some(Rule::Float)]);
        assert_eq!([FIRST_MICROS, i64::MAX].map(|value| rule(micros(value))), [None, None]);
        assert_eq!(rule(micros(FIRST_MICROS - 1)), Some(Rule::Timestamp));
        assert_eq!([FIRST_DAY, 0, LAST_DAY].map(|value| rule(days(value))), [None; 3]);
        assert_eq!([FIRST_DAY - 1, LAST_DAY + 1].map(|value| rule(days(value))), [Some(Rule::Date); 2]);
        assert_eq!(
            [text("éé", 4), text("éé", 3), text("a\0", 2)].map(rule),
            [None, Some(Rule::Length), Some(Rule::Nul)]
        );
        assert_eq!([row(ROW_BYTES).is_some(), row(ROW_BYTES + 1).is_some()], [false, true]);
    }
}
