//! Tests the decoding of text, the lines of values in YAML, and the explanations of the reader's errors.

use super::{NotUtf8, explain, line_of, text};

#[test]
fn a_files_bytes_become_text_without_a_byte_order_mark_or_the_line_of_the_problem() {
    for (bytes, expected) in [
        (&b"a: 1\n"[..], Ok("a: 1\n")),
        (b"\xef\xbb\xbfa: 1\n", Ok("a: 1\n")),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", Ok("\u{feff}a")),
        (b"a\xef\xbb\xbf", Ok("a\u{feff}")),
        (b"\xef\xbb\xbf", Ok("")),
        (b"", Ok("")),
        (b"a: \xff\n", Err(NotUtf8(1))),
        (b"a: 1\r\nb: 2\nc: \xe4\n", Err(NotUtf8(3))),
        (b"a: 1\nb: \xc3", Err(NotUtf8(2))),
        // UTF-16.
        (b"\xff\xfea\0", Err(NotUtf8(1))),
    ] {
        assert_eq!(text(bytes).as_deref().map_err(|error| *error), expected, "{bytes:?}");
    }
}

#[test]
fn finds_scalars_mappings_list_elements_and_the_nearest_parent_of_a_missing_key() {
    let text = "a: 1\nb:\n  c: {d: x, e: 2}\n  f:\n    - 1\n    - g: true\n";
    assert_eq!(line_of(text, &["a"]), Some(1));
    assert_eq!(line_of(text, &["b", "c", "e"]), Some(3));
    assert_eq!(line_of(text, &["b", "f", "1", "g"]), Some(6));
    assert_eq!(line_of(text, &["b", "f", "0"]), Some(5));
    assert_eq!(line_of(text, &["b", "c", "missing"]), Some(3));
}

#[test]
fn tags_are_not_steps() {
    let text = "a: !Ref x\nb: !If\n  - c\n  - !Sub d\n";
    assert_eq!(line_of(text, &["a"]), Some(1));
    assert_eq!(line_of(text, &["b", "1"]), Some(4));
}

#[test]
fn errors_of_the_reader_have_a_line_and_a_fix() {
    for (text, line, expected) in [
        ("a: 1\nb: 2\na: 3\n", Some(3), "`a` is defined twice; remove one"),
        ("a:\n  b: 1\n  b: 2\n", Some(3), "`b` is defined twice; remove one"),
        ("a:\n\tb: 1\n", Some(2), "is indented with a tab; YAML allows only spaces"),
        ("a: *b\n", Some(1), "has an alias `*name` without an anchor `&name` before it; write the value itself"),
    ] {
        let error = serde_yaml::from_str::<serde_yaml::Value>(text).expect_err(text);
        assert_eq!(explain(text, &error), (line, expected.to_owned()), "{text}");
    }
}
