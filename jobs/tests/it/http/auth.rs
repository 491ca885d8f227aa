//! Requests are authenticated as the contract says, and the secrets are nowhere: not in the lake, logs or errors.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::program::{Ended, Program};
use crate::support::server::{Request, Response, Server};
use crate::support::zoo::{Zoo, animals};

const SECRET: &str = "s3cr3t/+ =tok&n";

fn zoo(request: &str) -> Zoo {
    let zoo = Zoo::empty();
    zoo.amend("base_url: http://zoo.example\n", &format!("base_url: http://zoo.example\nrequest: {request}\n"));
    zoo
}

fn program(zoo: &Zoo, server: &Server, run: &str) -> Program {
    let program =
        zoo.transformation_from(&server.url(), run).option("--collections", "animals").option("--log", "json");
    program.option("--log-level", "debug").env("KEY", SECRET).secret(SECRET)
}

/// Checks that no stored object contains the secret, in any form.
#[track_caller]
fn nowhere(zoo: &Zoo, ended: &Ended, secret: &str) {
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for form in [secret, &encoded, &encoded.replace('+', "%20"), &secret.replace('/', "\\/")] {
        for key in zoo.lake.keys("") {
            let bytes = zoo.lake.read(&key);
            assert!(!bytes.windows(form.len()).any(|part| part == form.as_bytes()), "`{form}` is in {key}");
        }
        assert!(!ended.stderr.contains(form) && !ended.stdout.contains(form), "`{form}` is shown\n{}", ended.stderr);
    }
}

fn ada() -> Response {
    Response::json(&animals(&[(1, "Ada")]))
}

#[test]
fn every_kind_of_credentials_is_sent() {
    type Check = fn(&Request) -> bool;
    let kinds: [(&str, Check); 5] = [
        ("{auth: {type: bearer, token: {secret: KEY}}}", |request| {
            request.header("Authorization") == Some(&format!("Bearer {SECRET}"))
        }),
        ("{auth: {type: api_key, name: X-Key, api_key: {secret: KEY}}}", |request| {
            request.header("x-key") == Some(SECRET)
        }),
        ("{auth: {type: api_key, name: key, api_key: {secret: KEY}, location: query}}", |request| {
            request.parameter("key").as_deref() == Some(SECRET)
        }),
        ("{auth: {type: http_basic, username: me, password: {secret: KEY}}}", |request| {
            request.header("Authorization") == Some("Basic bWU6czNjcjN0LysgPXRvayZu")
        }),
        ("{headers: {X-Key: {secret: KEY}, Accept: text/json}, query: {lang: en, k: {secret: KEY}}}", |request| {
            request.header("X-Key") == Some(SECRET)
                && request.header("Accept") == Some("text/json")
                && request.parameter("lang").as_deref() == Some("en")
                && request.parameter("k").as_deref() == Some(SECRET)
        }),
    ];
    for (request, check) in kinds {
        eprintln!("{request}");
        let zoo = zoo(request);
        // The server repeats everything that it received.
        let server = Server::serving(move |request| {
            if !check(request) {
                return Response::new(401, format!("no {}", request.path));
            }
            let echo = json!([{"id": 1, "name": "Ada", "tags": {"path": request.path, "key": SECRET}}]);
            Response::json(&echo).header("X-Echo", SECRET).header("X-Path", &request.path)
        });
        let ended = program(&zoo, &server, "r1").run();
        ended.done();
        nowhere(&zoo, &ended, SECRET);
        assert!(ended.stderr.contains("contains a secret of the contract, which was removed"), "{}", ended.stderr);
        let raw = zoo.lake.json(&zoo.lake.raw("zoo", "r1", "animals"));
        assert_eq!(raw[0]["tags"]["key"], "***");
        // The same from the JSON object that AWS Batch passes; and a server that rejects it.
        let all = json!({"KEY": SECRET, "OTHER": "x"}).to_string();
        program(&zoo, &server, "r2").env("KEY", "").env("SOURCE_SECRETS", &all).run().done();
        let ended = program(&zoo, &server, "r3").env("KEY", "another-secret").secret("another-secret").run();
        ended.refused(&["returned 401 Unauthorized", "check `request.auth` in the contract"]);
        nowhere(&zoo, &ended, "another-secret");
    }
}

