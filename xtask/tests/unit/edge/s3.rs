//! Responses to writes that arrive after the time limit of the request. The server on this machine checks only the
//! conditions of a write.

use std::collections::BTreeMap;
use std::thread;

use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{Credentials, Region, SharedCredentialsProvider};
use tiny_http::{Header, Response, Server};

use super::*;

const LIMIT: Duration = Duration::from_millis(500);

/// Serves the objects of one bucket. The response to the write with this number arrives too late; if `stores` is false, its
/// object is not stored.
fn server(late_write: usize, stores: bool) -> String {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", server.server_addr());
    thread::spawn(move || {
        let (mut objects, mut writes) = (BTreeMap::<String, Vec<u8>>::new(), 0);
        for mut request in server.incoming_requests() {
            let key = request.url().to_owned();
            let header = |name: &'static str| {
                let found = request.headers().iter().find(|header| header.field.equiv(name));
                found.map(|found| found.value.to_string())
            };
            let etag = |bytes: &[u8]| format!("\"{}\"", String::from_utf8_lossy(bytes));
            let current = objects.get(&key).map(|bytes| etag(bytes));
            let (mut status, mut late) = (200, false);
            if request.method().as_str() == "PUT" {
                writes += 1;
                late = writes == late_write;
                let permitted = match header("if-match") {
                    Some(over) => current == Some(over),
                    None => header("if-none-match").as_deref() == Some("*") && current.is_none(),
                };
                let mut bytes = Vec::new();
                request.as_reader().read_to_end(&mut bytes).expect("a body");
                match permitted {
                    true if stores || !late => _ = objects.insert(key.clone(), bytes),
                    true => {}
                    false => status = 412,
                }
            }
            let stored = objects.get(&key).cloned();
            let status = if stored.is_none() { 404 } else { status };
            let bytes = stored.unwrap_or_default();
            let headers = [("ETag", etag(&bytes)), ("Last-Modified", "Mon, 05 Jan 2026 09:30:00 GMT".to_owned())];
            let response = headers.iter().fold(Response::from_data(bytes), |response, (name, value)| {
                response.with_header(Header::from_bytes(*name, value.as_bytes()).expect("a header"))
            });
            thread::spawn(move || {
                thread::sleep(if late { 3 * LIMIT } else { Duration::ZERO });
                // A late client has closed the connection.
                let _ = request.respond(response.with_status_code(status));
            });
        }
    });
    endpoint
}

async fn bucket(endpoint: &str) -> Bucket {
    let keys = SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
    let config =
        SdkConfig::builder().endpoint_url(endpoint).region(Region::new("eu-west-1")).credentials_provider(keys);
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(LIMIT).build();
    Bucket::open("bucket", &config.timeout_config(timeouts).build()).await.expect("a bucket")
}

#[test]
fn a_write_whose_response_is_late_is_done_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (late_write, stores) in [(1, true), (1, false), (2, true), (2, false)] {
        runtime.block_on(async {
            let bucket = bucket(&server(late_write, stores)).await;
            let new = bucket.put("a", b"one".to_vec(), None).await.expect("a new object");
            let changed = bucket.put("a", b"two".to_vec(), Some(&new.etag)).await.expect("a changed object");
            assert_eq!((new.etag.as_str(), changed.etag.as_str()), ("\"one\"", "\"two\""));
            assert_eq!(bucket.get("a").await.expect("an object").bytes, b"two");
            bucket.put("a", b"three".to_vec(), Some(&new.etag)).await.expect_err("another object");
        });
    }
}
