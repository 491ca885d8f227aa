//! A source file that is replaced or written while it is being read gives a single version, or a temporary failure.

use std::fs;

use crate::support::server::{Response, Server};
use crate::support::wait_until;
use crate::support::zoo::Zoo;

/// Twenty thousand animals in 40 MB, mostly blanks, so that the file can be changed while it is read.
fn herd(name: &str) -> String {
    let animals: Vec<String> =
        (0..20_000).map(|id| format!("{}{{\"id\":{id},\"name\":\"{name}\"}}", " ".repeat(2000))).collect();
    format!("[{}]", animals.join(","))
}

#[test]
fn a_file_that_changes_while_it_is_read_is_never_mixed() {
    for renamed in [true, false] {
        let zoo = Zoo::empty();
        zoo.set_text("animals", &herd("old"));
        let (file, next, new) = (zoo.source().join("animals.json"), zoo.source().join("next"), herd("new"));
        fs::write(&next, &new).expect("the next version");
        let transformation = |run| zoo.transformation(run).option("--collections", "animals").option("--retries", "0");
        let running = transformation("r1").start();
        wait_until("the first bytes are in raw/", || !zoo.lake.keys("raw").is_empty());
        if renamed {
            fs::rename(&next, &file).expect("a new version");
        } else {
            fs::write(&file, &new).expect("the same file");
        }
        running.wait().failed_temporarily(&["animals.json` changed while it was being read", "hint: "]);
        assert_eq!(zoo.lake.objects(), [""; 0]);

        transformation("r2").run().done();
        assert!(zoo.lake.read(&zoo.lake.raw("zoo", "r2", "animals")) == new.as_bytes());
        // The manifest and the evidence identify the version that was read.
        let receipt = zoo.lake.json("stage/zoo/run=r2/receipts/animals.json");
        let evidence = zoo.lake.json(&zoo.lake.key("raw/zoo/animals/run=r2", ".http.json"));
        assert_eq!(receipt["url"], format!("file://{}", file.display()));
        assert!(receipt["etag"].as_str().is_some_and(|etag| etag.contains(&format!("-{:x}", new.len()))), "{receipt}");
        assert_eq!((&evidence["file"], &evidence["etag"]), (&receipt["url"], &receipt["etag"]));
    }
}

#[test]
fn every_part_of_an_object_is_requested_with_its_etag() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let listed = "<ListBucketResult><Contents><Key>animals.json</Key><LastModified>2026-01-05T00:00:00.000Z</LastModified>\
                  <ETag>\"one\"</ETag><Size>2</Size></Contents></ListBucketResult>";
    server.respond("/herd?delimiter=%2F&list-type=2", [Response::new(200, listed)]);
    let head =
        Response::new(200, "[]").header("ETag", "\"one\"").header("Last-Modified", "Mon, 05 Jan 2026 00:00:00 GMT");
    // A HEAD and a GET request, three times.
    let exchange = [head, Response::new(412, "")];
    server.respond("/herd/animals.json", [exchange.clone(), exchange.clone(), exchange].concat());
    let program = zoo.transformation_from("s3://herd", "r1").option("--collections", "animals");
    let program = program.env("AWS_ENDPOINT_URL", &server.url()).env("AWS_REGION", "eu-west-1");
    let ended = program.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").run();
    ended.failed_temporarily(&["`s3://herd/animals.json` changed while it was being read"]);
    assert_eq!(server.last("/herd/animals.json").header("If-Match"), Some("\"one\""));
}
