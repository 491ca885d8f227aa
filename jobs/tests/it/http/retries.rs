//! Temporary server errors are retried; permanent ones are not.

use std::time::Duration;

use super::bodies::{sent, zipped};
use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, animals};

const TWO: &str = r#"[{"id":1,"name":"Ada"},{"id":2,"name":"Bo"}]"#;

/// Fetches only the animals, with two quick retries.
fn ask(zoo: &Zoo, url: &str) -> crate::support::program::Ended {
    zoo.transformation_from(url, "r1").option("--collections", "animals").run()
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
fn the_wait_of_a_429_is_respected() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let busy = Response::new(429, "slow down").header("Retry-After", "1");
    server.respond("/animals", [busy, Response::new(200, TWO)]);
    two_animals(&zoo, &ask(&zoo, &server.url()));
    let asked = server.requests("/animals");
    assert_eq!(asked.len(), 2);
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(1));
}

#[test]
fn a_429_with_too_long_a_wait_fails_immediately() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [Response::new(429, "").header("Retry-After", "121")]);
    let ended = ask(&zoo, &server.url());
    ended.failed_temporarily(&["returned 429 Too Many Requests", "wait 121 s, as the server requested"]);
    assert!(ended.took < Duration::from_secs(60));
    assert_eq!(server.requests("/animals").len(), 1);
    nothing_published(&zoo);
}

#[test]
fn a_server_error_is_retried_as_often_as_configured() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let broken = || Response::new(500, "oh no");
    server.respond("/animals", [broken(), broken(), Response::new(200, TWO)]);
    two_animals(&zoo, &ask(&zoo, &server.url()));
    assert_eq!(server.requests("/animals").len(), 3);

    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [broken()]);
    ask(&zoo, &server.url()).failed_temporarily(&["returned 500 Internal Server Error: `oh no`"]);
    assert_eq!(server.requests("/animals").len(), 3);
    nothing_published(&zoo);
}

#[test]
fn fetched_collections_keep_their_manifests_and_a_second_attempt_fetches_the_others() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [Response::json(&animals(&[(1, "Ada")]))]);
    server.respond("/about", [Response::new(503, "")]);
    let ask = || zoo.transformation_from(&server.url(), "r1").option("--collections", "animals,about").run();
    ask().failed_temporarily(&["collection `about` failed"]);
    assert_eq!(zoo.lake.keys("stage"), ["stage/zoo/run=r1/receipts/animals.json"]);

    server.respond("/about", [Response::new(200, r#"{"id":"zoo"}"#)]);
    let report = ask().done();
    assert_eq!(report["collections"]["animals"]["status"], "reused");
    assert_eq!(report["collections"]["about"]["status"], "fetched");
    assert_eq!(server.requests("/animals").len(), 1);
}

#[test]
fn one_permanent_failure_determines_the_exit_code() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/about", [Response::new(503, "")]);
    let ended = zoo.transformation_from(&server.url(), "r1").option("--collections", "animals,about").run();
    ended.refused(&["2 of 2 collections failed", "animals: ", "about: ", "503", "404"]);
}

#[test]
fn a_closed_port_is_a_temporary_failure() {
    let zoo = Zoo::empty();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    ask(&zoo, &format!("http://{port}")).failed_temporarily(&["cannot connect to"]);
    nothing_published(&zoo);
}

/// Returns the same two animals, truncated after 30 bytes, for each way to delimit a body.
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
fn a_truncated_body_is_retried() {
    for (how, cut) in cut() {
        let whole = sent(&format!("Content-Length: {}", TWO.len()), TWO.as_bytes());
        let (zoo, server) = (Zoo::empty(), Rogue::sending([cut, whole]));
        eprintln!("delimited by {how}");
        two_animals(&zoo, &ask(&zoo, &server.url()));
        assert_eq!(server.requests(), 2);
    }
}

#[test]
fn a_body_that_is_always_truncated_is_a_temporary_failure() {
    for (how, cut) in cut() {
        let (zoo, server) = (Zoo::empty(), Rogue::sending([cut]));
        eprintln!("delimited by {how}");
        ask(&zoo, &server.url()).failed_temporarily(&["collection `animals` failed"]);
        assert_eq!(server.requests(), 3);
        nothing_published(&zoo);
    }
}

#[test]
fn a_body_without_a_length_is_complete_if_its_json_is() {
    let (zoo, server) = (Zoo::empty(), Rogue::sending([sent("Connection: close", TWO.as_bytes())]));
    two_animals(&zoo, &ask(&zoo, &server.url()));
    assert_eq!(server.requests(), 1);
}
