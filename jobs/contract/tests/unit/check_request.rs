//! Tests the message for each mistake in a request.

use crate::Contract;

fn problems(request: &str, collection: &str) -> Vec<String> {
    let text = format!(
        "source: zoo\nbase_url: http://zoo.example\nrequest: {request}\ncollections:\n  hens:\n    path: /hens\n    key: id\n    \
         doc: d\n    {collection}\n    columns: {{id: {{type: integer, doc: d}}}}\n"
    );
    match Contract::parse(&text, "zoo.yaml") {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn each_mistake_in_a_request_is_reported_with_its_fix() {
    let (of_collection, mut wrong) = ("zoo.yaml:9: collections.hens.request", Vec::new());
    for (request, collection, expected) in [
        (
            "{auth: {type: token}}",
            "",
            "zoo.yaml:3: request.auth.type: unknown variant `token`, expected one of `bearer`",
        ),
        ("{auth: {type: bearer}}", "", "missing field `token`; add it"),
        ("{auth: {type: bearer, token: abc}}", "", "zoo.yaml:3: request.auth.token: is a secret: write {secret: NAME}"),
        ("{auth: {type: bearer, token: {env: ABC}}}", "", "unknown field `env`, expected `secret`"),
        ("{auth: {type: bearer, token: {secret: abc}}}", "", "`abc` is not the name of an environment variable"),
        ("{auth: {type: bearer, token: {secret: AWS_KEY}}}", "", "the variable `AWS_KEY` has another purpose"),
        (
            "{auth: {type: http_basic, username: {secret: PGPASSWORD}, password: {secret: LOGIN_KEY}}}",
            "",
            "the variable `PGPASSWORD` has another purpose",
        ),
        (
            "{auth: {type: oauth2_client_credentials, access_token_url: /t, client_id: a, client_secret: {secret: B}}}",
            "",
            "request.auth.access_token_url: `/t` must start with https://",
        ),
        (
            "{auth: {type: oauth2_client_credentials, access_token_url: 'http://a.example/t', client_id: a, client_secret: {secret: B}}}",
            "",
            "`http://a.example/t` must start with https://; http:// only leads to localhost, 127.0.0.0/8 or [::1]",
        ),
        ("{path: {a: {secret: B}}}", "", "request.path.a: a secret cannot be part of a path, which logs show"),
        ("{headers: {'a b': c}}", "", "request.headers.a b: `a b` is not the name of a header"),
        ("{headers: {a: \"b\\nc\"}}", "", "request.headers.a: has a control character"),
        ("{query: {a: [1]}}", "", "expected a text, a number, true, false or {secret: NAME}"),
        ("{rate_limit: {requests: 0, seconds: 1}}", "", "request.rate_limit: 0 requests in 1 seconds; both must be"),
        ("{concurrency: 0}", "", "request.concurrency: must be at least 1"),
        ("{retry_statuses: [200]}", "", "request.retry_statuses: `200` is not the status of an error"),
        ("{paginator: {type: offset}}", "", "missing field `limit`; add it"),
        ("{paginator: {type: offset, limit: 0}}", "", "request.paginator.limit: must be at least 1"),
        ("{paginator: {type: cursor}}", "", "request.paginator: needs `cursor_path`, or `last_record`"),
        ("{paginator: {type: cursor, cursor_path: a, last_record: b}, records_at: c}", "", "remove one"),
        ("{paginator: {type: json_link}}", "", "`next` is a field beside the records: say where these are with"),
        (
            "{paginator: {type: page_number, page_param: $.page}}",
            "",
            "`$.page` is a path in the body, but the request has",
        ),
        ("{paginator: {type: page_number, size: 3}}", "", "unknown field `size`, expected"),
        ("{records_at: a..b}", "", "`a..b` is not a path; use field or object.field"),
        ("{total_path: 'header:'}", "", "`header:` is not a path; use field or object.field"),
        ("{format: ndjson, records_at: a}", "", "with `format: ndjson`, each line is a record"),
        ("{format: ndjson, total_path: a}", "", "a response of lines has no other fields; use header:NAME"),
        (
            "{}",
            "request: {concurrency: 1}",
            "collections.hens.request.concurrency: applies to the whole source; move it",
        ),
        ("{}", "request: {method: GET, body: {}}", "a GET has no body; use `method: POST`"),
        (
            "{}",
            "answer: object\n    request: {paginator: {type: header_link}}",
            "the response is one object, and has no pages",
        ),
    ] {
        let found = problems(request, collection);
        let is_expected = found.len() == 1 && found[0].contains(expected);
        if !is_expected || collection.starts_with("request") && !found[0].starts_with(of_collection) {
            wrong.push(format!("{request} {collection}: {found:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn no_secret_has_the_name_of_another_option() {
    for name in ["SHARED_BY", "ACCEPT_WITH", "RANGE_TO", "FORGET_KEYS", "HTTPS_PROXY", "LD_PRELOAD", "SOURCE_SECRETS"] {
        let found = problems(&format!("{{auth: {{type: bearer, token: {{secret: {name}}}}}}}"), "").concat();
        assert!(found.contains(&format!("the variable `{name}` has another purpose")), "{name}: {found}");
    }
}

#[test]
fn a_collection_inherits_the_request_of_its_source() {
    for (request, collection) in [
        ("{paginator: {type: json_link}, records_at: rows, format: json}", "answer: object"),
        (
            "{paginator: {type: json_link}, records_at: rows}",
            "request: {paginator: {type: single_page}, records_at: .}",
        ),
        ("{headers: {a: 1}, query: {b: true}, path: {c: x}, body: {d: [1]}}", "request: {query: {b: no, c: 1.5}}"),
        ("{auth: {type: http_basic, username: me, password: {secret: PASSWORD}}}", ""),
        (
            "{auth: {type: oauth2_client_credentials, access_token_url: 'http://[::1]:80/t', client_id: a, client_secret: {secret: B}}}",
            "",
        ),
    ] {
        assert_eq!(problems(request, collection), [""; 0], "{request} {collection}");
    }
}
