//! Response bodies: how they are stored, and what happens if they are invalid.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::support::lake::sha256;
use crate::support::program::Ended;
use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, stock};

pub fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory does not fail")
}

/// A raw response with these headers and this body, which may be inconsistent.
pub fn sent(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n").as_bytes(), body].concat()
}

fn ask(zoo: &Zoo, url: &str) -> Ended {
    zoo.transformation_from(url, "r1").option("--collections", "animals").run()
}

/// Requests the animals from a server that returns this response.
fn fetch(response: Response) -> (Zoo, Ended) {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [response]);
    let ended = ask(&zoo, &server.url());
    assert_eq!(server.requests("/animals").len(), 1, "what is wrong for good is not tried again");
    (zoo, ended)
}

#[test]
fn the_lake_keeps_the_original_bytes_and_headers_but_no_cookies() {
    let body = format!(" {} \n", stock()[0].1);
    let response = Response::new(200, body.clone()).header("ETag", "\"e\"").header("Set-Cookie", "session=very-secret");
    let (zoo, ended) = fetch(response.header("X-Cache", "MISS"));
    ended.done();

    let raw = zoo.lake.receipt("zoo", "r1", "animals")["raw"].clone();
    let key = raw["key"].as_str().expect("a key");
    assert!(key.starts_with("raw/zoo/animals/run=r1/") && key.ends_with(".json"), "{key}");
    assert_eq!(zoo.lake.read(key), body.as_bytes());
    assert_eq!(raw, json!({"key": key, "bytes": body.len(), "sha256": sha256(body.as_bytes())}));

    let evidence = zoo.lake.json(&zoo.lake.key("raw/zoo/animals/run=r1", ".http.json"));
    assert_eq!((&evidence["http"]["status"], &evidence["body"]), (&json!(200), &raw));
    let headers = evidence["http"]["headers"].as_object().expect("headers");
    assert_eq!((&headers["etag"], &headers["x-cache"]), (&json!("\"e\""), &json!("MISS")));
    assert!(!evidence.to_string().to_lowercase().contains("cookie") && !evidence.to_string().contains("very-secret"));
}

#[test]
fn gzip_is_stored_compressed_and_read_decompressed() {
    let packed = zipped(stock()[0].1.to_string().as_bytes());
    let (zoo, ended) = fetch(Response::new(200, packed.clone()).header("Content-Encoding", "gzip"));
    ended.done();
    let raw = zoo.lake.receipt("zoo", "r1", "animals")["raw"].clone();
    let key = raw["key"].as_str().expect("a key");
    assert!(key.ends_with(".json.gz"), "{key}");
    assert_eq!((zoo.lake.read(key), &raw["sha256"]), (packed.clone(), &json!(sha256(&packed))));

    zoo.copy("r1").option("--collections", "animals").run().done();
    let names = zoo.objects("SELECT name, weight_kg FROM zoo.animals ORDER BY id");
    assert_eq!(names[0], json!({"name": "Ada", "weight_kg": 180.5}));
    assert_eq!(names.len(), 3);
}

#[test]
fn a_byte_order_mark_before_the_json_is_stored_and_ignored() {
    let body = format!("\u{feff}{}", stock()[0].1);
    let packed = Response::new(200, zipped(body.as_bytes())).header("Content-Encoding", "gzip");
    for (response, bytes) in [(Response::new(200, body.clone()), body.as_bytes()), (packed, &zipped(body.as_bytes()))] {
        let (zoo, ended) = fetch(response);
        assert_eq!(ended.done()["collections"]["animals"]["tables"][0]["rows"], 3);
        assert_eq!(zoo.lake.read(&zoo.lake.raw("zoo", "r1", "animals")), bytes);
    }
}

#[test]
fn damaged_gzip_is_refused() {
    let good = zipped(stock()[0].1.to_string().as_bytes());
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 0xff;
    let mut wrong_sum = good.clone();
    wrong_sum[good.len() - 8] ^= 1;
    let no_gzip = stock()[0].1.to_string().into_bytes();
    let with_more = [good.as_slice(), b"more"].concat();
    let without_sum = good[..good.len() - 8].to_vec();
    for (what, body) in [
        ("a byte in the middle", flipped),
        ("the checksum", wrong_sum),
        ("no gzip at all", no_gzip),
        ("something after it", with_more),
        ("no checksum", without_sum),
        ("half of it", good[..good.len() / 2].to_vec()),
    ] {
        eprintln!("damaged: {what}");
        let (zoo, ended) = fetch(Response::new(200, body).header("Content-Encoding", "gzip"));
        ended.refused(&["collection `animals` failed", "inspect the original response: file:///"]);
        assert!(zoo.lake.keys("stage").is_empty() && zoo.lake.keys("processed").is_empty(), "{what}");
    }
}

#[test]
fn an_encoding_that_was_not_accepted_is_refused() {
    let (_, ended) = fetch(Response::new(200, "[]").header("Content-Encoding", "br"));
    ended.refused(&["returned the content encoding `br`"]);
}

