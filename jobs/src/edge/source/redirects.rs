//! Decides which redirects are followed, and how URLs are recorded.

use reqwest::Response;
use reqwest::header::LOCATION;
use url::Url;

use crate::failure::Failure;

const MOST: usize = 10;
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Returns the next URL of a request that went through `hops`, if the response is a redirect.
/// Fails for a loop, a redirect from https to http, and a redirect to a scheme other than http and https.
/// `hidden` removes secrets from a text.
pub(super) fn next(hops: &[Url], response: &Response, hidden: &dyn Fn(&str) -> String) -> Result<Option<Url>, Failure> {
    match (response.headers().get(LOCATION), hops) {
        (Some(location), [.., from]) if REDIRECTS.contains(&response.status().as_u16()) => {
            follow(hops, from, &String::from_utf8_lossy(location.as_bytes()), hidden).map(Some)
        }
        _ => Ok(None),
    }
}

fn follow(hops: &[Url], from: &Url, location: &str, hidden: &dyn Fn(&str) -> String) -> Result<Url, Failure> {
    let refused = |to: &str, why: &str| {
        let failure = Failure::refused(hidden(&format!("`{}` redirects to `{to}`: {why}", place(from))));
        failure.hint("change `base_url` and `path` in the contract, or --source-url, to the URL that serves the data")
    };
    let mut to = from.join(location).map_err(|_| refused("", "its `Location` header is not a URL"))?;
    to.set_fragment(None);
    let shown = place(&to);
    match (from.scheme(), to.scheme()) {
        ("https", "http") => Err(refused(&shown, "a redirect from https to http is not followed")),
        (_, "http" | "https") if hops.contains(&to) => Err(refused(&shown, "the redirects form a loop")),
        (_, "http" | "https") if hops.len() > MOST => Err(refused(&shown, "more than 10 redirects")),
        (_, "http" | "https") => Ok(to),
        _ => Err(refused(&shown, "only redirects to http and https are followed")),
    }
}

/// Warns if the response is from a different host than the one requested. An API may store its files on another host,
/// but a redirect to a network's login page looks the same.
pub(super) fn warn(hops: &[Url], hidden: &dyn Fn(&str) -> String) {
    if let [first, .., last] = hops
        && (first.host() != last.host() || first.scheme() == last.scheme() && first.port() != last.port())
    {
        let (first, url) = (hidden(&place(first)), hidden(&place(last)));
        tracing::warn!(url, "`{first}` was redirected to a different host: the response is from `{url}`");
    }
}

/// Returns the last of these URLs for logs and records: after a redirect without its query, which may hold a signature.
pub(super) fn recorded(hops: &[Url]) -> String {
    match hops {
        [first] => without_login(first),
        [.., last] if last.query().is_some() => format!("{}?…", place(last)),
        [.., last] => place(last),
        [] => String::new(),
    }
}

/// Returns a URL without its user name and password.
pub(super) fn without_login(url: &Url) -> String {
    let mut url = url.clone();
    // This fails only for URLs without a host, which have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// Returns a URL without its user name, password and query.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    without_login(&url)
}

#[cfg(test)]
#[path = "../../../tests/unit/edge/source/redirects.rs"]
mod tests;
