//! Tests which bytes of a response remain.

use contract::{Answer, Format, Request};

use super::*;

/// Returns what remains without the numbers that have a bit in `mask`, in pieces of one size.
fn cut(request: &Request, body: &str, mask: u32, size: usize) -> String {
    let response = Response::new(Answer::List, request);
    let mut cut = Cut { response, window: Vec::new(), base: 0, done: 0, is_first: true, has_kept: false };
    let mut keeps = |json: &str| mask >> json.parse::<u32>().expect("a number") & 1 == 0;
    let mut around = |text: &str| text.to_owned();
    let mut out = Vec::new();
    for piece in body.as_bytes().chunks(size) {
        out.extend(cut.push(piece, false, &mut keeps, &mut around).expect("valid"));
    }
    out.extend(cut.push(&[], true, &mut keeps, &mut around).expect("valid"));
    String::from_utf8(out).expect("text")
}

#[test]
fn any_records_are_cut_from_a_response_in_pieces_of_any_size() {
    let around = Request { records_at: Some("rows".to_owned()), ..Request::default() };
    let lines = Request { format: Some(Format::Ndjson), ..Request::default() };
    let list = |records: &[&str]| records.join(" , ");
    for mask in 0..16 {
        let kept: Vec<&str> = ["0", "1", "2", "3"]
            .into_iter()
            .enumerate()
            .filter(|(at, _)| mask >> at & 1 == 0)
            .map(|(_, text)| text)
            .collect();
        let bodies = [
            (&Request::default(), "\u{feff}[ 0 , 1 , 2 , 3 ]\n".to_owned(), format!("\u{feff}[ {} ]\n", list(&kept))),
            (
                &around,
                r#"{"é": 4, "rows": [0 , 1 , 2 , 3], "next": "x"}"#.to_owned(),
                format!(r#"{{"é": 4, "rows": [{}], "next": "x"}}"#, list(&kept)),
            ),
            (&lines, "0\n1\n2\n3\n".to_owned(), format!("{}\n", kept.join("\n"))),
        ];
        for (request, body, expected) in bodies {
            for size in [1, 2, 3, 7, 100] {
                assert_eq!(cut(request, &body, mask, size), expected, "{mask:b} in pieces of {size}");
            }
        }
    }
}

#[test]
fn texts_are_replaced_in_values_around_the_records() {
    let mut texts = Secrets::default();
    ["9001234", "n123456", "results"].into_iter().for_each(|text| texts.hide(text));
    let cases = [
        (r#"{"next": "?after=9001234", "results": ["#, r#"{"next": "?after=***", "results": ["#),
        (r#"], "last": 9001234, "more": -9001234.5}"#, r#"], "last": 0, "more": 0}"#),
        (r#"], "9001234" : "a", "b": "\n123456"}"#, r#"], "9001234" : "a", "b": "***"}"#),
        (r#" , "#, r#" , "#),
    ];
    for (text, expected) in cases {
        assert_eq!(without(text, &texts), expected);
    }
}
