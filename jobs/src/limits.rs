//! The limits of a row in the warehouse. The transformation quarantines a record that breaks one; the validation before
//! a load refuses the file.
//!
//! They are Redshift's, as documented in its Database Developer Guide, and PostgreSQL's where those are narrower. Where
//! the guide does not specify a limit exactly, the narrower interpretation applies.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod json;

use contract::Type;

pub(crate) use json::Json;
pub use json::json;

/// The longest text, in bytes of UTF-8 ("Character types"); the same limit applies to a string in a SUPER value
/// ("Limitations of SUPER").
pub const TEXT_BYTES: usize = Type::MAX_STRING as usize;

/// The largest row that COPY accepts ("COPY": 4 MB an input row, from any source). How it counts bytes is not documented:
/// here text counts its bytes and every other column [`FIXED_BYTES`], null or not.
pub const ROW_BYTES: usize = 4_000_000;

/// The bytes of a column without text in a row: the widest, DECIMAL, has 16.
pub const FIXED_BYTES: usize = 16;

/// The longest key, in bytes. PostgreSQL's index allows 2,704 bytes a row ("index row size exceeds btree version 4 maximum
/// 2704"), some of which a child table needs for the position.
pub const KEY_BYTES: usize = 2_600;

/// The most levels of arrays and objects in a SUPER value ("Limitations of SUPER").
pub const LEVELS: usize = 1_000;

/// The digits of the largest integer, DECIMAL(38, 0) ("Numeric types").
pub const INTEGER_DIGITS: usize = 38;

/// 1 January 4713 BC, the first day ("Datetime types"), in days from 1970-01-01.
pub const FIRST_DAY: i32 = -2_440_550;

/// 31 December 294276 AD, the last day ("Datetime types"), in days from 1970-01-01.
pub const LAST_DAY: i32 = 106_762_939;

/// The first instant of [`FIRST_DAY`], in microseconds from 1970. The end of [`LAST_DAY`] is beyond 64 bits.
pub const FIRST_MICROS: i64 = FIRST_DAY as i64 * 86_400_000_000;

/// Why a value cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The rule, by its name in `tests/copy_corpus/README.md`.
    pub code: &'static str,
    /// The actual and the allowed value.
    pub problem: String,
}

impl Defect {
    pub(crate) fn new(code: &'static str, problem: impl Into<String>) -> Self {
        Self { code, problem: problem.into() }
    }
}

/// Text in a column of at most so many bytes.
pub fn text(text: &str, most: usize) -> Result<(), Defect> {
    length(text, most)?;
    if text.as_bytes().contains(&0) {
        return Err(nul());
    }
    Ok(())
}

/// The length alone, for text that is known to contain no U+0000.
pub fn length(text: &str, most: usize) -> Result<(), Defect> {
    if text.len() > most {
        return Err(Defect::new("varchar_bytes", format!("{} bytes, at most {most} fit", text.len())));
    }
    Ok(())
}

/// Redshift documents no support for U+0000 in VARCHAR or SUPER, and PostgreSQL refuses it.
fn nul() -> Defect {
    Defect::new("nul", "contains U+0000, which no warehouse stores in text")
}

/// A DOUBLE PRECISION: 0, or from around 1E-307 to around 1E+308 on either side ("Numeric types").
pub fn double(value: f64) -> Result<(), Defect> {
    if (1e-307..=1e308).contains(&value.abs()) || value == 0.0 {
        return Ok(());
    }
    Err(match value {
        value if value.is_nan() => Defect::new("nan", "not a number"),
        value if value.is_infinite() => Defect::new("infinity", "an infinity"),
        value => Defect::new("float_range", format!("{value:e} is neither 0 nor within 1E-307 to 1E+308")),
    })
}

/// An instant in microseconds from 1970-01-01T00:00:00Z.
pub fn micros(value: i64) -> Result<(), Defect> {
    if value < FIRST_MICROS {
        let problem = format!("{value} microseconds from 1970 are before 4713 BC, the first supported year");
        return Err(Defect::new("timestamp_range", problem));
    }
    Ok(())
}

/// A date as days from 1970-01-01.
pub fn days(value: i32) -> Result<(), Defect> {
    if !(FIRST_DAY..=LAST_DAY).contains(&value) {
        let problem = format!("{value} days from 1970 are not within 4713 BC to 294276 AD");
        return Err(Defect::new("date_range", problem));
    }
    Ok(())
}

/// The problem with a key of so many bytes, if it is too long.
pub fn key(bytes: usize) -> Option<String> {
    (bytes > KEY_BYTES).then(|| format!("a key of {bytes} bytes, at most {KEY_BYTES} fit"))
}

/// The problem with a row of so many bytes, if it is too large.
pub fn row(bytes: usize) -> Option<String> {
    (bytes > ROW_BYTES).then(|| format!("a row of {bytes} bytes, at most {ROW_BYTES} fit"))
}

#[cfg(test)]
#[path = "../tests/unit/limits.rs"]
mod tests;
