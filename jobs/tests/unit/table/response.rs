//! Tests responses in pieces of every size.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;

fn records(shape: Shape, body: &[u8], piece: usize) -> Result<Vec<String>, ResponseError> {
    let (mut response, mut found) = (Response::new(shape), Vec::new());
    let mut pieces = body.chunks(piece.max(1));
    loop {
        match response.step(|json| IgnoredAny::deserialize(json))? {
            Step::Record(_, json) => found.push(json.to_owned()),
            Step::End => return Ok(found),
            Step::More => match pieces.next() {
                Some(piece) => response.push(piece)?,
                None => response.end(),
            },
        }
    }
}

#[test]
fn records_do_not_depend_on_the_pieces() {
    let body = "[ {\"a\":\"é]}\\\"\"} , 12,\n[1,{}] ,null,\"x\"] \n".as_bytes();
    let whole = records(Shape::List, body, body.len()).expect("valid");
    assert_eq!(whole, ["{\"a\":\"é]}\\\"\"}", "12", "[1,{}]", "null", "\"x\""]);
    for piece in 1..body.len() {
        assert_eq!(records(Shape::List, body, piece).as_ref(), Ok(&whole), "pieces of {piece}");
    }
    assert_eq!(records(Shape::List, b"[]", 1), Ok(vec![]));
    assert_eq!(records(Shape::Object, b" {\"a\":1} ", 2), Ok(vec!["{\"a\":1}".to_owned()]));
}

#[test]
fn a_byte_order_mark_is_skipped_and_counted() {
    let marked = "\u{feff}[1]x".as_bytes();
    for piece in 1..=marked.len() {
        assert_eq!(records(Shape::List, &marked[..6], piece), Ok(vec!["1".to_owned()]), "pieces of {piece}");
        let problem = "unexpected text after the end".to_owned();
        assert_eq!(records(Shape::List, marked, piece), Err(ResponseError::Invalid { offset: 6, problem }));
    }
    assert_eq!(records(Shape::List, &marked[..2], 1), Err(ResponseError::Cut { bytes: 2 }));
    for twice in ["\u{feff}\u{feff}[1]", "[\u{feff}1]", " \u{feff}[1]"] {
        assert!(records(Shape::List, twice.as_bytes(), 1).is_err(), "{twice:?}");
    }
}

#[test]
fn an_incomplete_response_is_distinguished_from_an_invalid_one_at_every_byte() {
    let body = br#"[{"a":[1,2.5],"b":"x\n"},{"c":null}]"#;
    for end in 0..body.len() {
        let cut = records(Shape::List, &body[..end], 7).expect_err("cut");
        assert_eq!(cut, ResponseError::Cut { bytes: end as u64 }, "cut at {end}");
    }
    for (bad, offset, problem) in [
        ("<html>", 0, "expected an array of records, found `<html>` (an HTML or XML page)"),
        ("Not Found", 0, "expected an array of records, found `Not Found`"),
        ("{}", 0, "expected an array of records, found `{}`"),
        ("[1 2]", 3, "expected `,` or `]` after a record"),
        ("[{\"a\" 1}]", 6, "expected `:`"),
        ("[1]x", 3, "unexpected text after the end"),
        ("[1,]", 3, "expected value"),
        ("[\"\\q\"]", 3, "invalid escape"),
        ("[{\n\"a\" 1}]", 7, "expected `:`"),
    ] {
        let error = records(Shape::List, bad.as_bytes(), 100).expect_err(bad);
        assert_eq!(error, ResponseError::Invalid { offset, problem: problem.to_owned() }, "{bad}");
    }
    assert!(matches!(records(Shape::List, b"[\"\xff\"]", 9), Err(ResponseError::Invalid { .. })));
    assert!(matches!(records(Shape::Object, b"[]", 9), Err(ResponseError::Invalid { .. })));
}
