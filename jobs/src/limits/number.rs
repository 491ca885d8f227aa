//! What a JSON number is, decided from its text: a 64-bit float would change some integers beyond 2^53.

use super::{Defect, NUMBER_DIGITS};

/// Returns the number as a 64-bit integer, exactly: `1e3` and `9007199254740993.0` are integers.
pub fn integer(json: &str) -> Option<i64> {
    if let Ok(value) = json.parse() {
        return Some(value);
    }
    let (number, exponent) = json.split_once(['e', 'E']).unwrap_or((json, "0"));
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{before}{after}");
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() || kept == "-" {
        return Some(0);
    }
    // An exponent beyond 64 bits is out of range for every integer.
    let places = i64::try_from(digits.len() - kept.len()).ok()? - i64::try_from(after.len()).ok()?;
    let zeros = exponent.parse::<i64>().ok()?.checked_add(places)?;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros < 19)?;
    format!("{kept}{}", "0".repeat(zeros)).parse().ok()
}

/// Returns the closest 64-bit float. Fails if the number is outside the range of DOUBLE PRECISION.
pub fn double(json: &str) -> Result<f64, Defect> {
    let value = json.parse().unwrap_or(f64::NAN);
    let mut digits = json.bytes().take_while(|byte| !byte.eq_ignore_ascii_case(&b'e'));
    if super::double(value).is_ok() && (value != 0.0 || !digits.any(|byte| (b'1'..=b'9').contains(&byte))) {
        return Ok(value);
    }
    let brief: String = json.chars().take(24).collect();
    Err(Defect::new("float_range", format!("{brief} is neither 0 nor between 1E-307 and 1E+308")))
}

/// Returns whether the number is an integer that is not exactly this float: one of 64 bits, or without an exponent. Every
/// other number stands for the closest float. Every integer of 15 digits is exactly a float.
pub fn is_rounded(json: &str, value: f64) -> bool {
    let whole = match json.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => json,
    };
    let is_exact = || match integer(json) {
        Some(integer) => value as i128 == i128::from(integer),
        None => digits(whole).is_none() || format!("{value:.0}") == whole,
    };
    json.len() > 15 && !is_exact()
}

/// Returns whether a number's text or its exponent has more than [`NUMBER_DIGITS`].
pub fn is_long(json: &str) -> bool {
    let exponent = json.split_once(['e', 'E']).map_or(Ok(0), |(_, exponent)| exponent.parse::<i64>());
    json.len() > NUMBER_DIGITS || exponent.map_or(true, |exponent| exponent.unsigned_abs() > NUMBER_DIGITS as u64)
}

/// Returns the number of digits of an integer in plain digits.
pub fn digits(json: &str) -> Option<usize> {
    let digits = json.strip_prefix('-').unwrap_or(json);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits.len())
}

#[cfg(test)]
#[path = "../../tests/unit/limits/number.rs"]
mod tests;
