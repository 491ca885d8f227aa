//! Tests which bytes of a response remain.

use contract::{Answer, Format, Request};

use super::*;

/// Returns what remains without the numbers that have a bit in `mask`, in pieces of one size.
fn cut(request: &Request, body: &str, mask: u32, size: usize) -> String {
    let response = Response::new(Answer::List, request);
    let mut cut = Cut { response, window: Vec::new(), base: 0, done: 0, is_first: true, has_kept: false };
    let mut keeps = |json: &str| mask >> json.parse::<u32>().expect("a number") & 1 == 0;
    let mut out = Vec::new();
    for piece in body.as_bytes().chunks(size) {
        out.extend(cut.push(piece, false, &mut keeps).expect("valid"));
    }
    out.extend(cut.push(&[], true, &mut keeps).expect("valid"));
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
