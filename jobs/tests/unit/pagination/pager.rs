//! Tests the end of the pages and the checks of totals. The requests themselves are tested with a server.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn request(paginator: Paginator, total: Option<&str>, more: Option<&str>) -> Request {
    let own = |path: Option<&str>| path.map(str::to_owned);
    Request { paginator: Some(paginator), total_path: own(total), has_more_path: own(more), ..Request::default() }
}

fn by_number() -> Paginator {
    Paginator::PageNumber { page_param: "p".to_owned(), base_page: 1 }
}

/// Reads pages with these envelopes and numbers of records until the pager ends; returns the number of pages.
fn read(request: &Request, pages: &[(Value, u64)]) -> Result<usize, Failure> {
    let (mut pager, headers) = (Pager::new(request), BTreeMap::from([("x-total".to_owned(), "3".to_owned())]));
    for (at, (envelope, records)) in pages.iter().enumerate() {
        let page = Page { headers: &headers, envelope, records: *records, last: "{}", hash: at as u128 };
        pager.read(page)?;
        if pager.next(page)?.is_none() {
            return Ok(at + 1);
        }
    }
    panic!("the pages have not ended: {pager:?}");
}

#[test]
fn pages_end_at_the_total_at_the_last_flag_or_at_an_empty_page() {
    let none = json!({});
    let pages = [(none.clone(), 2), (none.clone(), 1), (none.clone(), 0), (none, 9)];
    assert_eq!(read(&request(by_number(), None, None), &pages).ok(), Some(3));
    assert_eq!(read(&request(by_number(), Some("header:X-Total"), None), &pages).ok(), Some(2));
    let more = |more: Value, records| (json!({"m": {"more": more}}), records);
    let flagged = [more(true.into(), 2), more("true".into(), 2), more(false.into(), 1), more(true.into(), 1)];
    assert_eq!(read(&request(by_number(), None, Some("m.more")), &flagged).ok(), Some(3));
    let cursor =
        Paginator::Cursor { cursor_path: Some("c".to_owned()), last_record: None, cursor_param: "c".to_owned() };
    // An empty page may lead to another one.
    let cursors = |last: Value| [(json!({"c": 1}), 1), (json!({"c": "x"}), 0), (json!({"c": last}), 1)];
    let cursor = request(cursor, None, None);
    for last in ["".into(), false.into(), Value::Null] {
        assert_eq!(read(&cursor, &cursors(last)).ok(), Some(3));
    }
    let link = request(Paginator::JsonLink { next_url_path: "c".to_owned() }, None, None);
    assert_eq!(read(&link, &cursors(false.into())).ok(), Some(3));
}

#[test]
fn a_page_that_reports_more_records_must_lead_to_them() {
    let cursor =
        || Paginator::Cursor { cursor_path: Some("c".to_owned()), last_record: None, cursor_param: "c".to_owned() };
    let more = request(cursor(), None, Some("more"));
    let page = |more: bool, cursor: Value, records| (json!({"more": more, "c": cursor}), records);
    let failure = read(&more, &[page(true, Value::Null, 5)]).expect_err("more");
    assert_eq!(failure.to_string(), "page 1 reports more records, but has nothing at `c`");
    // With a cursor, an empty page is not the last one.
    assert_eq!(read(&more, &[page(true, 1.into(), 0), page(false, 2.into(), 3)]).ok(), Some(2));
    // A total that the server limits does not end the pages.
    let capped = request(by_number(), Some("n"), Some("more"));
    let page = |more: bool| (json!({"more": more, "n": 2}), 2);
    assert_eq!(read(&capped, &[page(true), page(true), page(false)]).ok(), Some(3));
}

#[test]
fn what_a_page_does_not_say_is_an_error() {
    let failed = |request: &Request, pages: &[(Value, u64)]| read(request, pages).expect_err("wrong").to_string();
    let more = request(by_number(), None, Some("more"));
    let found = failed(&more, &[(json!({"next": 1}), 1)]);
    assert_eq!(found, "`more` (`has_more_path`) is missing, not true or false, on page 1");
    let found = failed(&more, &[(json!({"more": "yes"}), 1)]);
    assert_eq!(found, "`more` (`has_more_path`) is `yes`, not true or false, on page 1");
    let found = failed(&more, &[(json!({"more": true}), 0)]);
    assert_eq!(found, "page 1 has no records, but `more` is true");
    let total = request(by_number(), Some("n"), None);
    assert_eq!(failed(&total, &[(json!({}), 1)]), "page 1 has no number at `n` (`total_path`)");
    let changed = read(&total, &[(json!({"n": 9}), 1), (json!({"n": 8}), 1)]).expect_err("changed");
    assert!(changed.is_temporary());
    assert_eq!(changed.to_string(), "the total at `n` changed from 9 to 8 between pages 1 and 2");
    let last =
        Paginator::Cursor { cursor_path: None, last_record: Some("id".to_owned()), cursor_param: "c".to_owned() };
    let found = failed(&request(last, None, None), &[(json!({}), 1)]);
    assert_eq!(found, "the last record of page 1 has no value at `id`");
}
