//! Unit tests of `src/clean.rs`.

use super::*;

const RULES: [Clean; 2] = [Clean::Trim, Clean::EmptyToNull];

fn read(value: &str, kind: Type) -> Result<Cell<'_>, String> {
    text(Cow::Borrowed(value), kind, &RULES)
}

#[test]
fn strings_are_trimmed_emptied_and_measured_in_bytes() {
    assert_eq!(read("  a b ", Type::String(3)), Ok(Cell::Text("a b".into())));
    assert_eq!(read("   ", Type::String(3)), Ok(Cell::Null));
    assert_eq!(text("  ".into(), Type::String(3), &[]), Ok(Cell::Text("  ".into())));
    assert_eq!(text("".into(), Type::String(3), &[Clean::Trim]), Ok(Cell::Text("".into())));
    assert_eq!(read("éé", Type::String(3)), Err("4 bytes; the limit is 3".to_owned()));
    assert!(text("a\0".to_owned().into(), Type::String(3), &RULES).is_err());
    assert_eq!(read("1", Type::Integer), Err("expected an integer, found the string `1`".to_owned()));
}

#[test]
fn instants_take_any_offset_and_days_a_fixed_width() {
    let utc = Ok(Cell::Micros(1_143_239_400_000_000));
    for same in
        ["2006-03-24T22:30:00.000Z", "2006-03-25T10:30:00+12:00", "2006-03-24T22:30:00", " 2006-03-24T22:30:00Z"]
    {
        assert_eq!(read(same, Type::Timestamp), utc, "{same}");
    }
    assert_eq!(read("2020-10-13T02:56:59.566560", Type::Timestamp), Ok(Cell::Micros(1_602_557_819_566_560)));
    for bad in ["2006-03-24", "yesterday", "2006-13-24T22:30:00Z", "2006-03-24T25:30:00Z"] {
        assert!(read(bad, Type::Timestamp).is_err(), "{bad}");
    }
    assert_eq!(read("1970-01-02", Type::Date), Ok(Cell::Days(1)));
    for bad in ["2019-02-30", "2019-2-3", "2019-02-03T00:00:00Z"] {
        assert!(read(bad, Type::Date).is_err(), "{bad}");
    }
}

#[test]
fn numbers_keep_their_value_or_are_refused() {
    for (json, kind, expected) in [
        ("7", Type::Double, Ok(Cell::Double(7.0))),
        ("7.0", Type::Integer, Ok(Cell::Integer(7))),
        ("9007199254740993", Type::Integer, Ok(Cell::Integer(9_007_199_254_740_993))),
        ("9007199254740992", Type::Double, Ok(Cell::Double(9_007_199_254_740_992.0))),
        (
            "9007199254740993",
            Type::Double,
            Err("the integer 9007199254740993 is not exactly a double; use integer or string"),
        ),
        ("1e400", Type::Double, Err("1e400 is neither 0 nor between 1E-307 and 1E+308")),
        ("7.5", Type::Integer, Err("expected an integer, found the number 7.5")),
        ("1", Type::Boolean, Err("expected a boolean, found the number 1")),
        ("1", Type::String(1), Err("expected a string(1), found the number 1")),
    ] {
        assert_eq!(number(json, kind), expected.map_err(str::to_owned), "{json}");
    }
    assert!(boolean(true, Type::Integer).is_err());
}
