//! Tests headers that announce more records than the response has.

use super::*;

fn claims(name: &str, value: &str) -> Claims {
    Claims::of(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
}

#[test]
fn a_next_page_is_found_in_every_form_of_link() {
    for (link, next) in [
        (r#"</hens?page=2>; rel="next""#, true),
        ("</hens?page=2>; rel=next", true),
        ("</hens?page=2>;REL=Next", true),
        (r#"</hens?page=2> ; title="a, b; rel=\"last\"" ; rel = "next""#, true),
        (r#"</hens?page=1>; rel="first", </hens?page=2>; rel="last  next""#, true),
        ("</hens?ids=1,2;3>; rel=prev, </hens?page=2>; rel=next", true),
        (r#"</hens?page=1>; rel="prev", </hens?page=9>; rel="last""#, false),
        (r#"</style.css>; rel=preload; title="rel=next""#, false),
        (r#"</hens>; rel="prev"; rel="next""#, false),
        ("</hens?rel=next>; rel=self", false),
        ("</next>; rel=nextish", false),
        ("rel=next", false),
        ("<", false),
        ("", false),
    ] {
        assert_eq!(claims("link", link), Claims { next, total: None }, "{link}");
    }
}

#[test]
fn a_total_is_compared_with_the_records_that_were_read() {
    for (name, value, total) in [
        ("x-total-count", "100", Some(100)),
        ("x-total", " 100 ", Some(100)),
        ("total-count", "100", Some(100)),
        ("x-total-count", "20, 100", Some(100)),
        ("content-range", "items 0-9/100", Some(100)),
        ("content-range", "hens */100", Some(100)),
        ("content-range", "bytes 0-9/100", None),
        ("content-range", "items 0-9/*", None),
        ("x-total-count", "many", None),
        ("x-total-count", "-1", None),
        ("x-total-pages", "7", None),
    ] {
        let missing = claims(name, value).missing(10);
        assert_eq!(missing.is_some(), total.is_some(), "{name}: {value}");
        assert!(missing.is_none_or(|words| words.contains("has 10 records") && words.contains(" reports 100")));
    }
    assert_eq!(claims("x-total-count", "10").missing(10), None);
    assert_eq!(claims("x-total-count", "9").missing(10), None, "records may have been added since the count");
}
