//! A redirected response is recorded with its final URL, and its ETag is sent only to that URL.

use serde_json::json;

use crate::support::program::Ended;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, animals};

fn to(location: &str) -> Response {
    Response::new(302, "").header("Location", location)
}

fn one_animal(etag: &str) -> Response {
    Response::json(&animals(&[(1, "Ada")])).header("ETag", etag)
}

fn ask(zoo: &Zoo, server: &Server, run: &str) -> Ended {
    zoo.transformation_with_ledger(&server.url(), run).option("--collections", "animals").run()
}

fn load(zoo: &Zoo, server: &Server, run: &str) {
    ask(zoo, server, run).done();
    zoo.copy(run).option("--collections", "animals").run().done();
}

#[test]
fn the_metadata_has_the_final_url_and_another_host_is_a_warning() {
    let (zoo, server, other) = (Zoo::empty(), Server::start(), Server::start());
    // Another name of the same machine.
    let elsewhere = other.url().replace("127.0.0.1", "localhost");
    server.respond("/animals", [to(&format!("{elsewhere}/portal?signature=very-secret"))]);
    other.respond("/portal?signature=very-secret", [one_animal("\"one\"")]);
    let ended =
        zoo.transformation_from(&server.url(), "r1").option("--collections", "animals").secret("very-secret").run();
    ended.done();
    assert!(ended.stderr.contains(&format!("the response is from `{elsewhere}/portal`")), "{}", ended.stderr);
    let http = zoo.lake.json(&zoo.lake.key("raw/zoo/animals/run=r1", ".http.json"))["http"].clone();
    assert_eq!(http["url"], format!("{elsewhere}/portal?…"));
    assert_eq!((&http["requested"], &http["status"]), (&json!(format!("{}/animals", server.url())), &json!(200)));
}

#[test]
fn a_redirect_loop_is_refused_without_a_retry() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [to("/herd")]);
    server.respond("/herd", [to("/animals")]);
    ask(&zoo, &server, "r1").refused(&["/herd` redirects to `", "/animals`: the redirects form a loop"]);
    assert_eq!([server.requests("/animals").len(), server.requests("/herd").len()], [1, 1]);
}

#[test]
fn an_unreachable_host_after_a_redirect_is_named() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    server.respond("/animals", [to(&format!("http://{closed}/animals"))]);
    ask(&zoo, &server, "r1").failed_temporarily(&[&format!("cannot connect to `http://{closed}/animals`")]);
}

#[test]
fn an_etag_is_not_sent_to_another_host() {
    let (zoo, first, second) = (Zoo::empty(), Server::start(), Server::start());
    first.respond("/animals", [one_animal("\"one\"")]);
    second.respond("/animals", [Response::json(&animals(&[(1, "Ada"), (2, "Bo")])).header("ETag", "\"one\"")]);
    load(&zoo, &first, "r1");
    load(&zoo, &second, "r2");
    assert_eq!(second.last("/animals").header("If-None-Match"), None);
    assert_eq!(zoo.objects("SELECT id FROM zoo.animals").len(), 2);
    load(&zoo, &second, "r3");
    assert_eq!(second.last("/animals").header("If-None-Match"), Some("\"one\""));
}

#[test]
fn an_etag_is_sent_to_the_final_url_that_returned_it() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [to("/v1"), to("/v1"), to("/v2")]);
    server.respond("/v1", [one_animal("\"one\""), Response::new(304, "")]);
    server.respond("/v2", [one_animal("\"one\"")]);
    load(&zoo, &server, "r1");
    load(&zoo, &server, "r2");
    assert_eq!(zoo.lake.receipt("zoo", "r2", "animals")["unchanged_since"], "r1");
    load(&zoo, &server, "r3");
    let sent = |path: &str| server.last(path).header("If-None-Match").map(str::to_owned);
    assert_eq!(["/animals", "/v1", "/v2"].map(sent), [None, Some("\"one\"".to_owned()), None]);
}

#[test]
fn no_etag_is_sent_for_a_manifest_without_a_url() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    server.respond("/animals", [one_animal("\"one\"")]);
    load(&zoo, &server, "r1");
    let mut receipt = zoo.lake.receipt("zoo", "r1", "animals");
    receipt.as_object_mut().expect("a receipt").remove("url").expect("its URL");
    zoo.lake.overwrite("stage/zoo/run=r1/receipts/animals.json", receipt.to_string().as_bytes());
    load(&zoo, &server, "r2");
    assert_eq!(server.last("/animals").header("If-None-Match"), None);
}
