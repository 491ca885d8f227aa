//! The source's HTTP API. (A source that consists of files is read through `edge/lake`.)

mod redirects;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use connect::Secret;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER, SET_COOKIE,
    TRANSFER_ENCODING,
};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::failure::Failure;
use crate::receipt::Receipt;

/// The longest `Retry-After` that the job waits for; it fails after a longer one.
pub const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// The longest time without data before a connection is closed.
const SILENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    base: Secret,
}

#[derive(Debug)]
pub enum Reply {
    /// 304: the content with this ETag is still current.
    NotModified(Evidence),
    Body(Body),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evidence {
    pub url: String,
    /// The requested URL, if it was redirected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<String>,
    pub status: u16,
    /// The response headers, without cookies.
    pub headers: BTreeMap<String, String>,
}

/// A response body, in the encoding that the server chose.
#[derive(Debug)]
pub struct Body {
    pub evidence: Evidence,
    pub etag: Option<String>,
    pub gzip: bool,
    /// Whether HTTP detects a truncated body, by its length or its chunks.
    pub delimited: bool,
    response: Response,
}

impl Api {
    /// Creates a client for the API at `base`, which is a scheme and host.
    pub fn new(base: &str) -> Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("dpworld/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(SILENCE)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| Failure::refused("cannot create the HTTP client").because(error))?;
        Ok(Self { client, base: base.trim_end_matches('/').into() })
    }

    /// Requests `path` and follows redirects. The ETag of an earlier response belongs to one URL (RFC 9110, section
    /// 8.8.3) and is sent only to that URL; the server then returns the content only if it has changed. After a 304
    /// with another ETag, the content is requested once more, without the condition.
    /// The failure is temporary for 408, 425, 429, 5xx, timeouts and broken connections.
    pub async fn get(&self, path: &str, mut earlier: Option<&Receipt>) -> Result<Reply> {
        let requested = format!("{}{path}", self.base.expose());
        let first = Url::parse(&requested)
            .map_err(|error| Failure::refused(format!("`{requested}` is not a valid URL")).because(error))?;
        let mut hops = vec![first];
        let (url, conditional, response) = loop {
            let (to, url) = (&hops[hops.len() - 1], redirects::recorded(&hops));
            let own = earlier.filter(|earlier| earlier.url == Some(redirects::without_login(to)));
            let etag = own.and_then(|earlier| earlier.etag.as_deref());
            let mut request =
                self.client.get(to.clone()).header(ACCEPT, "application/json").header(ACCEPT_ENCODING, "gzip");
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            let response = request.send().await.map_err(|error| broken(&url, error))?;
            match redirects::next(&hops, &response)? {
                Some(next) => hops.push(next),
                None if etag.is_some_and(|sent| is_for_another(sent, &response)) => {
                    tracing::warn!(url, "`{url}` returned 304 with another ETag; requesting it without a condition");
                    earlier = None;
                }
                None => break (url, etag.is_some(), response),
            }
        };
        let requested = (hops.len() > 1).then(|| redirects::recorded(&hops[..1]));
        let (status, headers) = (response.status(), response.headers());
        let evidence = Evidence { url: url.clone(), requested, status: status.as_u16(), headers: kept(headers) };
        if status == StatusCode::NOT_MODIFIED && conditional {
            return Ok(Reply::NotModified(evidence));
        }
        if status != StatusCode::OK {
            return Err(failed(&url, response).await.into());
        }
        redirects::warn(&hops);
        let encoding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("identity");
        let gzip = match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => false,
            "gzip" | "x-gzip" => true,
            other => {
                let message =
                    format!("`{url}` returned the content encoding `{other}`, but the request accepts only gzip");
                return Err(Failure::refused(message).into());
            }
        };
        Ok(Reply::Body(Body {
            evidence,
            etag: etag_of(headers).map(str::to_owned),
            gzip,
            delimited: headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING),
            response,
        }))
    }
}

impl Body {
    /// Returns the size of the encoded body, if the server announced it.
    pub fn announced(&self) -> Option<u64> {
        self.response.content_length()
    }

    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        self.response.chunk().await.map_err(|error| broken(&self.evidence.url, error))
    }
}

/// Returns the ETag; `*` is none, and would match every response.
fn etag_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(ETAG).and_then(|value| value.to_str().ok()).filter(|etag| etag.trim() != "*")
}

/// Returns whether a response is a 304 with another ETag than the one sent (compared as weak: RFC 9110, 8.8.3.2).
fn is_for_another(sent: &str, response: &Response) -> bool {
    let found = etag_of(response.headers()).filter(|_| response.status() == StatusCode::NOT_MODIFIED);
    found.is_some_and(|found| found.trim_start_matches("W/") != sent.trim_start_matches("W/"))
}

fn kept(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = headers.keys().filter(|name| **name != SET_COOKIE);
    // A repeated header is one list (RFC 9110, section 5.2).
    let all = |name| headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    shown.map(|name| (name.to_string(), all(name).collect::<Vec<_>>().join(", "))).collect()
}

fn broken(url: &str, error: reqwest::Error) -> anyhow::Error {
    let error = error.without_url();
    let message = if error.is_timeout() {
        format!("`{url}` did not respond in time")
    } else if error.is_connect() {
        format!("cannot connect to `{url}`")
    } else {
        format!("the connection to `{url}` was closed")
    };
    Failure::temporary(message).because(error).into()
}

/// Returns the error for a response without data, with the start of the body: APIs often explain errors there.
async fn failed(url: &str, mut response: Response) -> Failure {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
    let start = response.chunk().await.ok().flatten().unwrap_or_default();
    let text: String = String::from_utf8_lossy(&start).split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(120).collect();
    let body = if text.is_empty() { String::new() } else { format!(": `{text}`") };
    let message = format!("`{url}` returned {status}{body}");
    if !matches!(status.as_u16(), 408 | 425 | 429) && !status.is_server_error() {
        return Failure::refused(message).hint("check the contract's `path` and the source URL");
    }
    let failure = Failure::temporary(message).wait(wait);
    match wait.filter(|wait| *wait > LONGEST_WAIT) {
        None => failure,
        Some(wait) => {
            failure.hint(format!("wait {} s, as the server requested, then run the job again", wait.as_secs()))
        }
    }
}

/// Parses `Retry-After` in either of its forms (RFC 9110, section 10.2.3).
fn seconds(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some(at.signed_duration_since(chrono::Utc::now()).to_std().unwrap_or_default())
}
