//! All pages of a collection are read, or none: with every way to request them, and from servers that misbehave.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::program::Ended;
use crate::support::server::{Request, Response, Server};
use crate::support::zoo::Zoo;

const KEEPERS: [&str; 7] = ["ada", "bo", "cy", "di", "ed", "flo", "gus"];

/// Returns a zoo whose contract has this `request`, as one line of YAML.
fn zoo(request: &str) -> Zoo {
    let zoo = Zoo::empty().limited();
    zoo.amend("base_url: http://zoo.example\n", &format!("base_url: http://zoo.example\nrequest: {request}\n"));
    zoo
}

fn keepers(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"id": name, "name": name.to_uppercase()})).collect()
}

fn fetch(zoo: &Zoo, server: &Server, run: &str) -> Ended {
    zoo.transformation_from(&server.url(), run).option("--collections", "keepers").run()
}

fn load(zoo: &Zoo, run: &str) -> Ended {
    zoo.copy(run).option("--collections", "keepers").run()
}

#[track_caller]
fn all_are_loaded(zoo: &Zoo, server: &Server) {
    fetch(zoo, server, "r1").done();
    load(zoo, "r1").done();
    let names = zoo.database().session(Role::Reader).texts("SELECT id FROM zoo.keepers ORDER BY id");
    assert_eq!(names, KEEPERS, "{:?}", server.all().iter().map(|request| &request.path).collect::<Vec<_>>());
}

/// The stored pages are replayed without the source, and give the same files.
#[track_caller]
fn all_are_replayed(zoo: &Zoo) {
    zoo.raw("r1").option("--collections", "keepers").flag("--verify").run().done();
    zoo.raw("r1").option("--collections", "keepers").option("--run-id", "again").run().done();
    assert_eq!(load(zoo, "again").done()["tables"]["keepers"]["unchanged"], 7);
}

