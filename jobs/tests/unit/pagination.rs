//! Tests headers and fields that report more records than the response has.

use super::*;

fn claims(name: &str, value: &str) -> Claims {
    Claims::of(&BTreeMap::from([(name.to_owned(), value.to_owned())]), 1)
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
        let pages = next.then(|| "its `Link` header refers to a next page".to_owned());
        assert_eq!(claims("link", link), Claims { pages, ..Claims::default() }, "{link}");
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
        ("x-wp-total", "100", Some(100)),
        ("x-pagination-total-count", "100", Some(100)),
        ("total", "100", Some(100)),
        ("total", "12.50 EUR", None),
    ] {
        let missing = claims(name, value).missing(10);
        assert_eq!(missing.is_some(), total.is_some(), "{name}: {value}");
        assert!(missing.is_none_or(|words| words.contains("has 10 records") && words.contains(" reports 100")));
    }
    assert_eq!(claims("x-total-count", "10").missing(10), None);
    assert_eq!(claims("x-total-count", "9").missing(10), None, "records may have been added since the count");
}

#[test]
fn a_header_can_refer_to_other_pages() {
    for (name, value, words) in [
        ("x-total-pages", "3", Some("its `X-Total-Pages` header reports 3 pages")),
        ("x-wp-totalpages", "2", Some("its `X-WP-TotalPages` header reports 2 pages")),
        ("x-total-pages", "1", None),
        ("x-total-pages", "many", None),
        ("x-next-page", "2", Some("its `X-Next-Page` header refers to a next page")),
        ("x-next-page", "", None),
        ("x-next-cursor", "a,b=", Some("its `X-Next-Cursor` header refers to a next page")),
        ("x-has-more", "true", Some("its `X-Has-More` header refers to a next page")),
        ("x-has-more", "False", None),
        ("x-continuation-token", "abc", Some("its `X-Continuation-Token` header refers to a next page")),
        ("x-ms-continuation", "abc", Some("its `x-ms-continuation` header refers to a next page")),
        ("x-page", "1", None),
        ("x-pagination", r#"{"TotalCount":93,"HasNext":true}"#, Some("its field `HasNext` is true")),
        ("x-pagination", r#"{"TotalCount":10,"HasNext":false}"#, None),
    ] {
        let expected = words.map(|words| format!("has 10 records, but {words}"));
        assert_eq!(claims(name, value).missing(10), expected, "{name}: {value}");
    }
}

#[test]
fn an_object_that_is_a_page_is_recognized() {
    let more = "its field `hasNextPage` is true";
    for (json, words) in [
        // As the SpaceX API returns it, with fewer records.
        (
            r#"{"docs":[{},{}],"totalDocs":142,"offset":0,"limit":10,"totalPages":15,"page":1,"pagingCounter":1,
               "hasPrevPage":false,"hasNextPage":true,"prevPage":null,"nextPage":2}"#,
            &["its field `totalDocs` is 142", more][..],
        ),
        (r#"{"docs":[{},{}],"totalDocs":2,"limit":10,"totalPages":1,"hasNextPage":false,"nextPage":null}"#, &[]),
        (r#"{"docs":[],"totalDocs":0,"limit":10,"page":1,"hasNextPage":false,"nextPage":null}"#, &[]),
        (r#"{"count":9,"next":"https://zoo/2","results":[{},{}]}"#, &["`count` is 9", "`next` refers to a next page"]),
        (r#"{"count":2,"next":null,"previous":null,"results":[{},{}]}"#, &[]),
        (r#"{"data":[{},{}],"has_more":true}"#, &["its field `has_more` is true"]),
        (r#"{"data":[{},{}],"links":{"next":{"href":"/2"}}}"#, &["its field `links.next` refers to a next page"]),
        (r#"{"data":[{},{}],"links":{"next":null},"meta":{"per_page":2,"total":3}}"#, &["`meta.total` is 3"]),
        (r#"{"_embedded":{"hens":[{}]},"_links":{"next":{"href":"/2"}}}"#, &["`_links.next` refers to a next page"]),
        (r#"{"data":[{},{}],"pageInfo":{"hasNextPage":true}}"#, &["its field `pageInfo.hasNextPage` is true"]),
        (r#"{"data":{"hens":[{}],"next":"/2"}}"#, &["its field `data.next` refers to a next page"]),
        (r#"{"ok":true,"hens":[{},{}],"response_metadata":{"next_cursor":""}}"#, &[]),
        (r#"{"ok":true,"hens":[{},{}],"response_metadata":{"next_cursor":"x"}}"#, &["`response_metadata.next_cursor`"]),
        (r#"{"value":[{},{}],"@odata.nextLink":"/2"}"#, &["its field `@odata.nextLink` refers to a next page"]),
        (r#"{"value":[{},{}],"@odata.count":3}"#, &["its field `@odata.count` is 3"]),
        (r#"{"content":[{},{}],"pageable":{"offset":0},"totalElements":3}"#, &["its field `totalElements` is 3"]),
        // One object that is not a page.
        (r#"{"id":"zoo","count":7}"#, &[]),
        (r#"{"id":"zoo","next":"b","previous":"a"}"#, &[]),
        (r#"{"company":"SpaceX","employees":9500,"links":{"website":"https://zoo"},"total":74}"#, &[]),
        (r#"{"id":"zoo","count":7,"tags":["a","b"]}"#, &[]),
        (r#"{"id":"zoo","count":7,"limit":10,"tags":[]}"#, &[]),
        (r#"{"inside":{"next":"/2","hasNextPage":true}}"#, &[]),
        (r#"{"total":"3","page":1,"data":[{}]}"#, &[]),
        ("[1,2]", &[]),
        ("{", &[]),
    ] {
        let missing = Claims::of_envelope(json).missing(1);
        assert_eq!(missing.is_some(), !words.is_empty(), "{json}: {missing:?}");
        let missing = missing.unwrap_or_default();
        assert!(words.iter().all(|words| missing.contains(words)), "{json}: {missing}");
    }
}
