//! Two invented APIs on this machine. Both stop with the test.
//!
//! * Orders: OAuth2 client credentials with tokens for five seconds, cursors, a limit of requests, nested lines.
//! * Stations: pages by offset, a total, the time of the last change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use base64::Engine as _;
use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};
use url::Url;

pub(crate) const ORDERS: usize = 45;
pub(crate) const STATIONS: usize = 35;
/// The credentials of the orders. Both must not appear anywhere but in this API's requests.
pub(crate) const CLIENT: [(&str, &str); 2] =
    [("SHOP_CLIENT_ID", "client-cAnAry-7f3a9"), ("SHOP_CLIENT_SECRET", "s3cret/cAnAry+\"quoted\" 91")];
/// The start of each token; a token must not appear anywhere, either.
const TOKEN: &str = "token-cAnAry-";

/// A response: its status, headers and body.
type Answer = (u16, Vec<(&'static str, String)>, Value);

/// Starts a server; returns its URL.
fn serve(answer: impl Fn(&mut Request, &Url) -> Answer + Send + 'static) -> String {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", server.server_addr());
    let base = Url::parse(&url).expect("a URL");
    thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let asked = base.join(request.url()).expect("a path");
            let (status, headers, body) = answer(&mut request, &asked);
            let mut response = Response::from_string(body.to_string()).with_status_code(status);
            for (name, value) in headers {
                response.add_header(Header::from_bytes(name, value).expect("a header"));
            }
            // The client may be gone.
            let _ = request.respond(response);
        }
    });
    url
}

fn header<'r>(request: &'r Request, name: &'static str) -> &'r str {
    let found = request.headers().iter().find(|header| header.field.equiv(name));
    found.map_or("", |header| header.value.as_str())
}

fn number(url: &Url, name: &str) -> Option<usize> {
    url.query_pairs().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
}

fn seconds() -> u64 {
    std::time::UNIX_EPOCH.elapsed().expect("a time").as_secs()
}

/// Starts the API of the orders.
pub(crate) fn orders() -> String {
    let requests = AtomicU64::new(0);
    let login = CLIENT.map(|(_, value)| urlencoded(value)).join(":");
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login));
    serve(move |request, url| {
        if url.path() == "/oauth/token" {
            let mut form = String::new();
            request.as_reader().read_to_string(&mut form).expect("a form");
            let is_right = *request.method() == Method::Post && form.contains("grant_type=client_credentials");
            return match is_right && header(request, "Authorization") == basic {
                true => (200, vec![], json!({"access_token": format!("{TOKEN}{}", seconds()), "expires_in": 5})),
                // As some servers do, it repeats what it got.
                false => (401, vec![], json!({"error": "invalid_client", "got": header(request, "Authorization")})),
            };
        }
        let token = header(request, "Authorization").strip_prefix("Bearer ").and_then(|it| it.strip_prefix(TOKEN));
        let age = token.and_then(|issued| issued.parse().ok()).map(|issued: u64| seconds() - issued);
        if age.is_none_or(|age| age > 5) {
            return (401, vec![], json!({"error": "expired", "got": header(request, "Authorization")}));
        }
        if requests.fetch_add(1, Ordering::Relaxed) % 4 == 3 {
            return (429, vec![("Retry-After", "1".to_owned())], json!({"error": "slow down"}));
        }
        match url.path() {
            "/v2/orders" => {
                let start = number(url, "cursor").unwrap_or(0);
                let end = ORDERS.min(start + 10);
                let next = (end < ORDERS).then(|| end.to_string());
                let page: Vec<Value> = (start..end).map(order).collect();
                (200, vec![], json!({"data": page, "meta": {"next_cursor": next, "echo": CLIENT[1].1}}))
            }
            _ => (404, vec![], json!({"error": "nothing is here"})),
        }
    })
}

/// Returns the pages of the orders, for samples.
pub(crate) fn pages_of_orders() -> Vec<Value> {
    let page = |start: usize, next: Value| {
        let orders: Vec<Value> = (start..ORDERS.min(start + 10)).map(order).collect();
        json!({"data": orders, "meta": {"next_cursor": next}})
    };
    vec![page(0, "10".into()), page(10, "20".into())]
}

fn order(index: usize) -> Value {
    let lines: Vec<Value> = (0..=index % 3)
        .map(|line| json!({"sku": format!("sku-{line}"), "quantity": line + 1, "price_eur": 2.5 + index as f64}))
        .collect();
    let city = ["Graz", "Łódź"][index % 2];
    json!({
        "id": format!("o-{index:04}"),
        "placed_at": format!("2031-05-{:02}T08:{:02}:00Z", index % 28 + 1, index % 60),
        "customer": {"email": format!("customer{index}@example.org"), "city": city},
        "lines": lines,
    })
}

/// Encodes as a form does (RFC 6749, appendix B).
fn urlencoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// Starts the API of the stations.
pub(crate) fn stations() -> String {
    serve(|_, url| {
        let (start, limit) = (number(url, "offset").unwrap_or(0), number(url, "limit").unwrap_or(10).min(10));
        let items: Vec<Value> = (start..STATIONS.min(start + limit)).map(station).collect();
        match url.path() {
            "/api/stations" => (200, vec![], json!({"total": STATIONS, "items": items})),
            _ => (404, vec![], json!({"error": "nothing is here"})),
        }
    })
}

fn station(index: usize) -> Value {
    json!({
        "id": index + 1,
        "name": format!("Station {index}"),
        "height_m": 400 + index,
        "updated_at": format!("2031-06-{:02}T10:00:00Z", index % 30 + 1),
    })
}
