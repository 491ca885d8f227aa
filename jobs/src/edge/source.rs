//! The source's HTTP API. (A source that consists of files is read through `edge/lake`.)

mod auth;
mod limiter;
mod redirects;
mod scrub;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use connect::Secret;
use contract::{Contract, Method};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, RETRY_AFTER, SET_COOKIE, TRANSFER_ENCODING,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Version, redirect};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::failure::Failure;
use crate::receipt::Receipt;
use crate::request::Ask;
use crate::secrets::Secrets;

use auth::{Token, hide_basic};
use limiter::Limiter;
use scrub::Scrub;

/// The longest `Retry-After` that the job waits for; it fails after a longer one.
pub const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// The longest time without data before a connection is closed.
const SILENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    base: Secret,
    auth: Option<contract::Auth>,
    /// Also the tokens that are requested on the way.
    secrets: Arc<RwLock<Secrets>>,
    token: Arc<tokio::sync::Mutex<Option<Token>>>,
    limiter: Option<Arc<Limiter>>,
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

/// A response body, in the encoding that the server chose; without encoding, if secrets are removed from it.
#[derive(Debug)]
pub struct Body {
    pub evidence: Evidence,
    pub etag: Option<String>,
    pub gzip: bool,
    /// Whether HTTP detects a truncated body, by its length or its chunks.
    pub delimited: bool,
    response: Response,
    scrub: Option<Box<Scrub>>,
}

impl Api {
    /// Creates a client for the API at `base`, which is a scheme and host.
    pub fn new(base: &str, contract: &Contract, mut secrets: Secrets) -> Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("dpworld/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(SILENCE)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| Failure::refused("cannot create the HTTP client").because(error))?;
        hide_basic(&client, contract, &mut secrets);
        Ok(Self {
            client,
            base: base.trim_end_matches('/').into(),
            auth: contract.request.auth.clone(),
            secrets: Arc::new(RwLock::new(secrets)),
            token: Arc::default(),
            limiter: contract.request.rate_limit.map(|limit| Arc::new(Limiter::new(limit))),
        })
    }

    /// Returns the first request for a path.
    pub fn ask(&self, request: &contract::Request, path: &str) -> Result<Ask, Failure> {
        Ask::new(request, self.base.expose(), path, &self.secrets())
    }

    fn secrets(&self) -> RwLockReadGuard<'_, Secrets> {
        self.secrets.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and follows redirects. The ETag of an earlier response belongs to one URL (RFC 9110, section
    /// 8.8.3) and is sent only to that URL; the server then returns the content only if it has changed. After a 304
    /// with another ETag, the content is requested once more, without the condition.
    /// The failure is temporary for 408, 425, 429, 5xx, the contract's `retry_statuses`, timeouts and broken
    /// connections. No text in a result or failure contains a secret.
    pub async fn send(&self, ask: &Ask, retry_statuses: &[u16], mut earlier: Option<&Receipt>) -> Result<Reply> {
        let (mut hops, mut rejected) = (vec![ask.url.clone()], None);
        let hidden = |url: &str| self.secrets().hidden(url);
        let recorded = |hops: &[Url]| hidden(&redirects::recorded(hops));
        let (url, conditional, response) = loop {
            let (to, url) = (&hops[hops.len() - 1], recorded(&hops));
            let of_url = earlier.filter(|earlier| {
                earlier.url.as_ref().is_some_and(|url| *url == hidden(&redirects::without_login(to)))
            });
            let etag = of_url.and_then(|earlier| earlier.etag.as_deref());
            let mut request = self.request(ask, to, rejected.as_deref()).await?;
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(limiter) = &self.limiter {
                limiter.wait().await;
            }
            let response = request.send().await.map_err(|error| broken(&url, error))?;
            let is_rejected = response.status() == StatusCode::UNAUTHORIZED && rejected.is_none();
            let next = redirects::next(&hops, &response, &hidden)?;
            match next {
                Some(next)
                    if ask.method == Method::Post
                        && !([307, 308].contains(&response.status().as_u16()) && is_same(&ask.url, &next)) =>
                {
                    let message =
                        format!("`{url}` redirects a POST with {}, which would lose its body", response.status());
                    return Err(Failure::refused(message).hint("change `base_url` and `path` in the contract").into());
                }
                Some(next) => hops.push(next),
                None if is_rejected && matches!(self.auth, Some(contract::Auth::Oauth2 { .. })) => {
                    rejected = self.last_token().await;
                }
                None if etag.is_some_and(|sent| is_for_another(sent, &response)) => {
                    tracing::warn!(url, "`{url}` returned 304 with another ETag; requesting it without a condition");
                    earlier = None;
                }
                None => break (url, etag.is_some(), response),
            }
        };
        let requested = (hops.len() > 1).then(|| recorded(&hops[..1]));
        let (status, headers) = (response.status(), response.headers());
        let kept = kept(headers, &self.secrets());
        let evidence = Evidence { url: url.clone(), requested, status: status.as_u16(), headers: kept };
        if status == StatusCode::NOT_MODIFIED && conditional {
            return Ok(Reply::NotModified(evidence));
        }
        if status != StatusCode::OK {
            let may_retry = retry_statuses.contains(&status.as_u16());
            return Err(self.failed(&url, response, may_retry).await.into());
        }
        redirects::warn(&hops, &hidden);
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
        let delimited = response.version() >= Version::HTTP_2
            || headers.contains_key(CONTENT_LENGTH)
            || headers.contains_key(TRANSFER_ENCODING);
        let scrub =
            (!self.secrets().is_empty()).then(|| Box::new(Scrub::new(self.secrets().filter(), gzip, delimited)));
        Ok(Reply::Body(Body {
            evidence,
            etag: etag_of(headers).map(str::to_owned),
            gzip: gzip && scrub.is_none(),
            delimited,
            response,
            scrub,
        }))
    }

    /// Builds a request to one URL. Headers, body and credentials of the contract are sent only to the host that it names.
    async fn request(&self, ask: &Ask, to: &Url, rejected: Option<&str>) -> Result<RequestBuilder> {
        let method = if ask.method == Method::Post { reqwest::Method::POST } else { reqwest::Method::GET };
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if !is_same(&ask.url, to) {
            return Ok(self.client.request(method, to.clone()).headers(headers));
        }
        for (name, value) in &ask.headers {
            let unusable = || Failure::refused(format!("the header `{name}` has characters that a header cannot have"));
            let mut value = HeaderValue::from_str(value).map_err(|_| unusable())?;
            value.set_sensitive(true);
            headers.insert(HeaderName::try_from(name).map_err(|_| unusable())?, value);
        }
        let mut to = to.clone();
        self.add_key(&mut to);
        let mut request = self.client.request(method, to);
        if let Some(body) = &ask.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request = request.body(body.to_string());
        }
        self.authenticate(request.headers(headers), rejected).await
    }