#[test]
fn html_and_text_instead_of_json_are_refused_and_quoted() {
    let page = "<!DOCTYPE html>\n<html><title>502 Bad Gateway</title></html>";
    let (zoo, ended) = fetch(Response::new(200, page).header("Content-Type", "text/html"));
    ended.refused(&[
        "found `<!DOCTYPE html> <html><title>502",
        "(an HTML or XML page)",
        "inspect the original response: file:///",
    ]);
    assert_eq!(zoo.lake.read(&zoo.lake.raw("zoo", "r1", "animals")), page.as_bytes());

    let (_, ended) = fetch(Response::new(404, "Not Found").header("Content-Type", "text/plain"));
    ended.refused(&["returned 404 Not Found: `Not Found`"]);
    let (_, ended) = fetch(Response::new(401, "https://youtu.be/RfiQYRn7fBg"));
    ended.refused(&["returned 401 Unauthorized: `https://youtu.be/RfiQYRn7fBg`"]);
    let (_, ended) = fetch(Response::new(204, ""));
    ended.refused(&["returned 204 No Content"]);
    let (_, ended) = fetch(Response::new(200, ""));
    ended.refused(&["the JSON is incomplete after 0 bytes"]);
    let (_, ended) = fetch(Response::new(200, r#"{"docs":[]}"#));
    ended.refused(&["expected an array of records, found `{\"docs\":[]}`"]);
}

#[test]
fn invalid_utf_8_is_refused_with_its_position() {
    for (body, offset) in
        [(&b"[{\"id\":1,\"name\":\"\xff\"}]"[..], 17), (b"[]\xc3", 2), (b"[{\"id\":1,\"name\":\"\xc3", 17)]
    {
        let (zoo, ended) = fetch(Response::new(200, body));
        ended.refused(&["inspect the original response: file:///"]);
        let place = format!("invalid JSON at byte {offset}");
        assert!(ended.stderr.contains(&place) || ended.stderr.contains("is incomplete after"), "{}", ended.stderr);
        assert!(zoo.lake.keys("stage").is_empty());
    }
}

#[test]
fn a_length_that_is_shorter_than_the_body_truncates_the_response_which_is_refused() {
    let zoo = Zoo::empty();
    let server = Rogue::sending([sent("Content-Length: 20", br#"[{"id":1,"name":"Ada"}]"#)]);
    ask(&zoo, &server.url()).refused(&["the JSON is incomplete after 20 bytes"]);
}

/// Returns 40 MB of animals with `odd` in the middle, their number, and the position of `odd`.
fn forty_megabytes(odd: &str) -> (Vec<u8>, u64, usize) {
    let tags = "stripes and spots ".repeat(20);
    let mut body = Vec::with_capacity(41 << 20);
    let (mut count, mut place) = (0, 0);
    while body.len() < 40 << 20 {
        body.push(if count == 0 { b'[' } else { b',' });
        count += 1;
        if count == 50_000 {
            place = body.len();
            body.extend_from_slice(odd.as_bytes());
        } else {
            let record = format!(r#"{{"id":{count},"name":"Nr {count}","weight_kg":{count}.5,"tags":["{tags}"]}}"#);
            body.extend_from_slice(record.as_bytes());
        }
    }
    body.push(b']');
    (body, count, place)
}

#[test]
fn one_malformed_record_in_forty_megabytes_is_quarantined_with_its_reason() {
    let odd = r#"{"id":50000,"name":"Odd","weight_kg":"heavy","tags":[]}"#;
    let (body, count, _) = forty_megabytes(odd);
    let (zoo, ended) = fetch(Response::new(200, body.clone()));
    let table = ended.done()["collections"]["animals"]["tables"][0].clone();
    let counts = ["read", "rows", "quarantined", "dropped"].map(|name| table[name].as_u64().expect("a count"));
    assert_eq!(counts, [count, count - 1, 1, 0]);
    assert_eq!(zoo.lake.receipt("zoo", "r1", "animals")["raw"]["sha256"], sha256(&body));

    let [quarantined] = <[_; 1]>::try_from(zoo.lake.quarantined("zoo", "r1", "animals")).expect("one record");
    assert_eq!(
        (quarantined.number, quarantined.key.as_deref(), quarantined.record.as_str()),
        (50_000, Some("50000"), odd)
    );
    assert_eq!(quarantined.reasons, "weight_kg: expected a double, found the string `heavy`");
}

#[test]
fn invalid_json_in_forty_megabytes_is_refused_with_its_position() {
    let odd = r#"{"id":50000,"name" "Odd"}"#;
    let (body, _, place) = forty_megabytes(odd);
    let (zoo, ended) = fetch(Response::new(200, body));
    ended.refused(&[&format!("invalid JSON at byte {}: expected `:`", place + 19)]);
    assert!(zoo.lake.keys("stage").is_empty() && zoo.lake.keys("processed").is_empty());
}
