//! Integers from the text of a JSON number. A 64-bit float on the way would change those beyond 2^53.

use contract::Type;

use super::{Cell, brief, wrong};

/// Reads the text of a JSON number as an integer, exactly: `1e3` and `9007199254740993.0` are integers, and the latter is
/// one that no 64-bit float holds.
///
/// # Errors
/// Why it is not an integer of 64 bits, in words.
pub fn integer(json: &str) -> Result<Cell<'static>, String> {
    let value = json.parse().ok().or_else(|| whole(json));
    value.map(Cell::Integer).ok_or_else(|| wrong(Type::Integer, &format!("the number {}", brief(json))))
}

/// The value of a number with a fraction or an exponent, if it is whole and fits.
fn whole(json: &str) -> Option<i64> {
    let (number, exponent) = json.split_once(['e', 'E']).unwrap_or((json, "0"));
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let (sign, before) = before.strip_prefix('-').map_or(("", before), |digits| ("-", digits));
    let digits = format!("{before}{after}");
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some(0);
    }
    // An exponent beyond 64 bits is beyond every integer too.
    let places = i64::try_from(digits.len() - kept.len()).ok()? - i64::try_from(after.len()).ok()?;
    let zeros = exponent.parse::<i64>().ok()?.checked_add(places)?;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros < 19)?;
    format!("{sign}{kept}{}", "0".repeat(zeros)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_read_exactly_from_its_text_or_refused() {
        for (json, value) in [
            ("7", 7),
            ("-7.0", -7),
            ("0.0e-7", 0),
            ("-0.0", 0),
            ("1e3", 1000),
            ("1.50E+2", 150),
            ("1200e-2", 12),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("9223372036854775807.000", i64::MAX),
            ("-9.223372036854775808e18", i64::MIN),
            ("0e99999999999999999999", 0),
        ] {
            assert_eq!(integer(json), Ok(Cell::Integer(value)), "{json}");
        }
        for bad in [
            "7.5",
            "9007199254740992.5",
            "0.1e-3",
            "15e-1",
            "1e19",
            "9223372036854775808",
            "-9223372036854775809.0",
            "1e99999999999999999999",
            "1e-99999999999999999999",
        ] {
            assert_eq!(integer(bad), Err(format!("expected an integer, found the number {bad}")), "{bad}");
        }
    }
}
