//! Tests bytes that are text, and bytes that are not.

use super::*;

#[test]
fn bytes_become_text_or_an_error_with_the_line() {
    for (bytes, expected) in [
        (&b"\xef\xbb\xbfa: 1\n"[..], Ok("a: 1\n")),
        (b"a: \xc3\xa4\n", Ok("a: ä\n")),
        (b"", Ok("")),
        (b"a: 1\nb: \xff\n", Err(Some(2))),
        (b"\xff\xfea\0", Err(Some(1))),
    ] {
        let text = text_of("x", bytes);
        assert_eq!(text.as_deref().map_err(|problems| problems.list[0].line), expected, "{bytes:?}");
    }
}
