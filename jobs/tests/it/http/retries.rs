//! What a server may do wrong for a while, and what it may not.

use std::time::Duration;

use super::bodies::{sent, zipped};
use crate::support::rogue::Rogue;
use crate::support::server::{Answer, Server};
use crate::support::zoo::{Zoo, animals};

const TWO: &str = r#"[{"id":1,"name":"Ada"},{"id":2,"name":"Bo"}]"#;

/// Asks for animals only; two quick retries.
fn ask(zoo: &Zoo, url: &str) -> crate::support::program::Ended {
    zoo.asking(url, "r1").option("--collections", "animals").run()
}

#[track_caller]
fn two_animals(zoo: &Zoo, ended: &crate::support::program::Ended) {
    assert_eq!(ended.done()["collections"]["animals"]["tables"][0]["rows"], 2);
    let report = zoo.copy("r1").option("--collections", "animals").run().done();
    assert_eq!(report["tables"]["animals"]["inserted"], 2);
}

#[track_caller]
fn nothing_published(zoo: &Zoo) {
    assert!(zoo.lake.keys("stage").is_empty() && zoo.lake.keys("processed").is_empty());
}

#[test]
fn a_429_is_obeyed() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let busy = Answer::new(429, "slow down").header("Retry-After", "1");
    server.answers("/animals", [busy, Answer::new(200, TWO)]);
    two_animals(&zoo, &ask(&zoo, &server.url()));
    let asked = server.asked("/animals");
    assert_eq!(asked.len(), 2);
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(1));
}

#[test]
fn a_429_that_asks_for_more_patience_than_anybody_has_ends_the_run_at_once() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.answers("/animals", [Answer::new(429, "").header("Retry-After", "121")]);
    let ended = ask(&zoo, &server.url());
    ended.failed_for_now(&["returned 429 Too Many Requests", "the server requests a wait of 121 s"]);
    assert!(ended.took < Duration::from_secs(5));
    assert_eq!(server.asked("/animals").len(), 1);
    nothing_published(&zoo);
}

#[test]
fn a_server_error_is_tried_again_as_often_as_asked() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let broken = || Answer::new(500, "oh no");
    server.answers("/animals", [broken(), broken(), Answer::new(200, TWO)]);
    two_animals(&zoo, &ask(&zoo, &server.url()));
    assert_eq!(server.asked("/animals").len(), 3);

    let (zoo, server) = (Zoo::empty(), Server::start());
    server.answers("/animals", [broken()]);
    ask(&zoo, &server.url()).failed_for_now(&["returned 500 Internal Server Error: `oh no`"]);
    assert_eq!(server.asked("/animals").len(), 3);
    nothing_published(&zoo);
}

#[test]
fn collections_that_came_keep_their_receipts_and_the_same_run_id_fetches_the_rest() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.answers("/animals", [Answer::json(&animals(&[(1, "Ada")]))]);
    server.answers("/about", [Answer::new(503, "")]);
    let ask = || zoo.asking(&server.url(), "r1").option("--collections", "animals,about").run();
    ask().failed_for_now(&["collection `about` failed"]);
    assert_eq!(zoo.lake.keys("stage"), ["stage/zoo/run=r1/receipts/animals.json"]);

    server.answers("/about", [Answer::new(200, r#"{"id":"zoo"}"#)]);
    let report = ask().done();
    assert_eq!(report["collections"]["animals"]["status"], "reused");
    assert_eq!(report["collections"]["about"]["status"], "fetched");
    assert_eq!(server.asked("/animals").len(), 1);
}

#[test]
fn one_collection_that_fails_for_good_decides_the_exit_code() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.answers("/about", [Answer::new(503, "")]);
    let ended = zoo.asking(&server.url(), "r1").option("--collections", "animals,about").run();
    ended.refused(&["2 of 2 collections failed", "animals: ", "about: ", "503", "404"]);
}

#[test]
fn a_closed_port_is_a_temporary_failure() {
    let zoo = Zoo::empty();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    ask(&zoo, &format!("http://{port}")).failed_for_now(&["cannot connect to"]);
    nothing_published(&zoo);
}

/// The same two animals, cut off after 30 bytes, in each way that a body can end.
fn cut() -> [(&'static str, Vec<u8>); 4] {
    let gzip = zipped(TWO.as_bytes());
    [
        ("a length", sent(&format!("Content-Length: {}", TWO.len()), &TWO.as_bytes()[..30])),
        ("chunks", sent("Transfer-Encoding: chunked", format!("1e\r\n{}\r\n", &TWO[..30]).as_bytes())),
        ("the end of the connection", sent("Connection: close", &TWO.as_bytes()[..30])),
        ("the same, packed", sent("Connection: close\r\nContent-Encoding: gzip", &gzip[..gzip.len() - 12])),
    ]
}

#[test]
fn a_connection_that_is_cut_in_mid_body_is_tried_again() {
    for (how, cut) in cut() {
        let whole = sent(&format!("Content-Length: {}", TWO.len()), TWO.as_bytes());
        let (zoo, server) = (Zoo::empty(), Rogue::sending([cut, whole]));
        eprintln!("delimited by {how}");
        two_animals(&zoo, &ask(&zoo, &server.url()));
        assert_eq!(server.heard(), 2);
    }
}

#[test]
fn a_connection_that_is_always_cut_is_a_failure_for_now() {
    for (how, cut) in cut() {
        let (zoo, server) = (Zoo::empty(), Rogue::sending([cut]));
        eprintln!("delimited by {how}");
        ask(&zoo, &server.url()).failed_for_now(&["collection `animals` failed"]);
        assert_eq!(server.heard(), 3);
        nothing_published(&zoo);
    }
}

#[test]
fn a_body_without_a_length_is_whole_when_its_json_is() {
    let (zoo, server) = (Zoo::empty(), Rogue::sending([sent("Connection: close", TWO.as_bytes())]));
    two_animals(&zoo, &ask(&zoo, &server.url()));
    assert_eq!(server.heard(), 1);
}
