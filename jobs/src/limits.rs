//! The warehouse's row limits: the transformation quarantines a record that exceeds one; the load rejects the file.
//!
//! They are Redshift's limits, as documented in its Database Developer Guide, or PostgreSQL's where those are stricter.
//! Where the guide does not specify a limit exactly, the stricter interpretation applies.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod json;
pub(crate) mod number;

use contract::Type;

pub use json::json;
pub(crate) use json::{Json, compact};

/// The longest text, in bytes of UTF-8 ("Character types"); the same limit applies to a string in a SUPER value
/// ("Limitations of SUPER").
pub const TEXT_BYTES: usize = Type::MAX_STRING as usize;

/// The longest JSON, in bytes of UTF-8: a SUPER value holds 16 MB ("Limitations of SUPER"), as does VARBYTE, through which
/// JSON is loaded ("VARBYTE type").
pub const JSON_BYTES: usize = 16_000_000;

/// The largest row that COPY accepts ("COPY": 4 MB per input row, from any source). How COPY counts bytes is not
/// documented: here, text counts as its bytes, and every other column as [`FIXED_BYTES`], even if null.
pub const ROW_BYTES: usize = 4_000_000;

/// The size of a column without text in a row, in bytes: the widest, DECIMAL, has 16.
pub const FIXED_BYTES: usize = 16;

/// The longest key, in bytes. A PostgreSQL index allows 2,704 bytes per row ("index row size exceeds btree version 4
/// maximum 2704"), some of which a child table needs for the position.
pub const KEY_BYTES: usize = 2_600;

/// The maximum depth of arrays and objects in a SUPER value ("Limitations of SUPER").
pub const LEVELS: usize = 1_000;

/// The number of digits of the largest integer, DECIMAL(38, 0) ("Numeric types").
pub const INTEGER_DIGITS: usize = 38;

/// 1 January 4713 BC, the first day ("Datetime types"), in days from 1970-01-01.
pub const FIRST_DAY: i32 = -2_440_550;

/// 31 December 294276 AD, the last day ("Datetime types"), in days from 1970-01-01.
pub const LAST_DAY: i32 = 106_762_939;

/// The first instant of [`FIRST_DAY`], in microseconds from 1970. The end of [`LAST_DAY`] is beyond 64 bits.
pub const FIRST_MICROS: i64 = FIRST_DAY as i64 * 86_400_000_000;

/// The longest number in JSON, and its largest exponent. PostgreSQL's numeric has 16,383 digits after the decimal point and
/// more before it (manual, "Numeric types").
pub const NUMBER_DIGITS: usize = 8_000;

/// Why a value cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The rule's name in `tests/copy_corpus/README.md`.
    pub code: &'static str,
    /// The actual and the allowed value.
    pub problem: String,
}

impl Defect {
    pub(crate) fn new(code: &'static str, problem: impl Into<String>) -> Self {
        Self { code, problem: problem.into() }
    }
}

/// Checks text for a column of at most `most` bytes.
pub fn text(text: &str, most: usize) -> Result<(), Defect> {
    length(text, most)?;
    if text.as_bytes().contains(&0) { Err(nul()) } else { Ok(()) }
}

/// Checks only the length, for text that is known to contain no U+0000.
pub fn length(text: &str, most: usize) -> Result<(), Defect> {
    let problem = || format!("{} bytes; the limit is {most}", text.len());
    if text.len() > most { Err(Defect::new("varchar_bytes", problem())) } else { Ok(()) }
}

/// Returns the defect of text with U+0000: PostgreSQL rejects it, and Redshift documents no support for it.
fn nul() -> Defect {
    Defect::new("nul", "contains U+0000, which the warehouse cannot store in text")
}

/// Checks a DOUBLE PRECISION value: 0, or an absolute value from about 1E-307 to about 1E+308 ("Numeric types").
pub fn double(value: f64) -> Result<(), Defect> {
    if (1e-307..=1e308).contains(&value.abs()) || value == 0.0 {
        return Ok(());
    }
    Err(match value {
        value if value.is_nan() => Defect::new("nan", "not a number"),
        value if value.is_infinite() => Defect::new("infinity", "an infinity"),
        value => Defect::new("float_range", format!("{value:e} is neither 0 nor between 1E-307 and 1E+308")),
    })
}

/// Checks an instant in microseconds since 1970-01-01T00:00:00Z.
pub fn micros(value: i64) -> Result<(), Defect> {
    let problem = || format!("{value} microseconds since 1970 is before 4713 BC, the first supported year");
    if value < FIRST_MICROS { Err(Defect::new("timestamp_range", problem())) } else { Ok(()) }
}

/// Checks a date in days since 1970-01-01.
pub fn days(value: i32) -> Result<(), Defect> {
    let problem = || format!("{value} days since 1970 is not between 4713 BC and 294276 AD");
    if (FIRST_DAY..=LAST_DAY).contains(&value) { Ok(()) } else { Err(Defect::new("date_range", problem())) }
}

/// Returns the problem with a key of this many bytes, if it is too long.
pub fn key(bytes: usize) -> Option<String> {
    (bytes > KEY_BYTES).then(|| format!("a key of {bytes} bytes; the limit is {KEY_BYTES}"))
}

/// Returns the problem with a row of this many bytes, if it is too large.
pub fn row(bytes: usize) -> Option<String> {
    (bytes > ROW_BYTES).then(|| format!("a row of {bytes} bytes; the limit is {ROW_BYTES}"))
}

#[cfg(test)]
#[path = "../tests/unit/limits.rs"]
pub(crate) mod tests;
