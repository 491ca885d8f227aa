//! Unit tests of `src/limits/number.rs`.

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
        assert_eq!(integer(json), Some(value), "{json}");
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
        assert_eq!(integer(bad), None, "{bad}");
    }
}

#[test]
fn a_double_is_the_closest_float_within_the_range() {
    for (json, value) in [
        ("7", 7.0_f64),
        ("-0", -0.0),
        ("0e999", 0.0),
        ("0.1", 0.1),
        ("9007199254740993.0", 9_007_199_254_740_992.0),
        ("1e23", 1e23),
        ("-1e308", -1e308),
        ("1E-307", 1e-307),
    ] {
        assert_eq!(double(json).map(f64::to_bits), Ok(value.to_bits()), "{json}");
    }
    for bad in ["1e309", "1.1e308", "-1e400", "9.9e-308", "5e-324", "1e-400", "-0.0001e-999"] {
        let problem = format!("{bad} is neither 0 nor between 1E-307 and 1E+308");
        assert_eq!(double(bad), Err(Defect::new("float_range", problem)), "{bad}");
    }
}

#[test]
fn an_integer_that_no_float_represents_is_found_by_its_text() {
    let rounded = |json| is_rounded(json, double(json).expect("in range"));
    for exact in [
        "0",
        "-0",
        "999999999999999",
        "9007199254740992",
        "-9007199254740994",
        "18446744073709551616",
        "100000000000000000000",
        "9007199254740992.0",
        // These stand for the closest float.
        "0.1",
        "0.1000000000000000055511151231257827",
        "6.02214076e23",
        "1e23",
    ] {
        assert!(!rounded(exact), "{exact}");
    }
    for inexact in [
        "9007199254740993",
        "9007199254740993.0",
        "100000000000000000000000000000000000000.0",
        "9.007199254740993e15",
        "-9007199254740993",
        "9223372036854775807",
        "18446744073709551615",
        "18446744073709551617",
        "99999999999999999999999999999999999999",
    ] {
        assert!(rounded(inexact), "{inexact}");
    }
}
