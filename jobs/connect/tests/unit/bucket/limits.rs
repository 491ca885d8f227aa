//! The server on this machine responds late; it does not show how long S3 takes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{ObjectStoreExt, RetryConfig};

use super::*;

const USUAL: Duration = Duration::from_millis(200);

/// Responds to every request, three times later than the usual limit.
fn slow() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut request = vec![0; 64 << 10];
                let _ = stream.read(&mut request);
                thread::sleep(3 * USUAL);
                let text = "<CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>";
                let length = text.len();
                let _ = write!(stream, "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: {length}\r\n\r\n{text}");
            });
        }
    });
    format!("http://{address}")
}

fn bucket(long: Duration) -> AmazonS3 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = ClientOptions::new().with_allow_http(true).with_timeout(USUAL);
    let builder = AmazonS3Builder::new().with_client_options(options).with_http_connector(Limits { long });
    let builder = builder.with_endpoint(slow()).with_bucket_name("lake").with_region("eu-west-1");
    let retries = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    builder.with_access_key_id("x").with_secret_access_key("x").with_retry(retries).build().expect("a bucket")
}

#[tokio::test]
async fn only_requests_that_take_minutes_may_take_longer_than_the_usual_limit() {
    let (key, id) = (Path::from("a"), "1".to_owned());
    let parts = || vec![PartId { content_id: "1".to_owned() }];
    let patient = bucket(Duration::from_secs(30));
    patient.complete_multipart(&key, &id, parts()).await.expect("a completion is not cut");
    patient.put(&key, "x".into()).await.expect_err("other requests are");
    let usual = bucket(USUAL).complete_multipart(&key, &id, parts()).await;
    usual.expect_err("with the usual limit, a completion is cut");
}