    /// Returns the error for a response without data, with the start of the body: APIs often explain errors there.
    async fn failed(&self, url: &str, mut response: Response, may_retry: bool) -> Failure {
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
        let start = response.chunk().await.ok().flatten().unwrap_or_default();
        let text = self.secrets().hidden(&String::from_utf8_lossy(&start));
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
        let body = if text.is_empty() { String::new() } else { format!(": `{text}`") };
        let message = format!("`{url}` returned {status}{body}");
        if !may_retry && !matches!(status.as_u16(), 408 | 425 | 429) && !status.is_server_error() {
            return Failure::refused(message).hint(match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    "check `request.auth` in the contract, and the values of its secrets"
                }
                _ => "check the contract's `path` and the source URL",
            });
        }
        let failure = Failure::temporary(message).wait(wait);
        match wait.filter(|wait| *wait > LONGEST_WAIT) {
            None => failure,
            Some(wait) => {
                failure.hint(format!("wait {} s, as the server requested, then run the job again", wait.as_secs()))
            }
        }
    }
}

impl Body {
    /// Returns the size of the encoded body, if the server announced it.
    pub fn announced(&self) -> Option<u64> {
        self.response.content_length()
    }

    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let piece = self.response.chunk().await.map_err(|error| broken(&self.evidence.url, error))?;
            let Some(scrub) = &mut self.scrub else { return Ok(piece) };
            let (is_last, clean) = match piece {
                Some(piece) => (false, scrub.push(&piece)?),
                None => (true, scrub.end()?),
            };
            if is_last && scrub.filter.found {
                scrub.filter.found = false;
                let url = &self.evidence.url;
                tracing::warn!(url, "the response of `{url}` contains a secret of the contract, which was removed");
            }
            match clean.is_empty() {
                false => return Ok(Some(clean.into())),
                true if is_last => return Ok(None),
                true => {}
            }
        }
    }
}

/// Returns whether a URL is on the host of the source, possibly with TLS instead of without.
fn is_same(source: &Url, to: &Url) -> bool {
    to.origin() == source.origin() || (to.scheme(), to.host(), to.port()) == ("https", source.host(), None)
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

fn kept(headers: &HeaderMap, secrets: &Secrets) -> BTreeMap<String, String> {
    let shown = headers.keys().filter(|name| **name != SET_COOKIE);
    // A repeated header is one list (RFC 9110, section 5.2).
    let all = |name| headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    shown.map(|name| (name.to_string(), secrets.hidden(&all(name).collect::<Vec<_>>().join(", ")))).collect()
}

fn broken(url: &str, error: reqwest::Error) -> anyhow::Error {
    let error = error.without_url();
    if error.is_builder() {
        let message = format!("the request to `{url}` cannot be sent: a token may have a line break");
        return Failure::refused(message).because(error).hint("correct the value of the secret").into();
    }
    let message = if error.is_timeout() {
        format!("`{url}` did not respond in time")
    } else if error.is_connect() {
        format!("cannot connect to `{url}`")
    } else {
        format!("the connection to `{url}` was closed")
    };
    Failure::temporary(message).because(error).into()
}

/// Parses `Retry-After` in either of its forms (RFC 9110, section 10.2.3).
fn seconds(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some(at.signed_duration_since(chrono::Utc::now()).to_std().unwrap_or_default())
}
