//! Unit tests of `src/limits.rs`.

#![allow(clippy::disallowed_methods, reason = "a test may read a document")]

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::*;

#[test]
fn each_range_has_the_documented_ends() {
    let code = |found: Result<(), Defect>| found.err().map(|defect| defect.code);
    for good in [0.0, -0.0, 1.0, -1e308, 1e-307] {
        assert_eq!(code(double(good)), None, "{good:e}");
    }
    for (bad, expected) in [(f64::MAX, "float_range"), (-5e-324, "float_range"), (f64::NAN, "nan")] {
        assert_eq!(code(double(bad)), Some(expected), "{bad:e}");
    }
    assert_eq!(code(double(f64::NEG_INFINITY)), Some("infinity"));
    assert_eq!([FIRST_MICROS, i64::MAX].map(|value| code(micros(value))), [None, None]);
    assert_eq!(code(micros(FIRST_MICROS - 1)), Some("timestamp_range"));
    assert_eq!([FIRST_DAY, 0, LAST_DAY].map(|value| code(days(value))), [None; 3]);
    assert_eq!([FIRST_DAY - 1, LAST_DAY + 1].map(|value| code(days(value))), [Some("date_range"); 2]);
    assert_eq!([text("éé", 4), text("éé", 3), text("a\0", 2)].map(code), [None, Some("varchar_bytes"), Some("nul")]);
    assert_eq!([row(ROW_BYTES).is_some(), row(ROW_BYTES + 1).is_some()], [false, true]);
}

/// Returns the cell "here" of the table of limits in `docs/data.md`, without thousands separators.
pub(crate) fn here(limit: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/data.md")).expect("the page");
    let row = page.lines().find(|line| line.starts_with(&format!("| {limit} | "))).expect("a row of the table");
    row.split(" | ").nth(3).expect("a cell").replace(',', "")
}

/// Returns the year, month and day of a day in days since 1970.
fn date(days: i32) -> (i32, u32, u32) {
    // chrono's calendar ends before the last day; the calendar repeats every 400 years.
    let cycles = days.div_euclid(146_097);
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
    let date = epoch + TimeDelta::days((days - cycles * 146_097).into());
    (date.year() + cycles * 400, date.month(), date.day())
}

#[test]
fn the_documented_limits_are_those_of_the_code() {
    for (limit, value) in [
        ("key", format!("{KEY_BYTES} bytes")),
        ("row", format!("{ROW_BYTES} bytes")),
        ("text", format!("{TEXT_BYTES} bytes")),
        ("JSON", format!("{JSON_BYTES} bytes")),
        ("depth of JSON", format!("{LEVELS} levels")),
        ("string in JSON", format!("{TEXT_BYTES} bytes")),
        ("integer in JSON", format!("{INTEGER_DIGITS} digits")),
        ("number in JSON", format!("{NUMBER_DIGITS} digits or decimal places")),
    ] {
        assert_eq!(here(limit), value, "{limit}");
    }

    let ends: Vec<f64> = here("double").split(' ').filter_map(|word| word.parse().ok()).collect();
    let [zero, least, most] = <[f64; 3]>::try_from(ends).expect("0 and both ends");
    assert_eq!([zero, least, most].map(|end| double(end).is_ok()), [true; 3]);
    assert_eq!([least / 1.01, most * 1.01].map(|beyond| double(beyond).is_ok()), [false; 2]);

    let [first, last] = [FIRST_DAY, LAST_DAY].map(date);
    assert_eq!(((first.1, first.2), (last.1, last.2)), ((1, 1), (12, 31)), "whole years");
    // Year 0 is 1 BC.
    let years = format!("{} BC to {} AD", 1 - first.0, last.0);
    assert_eq!((here("timestamp"), here("date")), (years.clone(), years));
    assert_eq!(FIRST_MICROS / 86_400_000_000, i64::from(FIRST_DAY));
}
