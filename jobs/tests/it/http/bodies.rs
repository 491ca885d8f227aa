//! What is in an answer: how it is kept, and what happens when it is something else than it should be.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::support::lake::sha256;
use crate::support::program::Ended;
use crate::support::rogue::Rogue;
use crate::support::server::{Answer, Server};
use crate::support::zoo::{Zoo, stock};

pub fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory does not fail")
}

/// An answer of bytes that say what they like.
pub fn sent(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n").as_bytes(), body].concat()
}

fn ask(zoo: &Zoo, url: &str) -> Ended {
    zoo.asking(url, "r1").option("--collections", "animals").run()
}

/// Asks for animals and gets this.
fn ask_for(answer: Answer) -> (Zoo, Ended) {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.answers("/animals", [answer]);
    let ended = ask(&zoo, &server.url());
    assert_eq!(server.asked("/animals").len(), 1, "what is wrong for good is not tried again");
    (zoo, ended)
}

#[test]
fn the_lake_keeps_the_bytes_as_they_came_and_what_the_server_said_but_no_cookies() {
    let body = format!(" {} \n", stock()[0].1);
    let answer = Answer::new(200, body.clone()).header("ETag", "\"e\"").header("Set-Cookie", "session=very-secret");
    let (zoo, ended) = ask_for(answer.header("X-Cache", "MISS"));
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
fn gzip_is_kept_packed_and_read_unpacked() {
    let packed = zipped(stock()[0].1.to_string().as_bytes());
    let (zoo, ended) = ask_for(Answer::new(200, packed.clone()).header("Content-Encoding", "gzip"));
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
fn a_byte_order_mark_before_the_json_is_kept_in_raw_and_not_read() {
    let body = format!("\u{feff}{}", stock()[0].1);
    let packed = Answer::new(200, zipped(body.as_bytes())).header("Content-Encoding", "gzip");
    for (answer, bytes) in [(Answer::new(200, body.clone()), body.as_bytes()), (packed, &zipped(body.as_bytes()))] {
        let (zoo, ended) = ask_for(answer);
        assert_eq!(ended.done()["collections"]["animals"]["tables"][0]["rows"], 3);
        assert_eq!(zoo.lake.read(&zoo.lake.raw("zoo", "r1", "animals")), bytes);
    }
}

#[test]
fn gzip_that_is_damaged_in_any_way_is_refused() {
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
        let (zoo, ended) = ask_for(Answer::new(200, body).header("Content-Encoding", "gzip"));
        ended.refused(&["collection `animals` failed", "the response as received: file:///"]);
        assert!(zoo.lake.keys("stage").is_empty() && zoo.lake.keys("processed").is_empty(), "{what}");
    }
}

#[test]
fn an_encoding_that_was_not_offered_is_refused() {
    let (_, ended) = ask_for(Answer::new(200, "[]").header("Content-Encoding", "br"));
    ended.refused(&["returned the encoding `br`"]);
}

#[test]
fn a_page_and_a_text_where_json_should_be_are_refused_with_their_first_words() {
    let page = "<!DOCTYPE html>\n<html><title>502 Bad Gateway</title></html>";
    let (zoo, ended) = ask_for(Answer::new(200, page).header("Content-Type", "text/html"));
    ended.refused(&[
        "found `<!DOCTYPE html> <html><title>502",
        "(an HTML or XML page)",
        "the response as received: file:///",
    ]);
    assert_eq!(zoo.lake.read(&zoo.lake.raw("zoo", "r1", "animals")), page.as_bytes());

    let (_, ended) = ask_for(Answer::new(404, "Not Found").header("Content-Type", "text/plain"));
    ended.refused(&["returned 404 Not Found: `Not Found`"]);
    let (_, ended) = ask_for(Answer::new(401, "https://youtu.be/RfiQYRn7fBg"));
    ended.refused(&["returned 401 Unauthorized: `https://youtu.be/RfiQYRn7fBg`"]);
    let (_, ended) = ask_for(Answer::new(204, ""));
    ended.refused(&["returned 204 No Content"]);
    let (_, ended) = ask_for(Answer::new(200, ""));
    ended.refused(&["the JSON is incomplete after 0 bytes"]);
    let (_, ended) = ask_for(Answer::new(200, r#"{"docs":[]}"#));
    ended.refused(&["expected an array of records, found `{\"docs\":[]}`"]);
}

#[test]
fn bytes_that_are_no_utf_8_are_refused_with_their_place() {
    for (body, offset) in
        [(&b"[{\"id\":1,\"name\":\"\xff\"}]"[..], 17), (b"[]\xc3", 2), (b"[{\"id\":1,\"name\":\"\xc3", 17)]
    {
        let (zoo, ended) = ask_for(Answer::new(200, body));
        ended.refused(&["the response as received: file:///"]);
        let place = format!("invalid JSON at byte {offset}");
        assert!(ended.stderr.contains(&place) || ended.stderr.contains("is incomplete after"), "{}", ended.stderr);
        assert!(zoo.lake.keys("stage").is_empty());
    }
}

#[test]
fn a_length_that_is_shorter_than_the_body_makes_a_cut_answer_and_it_is_refused() {
    let zoo = Zoo::empty();
    let server = Rogue::sending([sent("Content-Length: 20", br#"[{"id":1,"name":"Ada"}]"#)]);
    ask(&zoo, &server.url()).refused(&["the JSON is incomplete after 20 bytes"]);
}

/// 40 MB of animals; `odd` takes the place of the one in the middle. With their number and the place of the odd one.
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
fn one_malformed_record_in_forty_megabytes_is_set_aside_with_its_reason() {
    let odd = r#"{"id":50000,"name":"Odd","weight_kg":"heavy","tags":[]}"#;
    let (body, count, _) = forty_megabytes(odd);
    let (zoo, ended) = ask_for(Answer::new(200, body.clone()));
    let table = ended.done()["collections"]["animals"]["tables"][0].clone();
    let counts = ["read", "rows", "quarantined", "dropped"].map(|name| table[name].as_u64().expect("a count"));
    assert_eq!(counts, [count, count - 1, 1, 0]);
    assert_eq!(zoo.lake.receipt("zoo", "r1", "animals")["raw"]["sha256"], sha256(&body));

    let [aside] = <[_; 1]>::try_from(zoo.lake.quarantined("zoo", "r1", "animals")).expect("one record");
    assert_eq!((aside.number, aside.key.as_deref(), aside.record.as_str()), (50_000, Some("50000"), odd));
    assert_eq!(aside.reasons, "weight_kg: expected a double, found the string `heavy`");
}

#[test]
fn broken_json_in_forty_megabytes_is_refused_with_its_place() {
    let odd = r#"{"id":50000,"name" "Odd"}"#;
    let (body, _, place) = forty_megabytes(odd);
    let (zoo, ended) = ask_for(Answer::new(200, body));
    ended.refused(&[&format!("invalid JSON at byte {}: expected `:`", place + 19)]);
    assert!(zoo.lake.keys("stage").is_empty() && zoo.lake.keys("processed").is_empty());
}