#[test]
fn a_secret_that_is_not_set_is_named() {
    let zoo = zoo("{auth: {type: bearer, token: {secret: KEY}}, headers: {X: {secret: OTHER}}}");
    let server = Server::start();
    let run = |program: Program| program.env("KEY", "").run();
    run(program(&zoo, &server, "r1")).refused(&["the contract needs the secret `KEY`, `OTHER`, which is not set"]);
    let incomplete = program(&zoo, &server, "r1").env("SOURCE_SECRETS", r#"{"KEY": "x"}"#);
    run(incomplete).refused(&["needs the secret `OTHER`", "add it to the JSON object that `sources.<name>.secret`"]);
    let broken = program(&zoo, &server, "r1").env("SOURCE_SECRETS", "KEY=verysecret").secret("verysecret");
    run(broken).refused(&["SOURCE_SECRETS is not a JSON object of names and texts"]);
    program(&zoo, &server, "r1")
        .env("OTHER", "two\nlines")
        .secret("two")
        .run()
        .refused(&["the header `X` has characters"]);
    assert!(server.all().is_empty());
    // A replay sends no request, and needs no secret.
    zoo.transformation_from("http://127.0.0.1:9", "r1").run().refused(&["which is not set"]);
}

#[test]
fn credentials_are_not_sent_to_another_host() {
    let zoo =
        zoo("{auth: {type: bearer, token: {secret: KEY}}, headers: {X-Key: {secret: KEY}}, query: {k: {secret: KEY}}}");
    let other = Server::serving(|_| ada());
    // `localhost` and 127.0.0.1 are the same server, but different hosts.
    let location = format!("{}/files/1?signature=x", other.url().replace("127.0.0.1", "localhost"));
    let server = Server::serving(move |_| Response::new(302, "").header("Location", &location));
    let ended = program(&zoo, &server, "r1").run();
    ended.done();
    nowhere(&zoo, &ended, SECRET);
    let [asked] = <[Request; 1]>::try_from(other.all()).expect("one request");
    assert_eq!((asked.header("Authorization"), asked.header("X-Key")), (None, None));
    assert_eq!(asked.path, "/files/1?signature=x");
}

/// A server that issues tokens, of which only the newest is valid, and lists animals on three pages.
fn oauth(form: &'static str, expires_in: Option<u64>) -> Server {
    let issued = Arc::new(Mutex::new(0));
    let mut rejected = false;
    Server::serving(move |request| {
        let mut issued = issued.lock().expect("a number");
        if request.path == "/token" {
            let basic = request.header("Authorization") == Some("Basic bWUlNDA6czNjcjN0JTJGJTJCKyUzRHRvayUyNm4=");
            let has_client =
                if form == "header" { basic } else { request.body.contains("client_id=me%40&client_secret=s3") };
            if !has_client || !request.body.contains("grant_type=client_credentials&scope=read+all&audience=zoo") {
                return Response::json(&json!({"error": "invalid_client", "for": "wrong-secret"})).status(401);
            }
            *issued += 1;
            return Response::json(
                &json!({"access_token": format!("token-{issued}-{issued}"), "expires_in": expires_in}),
            );
        }
        let page: usize = request.parameter("page").map_or(1, |page| page.parse().expect("a number"));
        let is_current = request.header("Authorization") == Some(&format!("Bearer token-{issued}-{issued}"));
        // The first token ends before the second page.
        if !is_current || page == 2 && !std::mem::replace(&mut rejected, true) {
            return Response::new(401, "expired");
        }
        let next = (page < 3).then(|| format!("/animals?page={}&token=token-{issued}-{issued}", page + 1));
        Response::json(&json!({"next": next, "rows": animals(&[(page as u32, "Ada")])}))
    })
}

#[test]
fn a_token_is_requested_once_and_again_when_it_is_rejected_or_ends() {
    for (form, expires_in, tokens) in [("header", Some(3600), 2), ("body", None, 2), ("header", Some(0), 4)] {
        let server = oauth(form, expires_in);
        let zoo = zoo(&format!(
            "{{records_at: rows, paginator: {{type: json_link}}, auth: {{type: oauth2_client_credentials, access_token_url: \
             '{}/token', client_id: me@, client_secret: {{secret: KEY}}, scope: read all, client_authentication: {form}, \
             access_token_request_data: {{audience: zoo}}}}}}",
            server.url()
        ));
        let ended = program(&zoo, &server, "r1").run();
        assert_eq!(ended.done()["collections"]["animals"]["tables"][0]["rows"], 3);
        assert_eq!(server.requests("/token").len(), tokens, "{form}");
        for secret in [SECRET, "token-1-1", "token-2-2"] {
            nowhere(&zoo, &ended, secret);
        }
        let wrong = program(&zoo, &server, "r2").env("KEY", "wrong-secret").secret("wrong-secret");
        wrong.run().refused(&["/token` returned 401 Unauthorized", "invalid_client", "`request.auth`"]);
    }
}

/// Many servers repeat the whole query in the link to the next page, and take the first of two values.
#[test]
fn a_link_that_repeats_the_credentials_is_followed_with_them() {
    for request in [
        "auth: {type: api_key, name: key, api_key: {secret: KEY}, location: query}",
        "query: {key: {secret: KEY}, lang: en}",
    ] {
        let zoo = zoo(&format!("{{records_at: rows, paginator: {{type: json_link}}, {request}}}"));
        let server = Server::serving(|request| {
            if request.parameter("key").as_deref() != Some(SECRET) {
                return Response::new(401, "no key");
            }
            let page: u32 = request.parameter("page").map_or(1, |page| page.parse().expect("a number"));
            let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
            let next = (page < 3).then(|| format!("/animals?key={encoded}&page={}", page + 1));
            Response::json(&json!({"next": next, "rows": animals(&[(page, "Ada")])}))
        });
        let ended = program(&zoo, &server, "r1").run();
        assert_eq!(ended.done()["collections"]["animals"]["tables"][0]["rows"], 3, "{request}");
        nowhere(&zoo, &ended, SECRET);
    }
}

#[test]
fn a_packed_response_is_searched_for_secrets_as_well() {
    let zoo = zoo("{auth: {type: bearer, token: {secret: KEY}}}");
    let body = json!([{"id": 1, "name": "Ada", "tags": [SECRET]}]).to_string();
    let packed = super::bodies::zipped(body.as_bytes());
    let server = Server::start();
    server.respond("/animals", [Response::new(200, packed.clone()).header("Content-Encoding", "gzip")]);
    let ended = program(&zoo, &server, "r1").run();
    ended.done();
    nowhere(&zoo, &ended, SECRET);
    let raw: Value = zoo.lake.json(&zoo.lake.raw("zoo", "r1", "animals"));
    assert_eq!(raw[0]["tags"], json!(["***"]));
    server.respond("/animals", [Response::new(200, &packed[..20]).header("Content-Encoding", "gzip")]);
    program(&zoo, &server, "r2").run().refused(&["declared as gzip, but cannot be decompressed"]);
}
