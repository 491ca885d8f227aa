//! Unit tests of `src/limits.rs`.

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
