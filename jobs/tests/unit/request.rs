//! Tests the URLs and bodies of requests.

use serde_json::json;

use super::*;

fn ask(request: &str, base: &str, path: &str) -> Result<Ask, Failure> {
    let request: Request = serde_yaml(request);
    Ask::new(&request, base, path, &Secrets::default())
}

/// Parses a request as part of a contract.
fn serde_yaml(request: &str) -> Request {
    let columns = "columns: {id: {type: integer, doc: d}}";
    let text = format!(
        "source: s\nbase_url: http://h\nrequest: {request}\ncollections: {{c: {{path: /c, key: id, doc: d, {columns}}}}}"
    );
    contract::Contract::parse(&text, "c.yaml").expect("a contract").request
}

#[test]
fn parameters_are_part_of_the_url() {
    for (request, path, expected) in [
        ("{}", "/v1/hens", "http://h/api/v1/hens"),
        ("{query: {a: 1, b: true, c: x y&z}}", "/hens?a=0&d=4", "http://h/api/hens?d=4&a=1&b=true&c=x+y%26z"),
        ("{path: {farm: a/b c, id: 7}}", "/{farm}/{id}/hens", "http://h/api/a%2Fb%20c/7/hens"),
    ] {
        let ask = ask(request, "http://h/api/", path).expect("a URL");
        assert_eq!((ask.url.as_str(), ask.method), (expected, Method::Get), "{request}");
    }
    let failure = ask("{}", "http://h:port", "/hens").err().expect("no port");
    assert_eq!(failure.to_string(), "`http://h:port/hens` is not a valid URL");
}

#[test]
fn a_parameter_can_be_a_path_in_the_body() {
    let mut ask = ask("{body: {filter: {}, limit: 5}}", "http://h", "/hens").expect("a URL");
    ask.set("$.options.page", &3.into());
    ask.set("$.limit.of.page", &"x".into());
    assert_eq!(ask.body, Some(json!({"filter": {}, "limit": {"of": {"page": "x"}}, "options": {"page": 3}})));
    assert_eq!((ask.method, ask.url.as_str()), (Method::Post, "http://h/hens"));
}

#[test]
fn a_link_leads_only_to_the_source() {
    let follow = |from: &str, link: &str| {
        let mut ask = ask("{}", from, "/v1/hens?key=1").expect("a URL");
        ask.follow(&Next::Url(link.to_owned()), "https://hens.example/api").map(|()| ask.url.to_string())
    };
    for (from, link, expected) in [
        ("https://h", "?page=2", "https://h/v1/hens?page=2"),
        ("https://h", "/v2?page=2#top", "https://h/v2?page=2"),
        ("https://h", "https://h/x", "https://h/x"),
        ("https://h", "http://h/x?y=1", "https://h/x?y=1"),
        ("http://me:pw@h:1", "http://h:1/x", "http://me:pw@h:1/x"),
        // A server that plays the part of the source has its links.
        ("http://127.0.0.1:9", "https://hens.example/v1/hens?page=2", "http://127.0.0.1:9/v1/hens?page=2"),
    ] {
        assert_eq!(follow(from, link).expect(link), expected);
    }
    for (from, link) in [
        ("https://h", "https://other/x"),
        ("https://h", "//other/x"),
        ("https://h", "https://h:444/x"),
        ("https://h", "http://h:80/x:"),
        ("http://h", "https://h.other/x"),
        ("https://h", "file:///etc/passwd"),
        ("https://h", "http://[::"),
    ] {
        let is_upgrade = link == "http://h:80/x:";
        assert_eq!(follow(from, link).is_err(), !is_upgrade, "{link}");
    }
}
