//! Tests bytes that are text, and bytes that are not.

use super::*;

#[test]
fn bytes_become_text_or_an_error_with_the_line() {
    assert_eq!(text_of("x", b"\xef\xbb\xbfa: 1\n".to_vec()), Ok("a: 1\n".to_owned()));
    assert_eq!(text_of("x", b"a: 1\nb: \xff\n".to_vec()).map_err(|problems| problems.list[0].line), Err(Some(2)));
}