fn number(request: &Request, name: &str, otherwise: usize) -> usize {
    request.parameter(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Returns the records from this position, at most three of them, as a server with a limit of its own does.
fn from(start: usize, limit: usize) -> Value {
    let end = (start + limit.min(3)).min(KEEPERS.len());
    keepers(&KEEPERS[start.min(end)..end])
}

#[test]
fn every_way_to_request_pages_reads_all_of_them() {
    type Serve = fn(&Request) -> Response;
    let ways: [(&str, Serve); 10] = [
        ("{paginator: {type: page_number}}", |request| Response::json(&from((number(request, "page", 1) - 1) * 3, 3))),
        ("{paginator: {type: page_number, page_param: p, base_page: 0}, total_path: 'header:X-Total'}", |request| {
            assert!(number(request, "p", 0) < 3, "the total says that there is no such page");
            Response::json(&from(number(request, "p", 0) * 3, 3)).header("X-Total", "7")
        }),
        // The server has a lower limit than the request.
        ("{paginator: {type: offset, limit: 5}, records_at: rows}", |request| {
            Response::json(&json!({"rows": from(number(request, "offset", 0), number(request, "limit", 9))}))
        }),
        (
            "{paginator: {type: offset, limit: 2, offset_param: skip, limit_param: top}, records_at: rows, \
             has_more_path: meta.more}",
            |request| {
                let (skip, top) = (number(request, "skip", 0), number(request, "top", 9));
                Response::json(&json!({"meta": {"more": skip + top < 7}, "rows": from(skip, top)}))
            },
        ),
        ("{paginator: {type: cursor, cursor_path: meta.next_cursor}, records_at: data.rows}", |request| {
            let start = request.parameter("cursor").map_or(0, |cursor| cursor[1..].parse().expect("a number"));
            let next = (start + 3 < 7).then(|| format!("c{}", start + 3));
            Response::json(&json!({"data": {"rows": from(start, 3)}, "meta": {"next_cursor": next}}))
        }),
        (
            "{paginator: {type: cursor, last_record: id, cursor_param: starting_after}, records_at: data, \
             has_more_path: has_more}",
            |request| {
                let after = request.parameter("starting_after");
                let start = after.map_or(0, |id| 1 + KEEPERS.iter().position(|name| *name == id).expect("a keeper"));
                Response::json(&json!({"has_more": start + 3 < 7, "data": from(start, 3)}))
            },
        ),
        // Links to the host in the contract, and relative ones.
        ("{query: {limit: 3}, paginator: {type: json_link}, records_at: results, total_path: count}", |request| {
            let (start, limit) = (number(request, "offset", 0), number(request, "limit", 0));
            let next = (start + 3 < 7).then(|| format!("http://zoo.example/keepers?offset={}&limit=3", start + 3));
            Response::json(&json!({"count": 7, "next": next, "previous": null, "results": from(start, limit)}))
        }),
        ("{paginator: {type: json_link, next_url_path: links.next}, records_at: results}", |request| {
            let start = number(request, "offset", 0);
            let links = if start + 3 < 7 { json!({"next": format!("?offset={}", start + 3)}) } else { json!({}) };
            Response::json(&json!({"links": links, "results": from(start, 3)}))
        }),
        ("{paginator: {type: header_link}}", |request| {
            let start = number(request, "after", 0);
            let response = Response::json(&from(start, 3));
            let link = format!("</keepers>; rel=first, </keepers?after={}>; rel=\"next\"", start + 3);
            if start + 3 < 7 { response.header("Link", &link) } else { response }
        }),
        (
            "{method: POST, body: {query: {}, options: {limit: 3}}, records_at: docs, has_more_path: hasNextPage, \
             paginator: {type: page_number, page_param: $.options.page}}",
            |request| {
                let body: Value = serde_json::from_str(&request.body).expect("JSON");
                let page = body["options"]["page"].as_u64().expect("a number") as usize;
                assert_eq!(body["query"], json!({}));
                Response::json(&json!({"docs": from((page - 1) * 3, 3), "hasNextPage": page < 3, "totalDocs": 7}))
            },
        ),
    ];
    for (request, serve) in ways {
        eprintln!("{request}");
        let zoo = zoo(request);
        all_are_loaded(&zoo, &Server::serving(serve));
        if request.contains("json_link") {
            all_are_replayed(&zoo);
        }
    }
}

/// A list with an envelope, whose page can be replaced.
fn enveloped(mut page: impl FnMut(usize, Value) -> Response + Send + 'static) -> Server {
    Server::serving(move |request| {
        let number = number(request, "page", 1);
        let next = (number < 4).then(|| format!("/keepers?page={}", number + 1));
        let body = json!({"count": 7, "next": next, "results": from((number - 1) * 2, 2)});
        page(number, body)
    })
}

const LINKED: &str = "{paginator: {type: json_link}, records_at: results, total_path: count}";

#[test]
fn pages_that_repeat_or_do_not_end_are_refused() {
    let zoo = zoo(LINKED);
    let repeated = enveloped(|number, mut body| {
        if number == 3 {
            body["results"] = from(0, 2);
        }
        Response::json(&body)
    });
    fetch(&zoo, &repeated, "r1").refused(&["page 3 has the same records as page 1", "`paginator`"]);
    let looped = enveloped(|number, mut body| {
        if number == 3 {
            body["next"] = "/keepers?page=2".into();
            body["results"] = keepers(&["other"]);
        }
        Response::json(&body)
    });
    fetch(&zoo, &looped, "r2").refused(&["page 3 leads to `/keepers?page=2`, which was already requested", "loop"]);
    let elsewhere = enveloped(|_, mut body| {
        body["next"] = "http://127.0.0.1:9/keepers?page=2".into();
        Response::json(&body)
    });
    fetch(&zoo, &elsewhere, "r3").refused(&["the next page is on another host, `http://127.0.0.1:9` instead of"]);
    let untold = enveloped(|_, mut body| {
        body["count"] = Value::Null;
        Response::json(&body)
    });
    fetch(&zoo, &untold, "r4").refused(&["page 1 has no number at `count`", "the fields count, next"]);
    assert!(zoo.lake.keys("stage").is_empty() && zoo.lake.keys("processed").is_empty());
}

/// WordPress and GitLab report the number of pages on every page.
#[test]
fn headers_with_the_number_of_pages_agree_with_the_pages_that_were_read() {
    let zoo = zoo("{paginator: {type: header_link}}");
    let serve = |pages: usize| {
        Server::serving(move |request| {
            let page = number(request, "page", 1);
            let response = Response::json(&from((page - 1) * 3, 3)).header("X-WP-TotalPages", &pages.to_string());
            let link = format!("</keepers?page={}>; rel=next", page + 1);
            if page < 3 { response.header("Link", &link) } else { response }
        })
    };
    all_are_loaded(&zoo, &serve(3));
    fetch(&zoo, &serve(4), "r2").done();
    load(&zoo, "r2").refused(&["has 7 records, but its `X-WP-TotalPages` header reports 4 pages"]);
}

#[test]
fn a_total_that_changes_between_pages_starts_the_collection_again() {
    let zoo = zoo(LINKED);
    let mut first = 0;
    let settles = enveloped(move |number, mut body| {
        first += usize::from(number == 1);
        if first == 1 && number == 3 {
            body["count"] = 8.into();
        }
        Response::json(&body)
    });
    all_are_loaded(&zoo, &settles);
    assert_eq!(settles.requests("/keepers").len(), 2);
    let never = enveloped(|number, mut body| {
        body["count"] = (7 + number).into();
        Response::json(&body)
    });
    fetch(&zoo, &never, "r2").failed_temporarily(&["the total at `count` changed from 8 to 9 between pages 1 and 2"]);
}

#[test]
fn pages_that_end_early_are_not_loaded_without_a_reason() {
    let zoo = zoo(LINKED);
    let early = enveloped(|number, mut body| {
        if number == 3 {
            body["next"] = Value::Null;
        }
        Response::json(&body)
    });
    fetch(&zoo, &early, "r1").done();
    load(&zoo, "r1").refused(&["has 6 records on 3 pages, but `count` is 7", "--accept 'REASON'"]);
    assert_eq!(zoo.ledger(), [""; 0]);
    // A replay is as incomplete as the run.
    zoo.raw("r1").option("--collections", "keepers").option("--run-id", "again").run().done();
    load(&zoo, "again").refused(&["has 6 records on 3 pages"]);
    // The same for a total that no setting names.
    let unnamed = self::zoo("{paginator: {type: json_link}, records_at: results}");
    fetch(&unnamed, &early, "r1").done();
    load(&unnamed, "r1").refused(&["has 6 records, but its field `count` is 7"]);
}

#[test]
fn a_page_that_fails_is_requested_again_and_the_pages_before_it_are_not() {
    for fault in
        [Response::new(429, "").header("Retry-After", "1"), Response::new(503, ""), Response::json(&json!([])).cut()]
    {
        let zoo = zoo(LINKED);
        let mut tries = BTreeMap::<usize, usize>::new();
        let faulty = enveloped(move |number, body| {
            *tries.entry(number).or_default() += 1;
            if number == 3 && tries[&number] == 1 { fault.clone() } else { Response::json(&body) }
        });
        all_are_loaded(&zoo, &faulty);
        let asked: Vec<String> = faulty.all().into_iter().map(|request| request.path).collect();
        let expected = ["/keepers", "/keepers?page=2", "/keepers?page=3", "/keepers?page=3", "/keepers?page=4"];
        assert_eq!(asked, expected);
    }
    let zoo = zoo(LINKED);
    let broken = enveloped(|number, body| if number == 2 { Response::new(500, "oh") } else { Response::json(&body) });
    let ended = fetch(&zoo, &broken, "r1");
    ended.failed_temporarily(&["cannot read page 2", "returned 500 Internal Server Error: `oh`"]);
    assert_eq!(broken.all().len(), 1 + 3, "one request and two retries for the page, none for the collection");
    let forbidden = enveloped(|_, _| Response::new(403, "wait"));
    fetch(&zoo, &forbidden, "r2").refused(&["returned 403 Forbidden"]);
    zoo.amend("total_path: count}", "total_path: count, retry_statuses: [403]}");
    fetch(&zoo, &forbidden, "r3").failed_temporarily(&["returned 403 Forbidden"]);
}

#[test]
fn lines_and_pages_of_a_folder_are_read() {
    let zoo = zoo("{format: ndjson}");
    let lines: Vec<String> = KEEPERS.iter().map(|name| json!({"id": name, "name": name}).to_string()).collect();
    let server = Server::serving(move |_| Response::new(200, lines.join("\n")));
    all_are_loaded(&zoo, &server);

    let zoo = self::zoo(LINKED);
    let folder = zoo.source().join("keepers");
    std::fs::create_dir(&folder).expect("a new folder");
    for page in 1..=7 {
        let next = (page < 7).then_some("https://elsewhere/");
        let body = json!({"count": 7, "next": next, "results": from(page - 1, 1)});
        // In the order of their numbers, 10 is after 9.
        std::fs::write(folder.join(format!("page-{}.json", page + 5)), body.to_string()).expect("a file");
    }
    zoo.transformation("r1").option("--collections", "keepers").run().done();
    assert_eq!(load(&zoo, "r1").done()["tables"]["keepers"]["inserted"], 7);
    let raw = zoo.lake.keys("raw/zoo/keepers/run=r1").into_iter().filter(|key| !key.ends_with(".http.json"));
    let first = zoo.lake.json(&raw.clone().next().expect("a page"));
    assert_eq!((raw.count(), &first["results"][0]["id"]), (7, &json!("ada")));
    std::fs::remove_file(folder.join("page-8.json")).expect("a file");
    zoo.transformation("r2").option("--collections", "keepers").run().done();
    load(&zoo, "r2").refused(&["has 6 records on 6 pages, but `count` is 7"]);
    for page in [2, 10] {
        let body = json!({"count": 2, "next": null, "results": from(page / 10, 1)});
        std::fs::write(zoo.source().join(format!("tickets-{page}.json")), body.to_string()).expect("a file");
        std::fs::write(zoo.source().join(format!("keepers_{page}.json")), body.to_string()).expect("a file");
    }
    std::fs::remove_dir_all(folder).expect("a folder");
    zoo.transformation("r3").option("--collections", "keepers").run().done();
    let accepted = zoo.copy("r3").option("--collections", "keepers").option("--accept", "five have left").run().done();
    assert_eq!(accepted["tables"]["keepers"]["rows"], 2);
}

#[test]
fn no_period_has_more_requests_than_allowed() {
    let zoo = zoo("{rate_limit: {requests: 2, seconds: 1}, paginator: {type: page_number}}");
    let server = Server::serving(|request| Response::json(&from((number(request, "page", 1) - 1) * 2, 2)));
    all_are_loaded(&zoo, &server);
    let times: Vec<_> = server.all().into_iter().map(|request| request.at).collect();
    assert_eq!(times.len(), 5);
    for three in times.windows(3) {
        // The server sees requests a little later than the program sent them.
        assert!((three[2] - three[0]).as_millis() > 950, "{times:?}");
    }
}
