use super::*;

fn hop(from: &str, location: &str) -> Result<String, String> {
    let from = Url::parse(from).expect("a URL");
    follow(std::slice::from_ref(&from), &from, location, &str::to_owned)
        .map(Url::into)
        .map_err(|failure| failure.to_string())
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
        ("http://a.example/hens", "file:///etc/passwd", "only redirects to http and https are followed"),
        ("http://a.example/hens", "http://", "its `Location` header is not a URL"),
    ] {
        let error = hop(from, location).expect_err(location);
        assert!(error.contains("`http") && error.ends_with(problem), "{error}");
    }
    let many: Vec<Url> = (0..=MOST).map(|n| Url::parse(&format!("http://a.example/{n}")).expect("a URL")).collect();
    assert!(follow(&many[..MOST], &many[MOST - 1], "/next", &str::to_owned).is_ok());
    assert!(follow(&many, &many[MOST], "/next", &str::to_owned).is_err());
}

#[test]
fn a_login_and_a_signature_are_not_shown() {
    let error = hop("https://user:secret@a.example/hens?token=secret", "http://b.example/?signature=secret");
    assert!(error.as_ref().is_err_and(|error| !error.contains("secret") && error.contains("b.example")), "{error:?}");
    let url = Url::parse("https://user:secret@a.example/hens?page=2").expect("a URL");
    assert_eq!(recorded(std::slice::from_ref(&url)), "https://a.example/hens?page=2");
    assert_eq!(recorded(&[url.clone(), url]), "https://a.example/hens?…");
}
