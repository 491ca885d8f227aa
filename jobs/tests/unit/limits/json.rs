//! Tests the limits of JSON text.

use super::*;

fn code(text: &str) -> Option<&'static str> {
    json(text).err().map(|defect| defect.code)
}

#[test]
fn every_limit_is_exact() {
    let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(json(&arrays(LEVELS)), Ok(Json { spaced: false, depth: LEVELS }));
    assert_eq!(code(&arrays(LEVELS + 1)), Some("super_depth"));
    assert_eq!(json(r#"{"a":[" ",{}], "b":1}"#), Ok(Json { spaced: true, depth: 3 }));
    let string = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    assert_eq!([code(&string(TEXT_BYTES)), code(&string(TEXT_BYTES + 1))], [None, Some("super_string")]);
    assert_eq!(code(r#""\u0000""#), Some("nul"));
    for bad in [
        r#""\ud800""#,
        r#""\ud800\u0041""#,
        r#""\udc00""#,
        r#""\x""#,
        r#""\u00"#,
        "\"\n\"",
        "",
        "[1,]",
        "01",
        "1e400",
        "1e-400",
        "123456789012345678901234567890123456789",
    ] {
        assert_eq!(code(bad), Some("super_json"), "{bad}");
    }
    for good in [
        r#""\ud83d\ude00\u00e4\n\\""#,
        r#"["\\","\"",true]"#,
        "0e999",
        "-12345678901234567890123456789012345678",
        "1e308",
        " 1 ",
    ] {
        assert_eq!(code(good), None, "{good}");
    }
    assert_eq!(code(&format!("0.{}1", "0".repeat(400))), Some("super_json"));
    // PostgreSQL refuses these: more than 16,383 digits after the point, also of a zero.
    let long = |digits: usize| format!("0.{}", "3".repeat(digits));
    assert_eq!(
        [code(&long(7_998)), code(&long(7_999)), code(&long(60_000))],
        [None, Some("super_json"), Some("super_json")]
    );
    for bad in ["0e99999999999", "0e-99999999999999999999", "0.0e-20000", "[0E+8001]"] {
        assert_eq!(code(bad), Some("super_json"), "{bad}");
    }
    assert_eq!(code(&format!("1{}e-140000", "0".repeat(140_000))), Some("super_json"));
}

#[test]
fn a_name_that_occurs_twice_is_found_at_every_depth() {
    for (text, twice) in [
        (r#"{"a":{"a":{"a":"a"}},"b":[{"a":1},{"a":2}]}"#, None),
        (r#"{"a":1,"A":2}"#, None),
        (r#"{"a":{"b":1,"c":{},"b":2}}"#, Some("b")),
        (r#"{"a":1,"\u0061" :2}"#, Some("a")),
        (r#"{"x":{"y":1},"a":["x"],"b":{"c":{"d":2}},"x":2}"#, Some("x")),
    ] {
        let found = json(text).err().map(|defect| defect.problem);
        assert_eq!(found, twice.map(|name| format!("`{name}` appears twice in one object")), "{text}");
    }
}

#[test]
fn compact_json_loses_white_space_outside_strings_only() {
    for (from, to) in [("[ 1,\n2 ]", "[1,2]"), (r#"{"a b": "c \" d"}"#, r#"{"a b":"c \" d"}"#), ("[1]", "[1]")] {
        assert_eq!(compact(from), to);
    }
}
