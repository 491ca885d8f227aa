//! Tests responses in pieces of every size.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;

fn records(answer: Answer, body: &[u8], piece: usize) -> Result<Vec<String>, ResponseError> {
    read(Response::new(answer, &Request::default()), body, piece).map(|(found, _)| found)
}

/// Returns the records, and the fields beside them.
fn read(mut response: Response, body: &[u8], piece: usize) -> Result<(Vec<String>, Value), ResponseError> {
    let mut found = Vec::new();
    let mut pieces = body.chunks(piece.max(1));
    loop {
        match response.step(|json| IgnoredAny::deserialize(json))? {
            Step::Record(_, json) => found.push(json.to_owned()),
            Step::End => return Ok((found, response.envelope())),
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
    let whole = records(Answer::List, body, body.len()).expect("valid");
    assert_eq!(whole, ["{\"a\":\"é]}\\\"\"}", "12", "[1,{}]", "null", "\"x\""]);
    for piece in 1..body.len() {
        assert_eq!(records(Answer::List, body, piece).as_ref(), Ok(&whole), "pieces of {piece}");
    }
    assert_eq!(records(Answer::List, b"[]", 1), Ok(vec![]));
    assert_eq!(records(Answer::Object, b" {\"a\":1} ", 2), Ok(vec!["{\"a\":1}".to_owned()]));
}

#[test]
fn a_byte_order_mark_is_skipped_and_counted() {
    let marked = "\u{feff}[1]x".as_bytes();
    for piece in 1..=marked.len() {
        assert_eq!(records(Answer::List, &marked[..6], piece), Ok(vec!["1".to_owned()]), "pieces of {piece}");
        let problem = "unexpected text after the end".to_owned();
        assert_eq!(records(Answer::List, marked, piece), Err(ResponseError::Invalid { offset: 6, problem }));
    }
    assert_eq!(records(Answer::List, &marked[..2], 1), Err(ResponseError::Cut { bytes: 2 }));
    for twice in ["\u{feff}\u{feff}[1]", "[\u{feff}1]", " \u{feff}[1]"] {
        assert!(records(Answer::List, twice.as_bytes(), 1).is_err(), "{twice:?}");
    }
}

#[test]
fn an_incomplete_response_is_distinguished_from_an_invalid_one_at_every_byte() {
    let body = br#"[{"a":[1,2.5],"b":"x\n"},{"c":null}]"#;
    for end in 0..body.len() {
        let cut = records(Answer::List, &body[..end], 7).expect_err("cut");
        assert_eq!(cut, ResponseError::Cut { bytes: end as u64 }, "cut at {end}");
    }
    for (bad, offset, problem) in [
        ("<html>", 0, "expected an array of records, found `<html>` (an HTML or XML page)"),
        ("Not Found", 0, "expected an array of records, found `Not Found`"),
        (
            "{}",
            0,
            "expected an array of records, found `{}` (`records_at` in the contract is the path of the records in an object)",
        ),
        ("[1 2]", 3, "expected `,` or `]` after a record"),
        ("[{\"a\" 1}]", 6, "expected `:`"),
        ("[1]x", 3, "unexpected text after the end"),
        ("[1,]", 3, "expected value"),
        ("[\"\\q\"]", 3, "invalid escape"),
        ("[{\n\"a\" 1}]", 7, "expected `:`"),
    ] {
        let error = records(Answer::List, bad.as_bytes(), 100).expect_err(bad);
        assert_eq!(error, ResponseError::Invalid { offset, problem: problem.to_owned() }, "{bad}");
    }
    assert!(matches!(records(Answer::List, b"[\"\xff\"]", 9), Err(ResponseError::Invalid { .. })));
    assert!(matches!(records(Answer::Object, b"[]", 9), Err(ResponseError::Invalid { .. })));
}

/// Reads a list of records at `data.items`, in pieces of every size.
#[track_caller]
fn within(body: &str) -> Result<(Vec<String>, Value), ResponseError> {
    let request = Request { records_at: Some("data.items".to_owned()), ..Request::default() };
    let whole = read(Response::new(Answer::List, &request), body.as_bytes(), body.len());
    for piece in 1..body.len() {
        let pieces = read(Response::new(Answer::List, &request), body.as_bytes(), piece);
        match (&pieces, &whole) {
            // The message contains the text that has arrived.
            (Err(ResponseError::Invalid { offset, .. }), Err(ResponseError::Invalid { offset: other, .. })) => {
                assert_eq!(offset, other, "pieces of {piece}");
            }
            _ => assert_eq!(pieces, whole, "pieces of {piece}"),
        }
    }
    whole
}

#[test]
fn the_records_of_an_object_are_found_and_the_fields_beside_them_kept() {
    let body = r#" {"n": 2, "items": [9], "data": {"a\u0062": {"items": 1}, "items" : [ {"x": "]}"} , 7 ] , "next": null},
        "links": {"next": "/p2"}} "#;
    let (records, envelope) = within(body).expect("valid");
    assert_eq!(records, [r#"{"x": "]}"}"#, "7"]);
    let expected = serde_json::json!({
        "n": 2, "items": [9], "data": {"ab": {"items": 1}, "next": null}, "links": {"next": "/p2"}
    });
    assert_eq!(envelope, expected);
    for empty in [r#"{"data":{"items":[]}}"#, r#"{"data":{"items":null}}"#] {
        assert_eq!(within(empty).expect(empty).0, [""; 0], "{empty}");
    }
    // A long value beside the records is not kept.
    let long = format!(r#"{{"long":"{}","data":{{"items":[1]}}}}"#, "x".repeat(70_000));
    let request = Request { records_at: Some("data.items".to_owned()), ..Request::default() };
    let (records, envelope) = read(Response::new(Answer::List, &request), long.as_bytes(), 1000).expect("valid");
    assert_eq!((records, envelope), (vec!["1".to_owned()], serde_json::json!({})));
}

#[test]
fn an_object_without_the_records_is_invalid() {
    for (body, problem) in [
        ("[]", "expected an object around the records, found `[]`"),
        (r#"{"data":[]}"#, "expected an object around the records, found `[]}`"),
        (
            r#"{"data":{"items":{}}}"#,
            "expected an array of records, found `{}}}` (`records_at` in the contract is the path of the records in an object)",
        ),
        (
            r#"{"data":{"rows":[1]},"n":1}"#,
            "there is nothing at `data.items` (`records_at`); the response has the fields data, n",
        ),
        (
            r#"{"data":null,"errors":[]}"#,
            "there is nothing at `data.items` (`records_at`); the response has the fields data, errors",
        ),
        (r#"{"data":{"items":[],"items":[1]}}"#, "`items` appears twice"),
        (r#"{"data" 1}"#, "expected `:` after a field's name"),
        (r#"{"data":{"items":[]} "n":1}"#, "expected `,` or `}` after a field"),
        (r#"{"data":{"items":[]}}{"#, "unexpected text after the end"),
    ] {
        let error = within(body).expect_err(body);
        assert!(matches!(&error, ResponseError::Invalid { problem: found, .. } if found == problem), "{body}: {error}");
    }
    let whole = r#"{"n":1,"data":{"items":[{"a":1}],"m":2.5}}"#;
    for end in 0..whole.len() {
        assert_eq!(within(&whole[..end]), Err(ResponseError::Cut { bytes: end as u64 }), "cut at {end}");
    }
}

#[test]
fn lines_are_records() {
    let request = Request { format: Some(Format::Ndjson), ..Request::default() };
    let of =
        |body: &str, piece| read(Response::new(Answer::List, &request), body.as_bytes(), piece).map(|(found, _)| found);
    for piece in 1..9 {
        assert_eq!(of("{\"a\":1}\r\n\n{\"b\":[2]}", piece), Ok(vec!["{\"a\":1}".to_owned(), "{\"b\":[2]}".to_owned()]));
        assert_eq!(of("", piece), Ok(Vec::new()));
        assert!(matches!(of("{\"a\":1}\n{\"b\":", piece), Err(ResponseError::Cut { .. })));
    }
}
