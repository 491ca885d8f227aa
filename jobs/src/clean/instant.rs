//! Parses instants and dates. Checks the text's shape first: chrono also accepts signs, blanks and fewer digits.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// Parses an ISO 8601 instant and returns it in microseconds since 1970:
///
/// ```text
/// YYYY-MM-DD (T or a space) hh:mm:ss [.digits] [Z or ±hh, ±hhmm, ±hh:mm up to 14:00]
/// ```
///
/// Without a zone, the instant is in UTC. Digits beyond microseconds are truncated. Second 60 is accepted for real leap
/// seconds and becomes the next second, as in PostgreSQL.
pub(super) fn micros(text: &str) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    let (time, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let [hour, minute, second] = fields(time, ":")?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("0", rest),
    };
    let fraction: i64 = format!("{:0<6.6}", Some(fraction).filter(|digits| !digits.is_empty())?).parse().ok()?;
    let time = NaiveTime::from_hms_opt(hour, minute, second.min(59))?;
    let leap = second.saturating_sub(59);
    let local = date(day)?.and_time(time) + TimeDelta::seconds(leap.into());
    let utc = local - TimeDelta::minutes(utc_offset_minutes(zone)?);
    (leap == 0 || leap == 1 && follows_leap_second(utc)).then(|| utc.and_utc().timestamp_micros() + fraction)
}

/// Parses the numbers between one-byte separators; all but the first must have two digits.
fn fields<const N: usize>(text: &str, separator: &str) -> Option<[u32; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?;
    let last_two = parts.iter().skip(1).all(|part| part.len() == 2);
    let numbers: Option<Vec<u32>> = parts.iter().map(number).collect();
    numbers.filter(|_| last_two)?.try_into().ok()
}

/// Parses a zone's offset from UTC.
fn utc_offset_minutes(zone: &str) -> Option<i64> {
    let (sign, distance) = match zone {
        "" | "Z" | "z" => return Some(0),
        zone => (if zone.starts_with('-') { -1 } else { 1 }, zone.strip_prefix(['+', '-'])?),
    };
    let [hours, minutes] = match distance.len() {
        2 => fields(&format!("{distance}:00"), ":")?,
        4 => fields(&format!("{}:{}", distance.get(..2)?, distance.get(2..)?), ":")?,
        5 => fields(distance, ":")?,
        _ => return None,
    };
    let distance = i64::from(hours * 60 + minutes);
    (minutes < 60 && distance <= 14 * 60).then_some(sign * distance)
}

/// Returns whether an instant is in the first second after a leap second: midnight of 1 January or 1 July of these
/// years (IERS Bulletin C; none has been announced since 2017).
fn follows_leap_second(utc: NaiveDateTime) -> bool {
    const JANUARY: [i32; 16] =
        [1973, 1974, 1975, 1976, 1977, 1978, 1979, 1980, 1988, 1990, 1991, 1996, 1999, 2006, 2009, 2017];
    const JULY: [i32; 11] = [1972, 1981, 1982, 1983, 1985, 1992, 1993, 1994, 1997, 2012, 2015];
    let years: &[i32] = match (utc.month(), utc.day()) {
        (1, 1) => &JANUARY,
        (7, 1) => &JULY,
        _ => &[],
    };
    utc.time() == NaiveTime::MIN && years.contains(&utc.year())
}

/// Parses a date and returns it in days since 1970-01-01.
pub(super) fn days(text: &str) -> Option<i32> {
    i32::try_from(date(text)?.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// Parses a date of fixed width; chrono alone would also accept `2020-1-2` and `+20-01-02`.
fn date(text: &str) -> Option<NaiveDate> {
    let [year, month, day] = fields(text, "-").filter(|_| text.len() == 10)?;
    NaiveDate::from_ymd_opt(year.cast_signed(), month, day)
}

#[cfg(test)]
#[path = "../../tests/unit/clean/instant.rs"]
mod tests;
