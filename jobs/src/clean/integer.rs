//! Parses integers from the text of a JSON number, because a 64-bit float would change some integers beyond 2^53.

use contract::Type;

use super::{Cell, brief, wrong};

/// Reads the text of a JSON number as an integer, exactly: `1e3` and `9007199254740993.0` are integers, and no
/// 64-bit float can represent the latter.
pub fn integer(json: &str) -> Result<Cell<'static>, String> {
    let value = json.parse().ok().or_else(|| integral(json));
    value.map(Cell::Integer).ok_or_else(|| wrong(Type::Integer, &format!("the number {}", brief(json))))
}

/// Returns the value of a number with a fraction or an exponent, if it is an integer that fits.
fn integral(json: &str) -> Option<i64> {
    let (number, exponent) = json.split_once(['e', 'E']).unwrap_or((json, "0"));
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let (sign, before) = before.strip_prefix('-').map_or(("", before), |digits| ("-", digits));
    let digits = format!("{before}{after}");
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some(0);
    }
    // An exponent beyond 64 bits is out of range for every integer.
    let places = i64::try_from(digits.len() - kept.len()).ok()? - i64::try_from(after.len()).ok()?;
    let zeros = exponent.parse::<i64>().ok()?.checked_add(places)?;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros < 19)?;
    format!("{sign}{kept}{}", "0".repeat(zeros)).parse().ok()
}

#[cfg(test)]
#[path = "../../tests/unit/clean/integer.rs"]
mod tests;
