//! Where a response sends its reader on to, and when that is refused.

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use url::Url;

use crate::failure::Failure;

/// How many redirects are followed.
const MOST: usize = 10;

/// The next URL of a request that went through `hops`, if the response is a redirect.
///
/// # Errors
/// Refused for a redirect that must not be followed: a loop, from https to http, to something other than HTTP.
pub(super) fn next(hops: &[Url], response: &Response) -> Result<Option<Url>, Failure> {
    let redirects = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    match (response.headers().get(LOCATION), hops) {
        (Some(location), [.., from]) if redirects.contains(&response.status()) => {
            follow(hops, from, &String::from_utf8_lossy(location.as_bytes())).map(Some)
        }
        _ => Ok(None),
    }
}

fn follow(hops: &[Url], from: &Url, location: &str) -> Result<Url, Failure> {
    let refused = |to: &str, why: &str| {
        let failure = Failure::refused(format!("`{}` redirects to `{to}`: {why}", place(from)));
        failure.hint("set `base_url` and `path` in the contract, or --source-url, to the address that has the data")
    };
    let mut to = from.join(location).map_err(|_| refused("", "its Location is not a URL"))?;
    to.set_fragment(None);
    let shown = place(&to);
    match (from.scheme(), to.scheme()) {
        ("https", "http") => Err(refused(&shown, "a redirect from https to http is not followed")),
        (_, "http" | "https") if hops.contains(&to) => Err(refused(&shown, "the redirects form a loop")),
        (_, "http" | "https") if hops.len() > MOST => {
            Err(refused(&shown, "more than 10 redirects, one after the other"))
        }
        (_, "http" | "https") => Ok(to),
        _ => Err(refused(&shown, "only http and https are followed")),
    }
}

/// Warns when another host than the one that was asked sent the response. An API may keep its files on another host; a
/// network's login page looks the same.
pub(super) fn warn(hops: &[Url]) {
    if let [first, .., last] = hops
        && first.host() != last.host()
    {
        tracing::warn!(
            url = place(last),
            "`{}` was redirected to another host: the response is from `{}`",
            place(first),
            place(last)
        );
    }
}

/// The last of these URLs as it is recorded and shown. The query of one that a redirect led to may hold a signature.
pub(super) fn recorded(hops: &[Url]) -> String {
    match hops {
        [first] => without_login(first),
        [.., last] if last.query().is_some() => format!("{}?…", place(last)),
        [.., last] => place(last),
        [] => String::new(),
    }
}

/// A URL without user name and password.
pub(super) fn without_login(url: &Url) -> String {
    let mut url = url.clone();
    // Only URLs without a host refuse this, and they have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// A URL without its query as well.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    without_login(&url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(from: &str, location: &str) -> Result<String, String> {
        let from = Url::parse(from).expect("a URL");
        follow(std::slice::from_ref(&from), &from, location).map(Url::into).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_redirect_is_followed_within_http_and_never_from_https_to_http() {
        for (from, location, to) in [
            ("http://a.example/hens", "/birds?x=1#top", "http://a.example/birds?x=1"),
            ("http://a.example/hens", "https://a.example/hens", "https://a.example/hens"),
            ("https://a.example/hens", "//b.example/hens", "https://b.example/hens"),
        ] {
            assert_eq!(hop(from, location).as_deref(), Ok(to));
        }
        for (from, location, problem) in [
            ("https://a.example/hens", "http://a.example/hens", "a redirect from https to http is not followed"),
            ("http://a.example/hens", "/hens#again", "the redirects form a loop"),
            ("http://a.example/hens", "file:///etc/passwd", "only http and https are followed"),
            ("http://a.example/hens", "http://", "its Location is not a URL"),
        ] {
            let error = hop(from, location).expect_err(location);
            assert!(error.contains("`http") && error.ends_with(problem), "{error}");
        }
        let many: Vec<Url> = (0..=MOST).map(|n| Url::parse(&format!("http://a.example/{n}")).expect("a URL")).collect();
        assert!(follow(&many[..MOST], &many[MOST - 1], "/next").is_ok());
        assert!(follow(&many, &many[MOST], "/next").is_err());
    }

    #[test]
    fn a_login_and_a_signature_are_not_shown() {
        let error = hop("https://user:secret@a.example/hens?token=secret", "http://b.example/?signature=secret");
        assert!(
            error.as_ref().is_err_and(|error| !error.contains("secret") && error.contains("b.example")),
            "{error:?}"
        );
        let url = Url::parse("https://user:secret@a.example/hens?page=2").expect("a URL");
        assert_eq!(recorded(std::slice::from_ref(&url)), "https://a.example/hens?page=2");
        assert_eq!(recorded(&[url.clone(), url]), "https://a.example/hens?…");
    }
}
