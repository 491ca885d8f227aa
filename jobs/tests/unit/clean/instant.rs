//! Unit tests of `src/clean/instant.rs`.

use super::*;

#[test]
fn instants_have_one_grammar_with_a_zone_or_without() {
    let noon = Some(1_777_939_200_000_000);
    let plain = "2026-05-05T00:00:00";
    for (day, zone) in [(plain, ""), (plain, "Z"), (plain, "+00"), (plain, "-0000"), (plain, ".0z")] {
        assert_eq!(micros(&format!("{day}{zone}")), noon, "{day}{zone}");
    }
    for same in
        ["2026-05-05 00:00:00", "2026-05-05t14:00:00+1400", "2026-05-05T14:00:00+14", "2026-05-04T18:30:00-05:30"]
    {
        assert_eq!(micros(same), noon, "{same}");
    }
    for bad in [
        "26-05-05T00:00:00",
        "0026-5-05T00:00:00",
        "+026-05-05T00:00:00",
        "2026- 5-05T00:00:00",
        "2026-05-05T0:00:00",
        "2026-05-05T00:00",
        "2026-05-05T00:00:0",
        "2026-05-05T00:00:00.",
        "2026-05-05T00:00:00.+01",
        "2026-05-05T00:00:00,5",
        "2026-05-05T00:00:00+1",
        "2026-05-05T00:00:00+14:01",
        "2026-05-05T00:00:00+01:60",
        "2026-05-05T00:00:00+1:000",
        "2026-05-05T00:00:00 Z",
        "2026-05-05T00:00:00ZZ",
        "2026-05-05T24:00:00Z",
        "2026-05-05  00:00:00",
        "2026-05-0é",
        "2026-05-05T00:00:0é",
        "2026-05-05T00:00:00+é0",
    ] {
        assert!(micros(bad).is_none(), "{bad}");
    }
    for bad in ["+020-01-02", "2020- 1-02", "-200-01-02", "2020-01-2 "] {
        assert!(days(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_second_60_is_read_where_a_leap_second_was_and_nowhere_else() {
    let after = micros("2017-01-01T00:00:00.25Z");
    assert!(after.is_some());
    for same in ["2016-12-31T23:59:60.25Z", "2017-01-01T05:29:60.25+05:30"] {
        assert_eq!(micros(same), after, "{same}");
    }
    for bad in ["2016-12-31T23:59:61Z", "2026-05-05T10:00:60Z", "2016-12-31T23:58:60Z", "2017-12-31T23:59:60Z"] {
        assert!(micros(bad).is_none(), "{bad}");
    }
}
