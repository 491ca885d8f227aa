//! A minimal S3 client without signatures, which MiniStack does not require.

use super::http;

/// Sends one request; returns the head and body of the response.
pub(crate) fn ask(endpoint: &str, method: &str, path: &str, body: &[u8]) -> (String, Vec<u8>) {
    http::ask(endpoint, (method, path), &[("Host", "s3")], body)
}

/// Creates a bucket with versioning, which MWAA requires.
pub(crate) fn make_bucket(endpoint: &str, name: &str) {
    ask(endpoint, "PUT", &format!("/{name}"), b"");
    let versions = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let (head, _) = ask(endpoint, "PUT", &format!("/{name}?versioning"), versions);
    assert!(head.contains(" 200 "), "{head}");
}

/// Returns every key in a bucket, page by page.
pub(crate) fn keys(endpoint: &str, bucket: &str) -> Vec<String> {
    let mut keys = Vec::<String>::new();
    loop {
        let after = keys.last().map(|key| format!("&start-after={key}")).unwrap_or_default();
        let (head, page) = ask(endpoint, "GET", &format!("/{bucket}?list-type=2{after}"), b"");
        assert!(head.contains(" 200 "), "{head}");
        let page = String::from_utf8(page).expect("text");
        let more = page.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned()));
        let before = keys.len();
        keys.extend(more);
        if keys.len() == before {
            return keys;
        }
    }
}
