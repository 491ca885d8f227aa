//! The first page of a list is not accepted as the whole list: the number of records is compared with the headers.

use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::rogue::Rogue;
use crate::support::server::{Response, Server};
use crate::support::zoo::{Zoo, animals};

use super::bodies::sent;

/// A zoo that has loaded four keepers, and a server that now returns only one, with these headers.
fn shrunk(headers: &[(&str, &str)]) -> (Zoo, Server) {
    let (zoo, server) = (Zoo::empty().limited(), Server::start());
    let page = headers.iter().fold(Response::json(&keepers(1)), |page, (name, value)| page.header(name, value));
    server.respond("/keepers", [Response::json(&keepers(4)), page]);
    zoo.transformation_from(&server.url(), "whole").option("--collections", "keepers").run().done();
    (zoo, server)
}

fn keepers(many: u32) -> Value {
    (1..=many).map(|id| json!({"id": format!("k{id}"), "name": "Ann"})).collect()
}

#[test]
fn a_response_whose_headers_claim_more_records_is_not_loaded() {
    for (headers, message) in [
        (
            vec![("Link", r#"</keepers?page=1>; rel="self", </keepers?page=2>; rel="next""#)],
            "`Link` header refers to a next page",
        ),
        (
            vec![("Link", "</keepers?page=1>; rel=self"), ("Link", "</keepers?page=2>; rel=next")],
            "`Link` header refers to a next page",
        ),
        (vec![("X-Total-Count", "4")], "its `X-Total-Count` header reports 4"),
        (vec![("x-total", "4")], "its `X-Total` header reports 4"),
        (vec![("Content-Range", "items 0-0/4")], "its `Content-Range` header reports 4"),
    ] {
        let (zoo, server) = shrunk(&headers);
        zoo.transformation_from(&server.url(), "page").option("--collections", "keepers").run().done();
        let state = zoo.state();
        let load = zoo.copy("page").option("--collections", "keepers").run();
        load.refused(&["has 1 record, but", message, "?limit=", "`copy --run-id page --accept 'REASON'`"]);
        assert_eq!(zoo.ledger(), [""; 0], "the first page of a first load is not the whole list either");
        assert_eq!(zoo.state().receipts, state.receipts);
    }
}

#[test]
fn a_page_is_accepted_for_one_run_with_a_reason_but_its_replay_is_not() {
    let (zoo, server) = shrunk(&[("X-Total-Count", "4"), ("ETag", "\"one\"")]);
    let load = |run| zoo.copy(run).option("--collections", "keepers");
    zoo.transformation_from(&server.url(), "page").option("--collections", "keepers").run().done();
    let report = load("page").option("--accept", "counts the dead").run().done();
    assert_eq!(report["accepted"], "counts the dead");
    assert_eq!(report["findings"][0]["check"], "incomplete");
    zoo.raw("page").option("--collections", "keepers").option("--run-id", "again").run().done();
    load("again").run().refused(&["has 1 record, but its `X-Total-Count` header reports 4"]);
    // A response that has not changed since it was accepted is not refused again.
    server.respond("/keepers", [Response::new(304, "")]);
    zoo.transformation_with_ledger(&server.url(), "same").option("--collections", "keepers").run().done();
    assert_eq!(load("same").run().done()["findings"], Value::Null);
}

/// A page of the API's query endpoint, read as one object with a child table for its list.
#[test]
fn an_object_that_is_a_page_is_not_loaded() {
    let (zoo, server) = (Zoo::empty().limited(), Server::start());
    zoo.amend(
        "  about:\n",
        "  about:\n    children:\n      docs:\n        at: docs\n        parent_key: about_id\n        \
        doc: One row a document.\n        columns: {name: {type: string(9), doc: n}}\n",
    );
    let page = json!({"id": "zoo", "docs": [{"name": "a"}], "totalDocs": 9, "limit": 1, "hasNextPage": true});
    server.respond("/about", [Response::json(&page)]);
    zoo.transformation_from(&server.url(), "r1").option("--collections", "about").run().done();
    let load = zoo.copy("r1").option("--collections", "about").run();
    load.refused(&["has 1 record, but its field `totalDocs` is 9 and its field `hasNextPage` is true", "paginates"]);
}

#[test]
fn headers_that_agree_with_the_records_change_nothing() {
    let (zoo, server) = (Zoo::empty(), Server::start());
    let whole =
        Response::json(&keepers(4)).header("X-Total-Count", "4").header("Link", "</keepers>; rel=\"first last\"");
    server.respond("/keepers", [whole]);
    // A collection that is one object is complete, even if the headers name another page.
    let about = Response::json(&json!({"id": "zoo"})).header("Link", "</about/2>; rel=next").header("X-Total", "9");
    server.respond("/about", [about]);
    zoo.transformation_from(&server.url(), "r1").option("--collections", "keepers,about").run().done();
    let report = zoo.copy("r1").option("--collections", "keepers,about").run().done();
    assert_eq!(report["findings"], Value::Null);
}

#[test]
fn the_metadata_keeps_every_value_of_a_header() {
    let (zoo, body) = (Zoo::empty(), animals(&[(1, "Ada")]).to_string());
    let headers = format!("Link: </a>; rel=self\r\nLink: </b>; rel=up\r\nContent-Length: {}", body.len());
    let rogue = Rogue::sending([sent(&headers, body.as_bytes())]);
    zoo.transformation_from(&rogue.url(), "r1").option("--collections", "animals").run().done();
    let evidence = zoo.lake.json(&zoo.lake.key("raw/zoo/animals/run=r1", ".http.json"));
    assert_eq!(evidence["http"]["headers"]["link"], "</a>; rel=self, </b>; rel=up");
}

#[test]
fn a_table_that_would_lose_most_of_its_rows_is_not_loaded_without_a_reason() {
    let (zoo, server) = shrunk(&[]);
    let load = |run| zoo.copy(run).option("--collections", "keepers");
    load("whole").run().done();
    zoo.transformation_from(&server.url(), "page").option("--collections", "keepers").run().done();
    let state = zoo.state();
    let message = "table `keepers` would lose 3 of its 4 rows (75.0 %; the limit is 25.0 %)";
    load("page").run().refused(&[message, "`copy --run-id page --accept 'REASON'`"]);
    assert_eq!(zoo.state(), state);
    let ended = load("page").option("--accept", "the others retired").run();
    assert_eq!(ended.done()["tables"]["keepers"]["deleted"], 3);
    assert!(ended.stderr.contains("accepted: the others retired"), "{}", ended.stderr);
}

/// The source renamed the list: every record exists, but the child table gets no rows.
#[test]
fn a_child_table_that_would_lose_most_of_its_rows_is_not_loaded() {
    let zoo = Zoo::empty().limited();
    let named = |field: &str| -> Value {
        let record = |id| json!({"id": id, "name": "Ada", field: ["a", "b"]});
        (1..=2).map(record).collect()
    };
    zoo.set("animals", &named("nicknames"));
    zoo.load_only("animals", "r1");
    zoo.set("animals", &named("petnames"));
    let load = |run| zoo.copy(run).option("--collections", "animals");
    let transform = |run| drop(zoo.transformation(run).option("--collections", "animals").run().done());
    transform("r2");
    let state = zoo.state();
    load("r2").run().refused(&["table `animal_nicknames` would lose 4 of its 4 rows (100.0 %; the limit is 25.0 %)"]);
    assert_eq!(zoo.state(), state);
    // The limit does not affect the files, so the same run can be loaded with a changed limit.
    zoo.amend("    path: /animals\n", "    path: /animals\n    max_deleted_share: 1.0\n");
    load("r2").run().done();
    let live = "SELECT count(*) FROM zoo.animal_nicknames WHERE _deleted_at IS NULL";
    assert_eq!(zoo.database().session(Role::Reader).number(live), 0);
}
