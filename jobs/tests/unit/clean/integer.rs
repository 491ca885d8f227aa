//! Unit tests of `src/clean/integer.rs`.

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
