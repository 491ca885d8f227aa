use super::*;

const TEXT: &str = "
source: zoo
base_url: http://zoo.example
collections:
  a: {path: /a, key: id, doc: a, columns: {id: {type: integer, doc: i}}}
  b: {path: /b, key: id, doc: b, columns: {id: {type: integer, doc: i}}}
";

fn prints(text: &str) -> [String; 2] {
    let contract = Contract::parse(text, "zoo.yaml").expect("good");
    ["a", "b"].map(|name| {
        contract.collections.get(name).map(|collection| fingerprint(&contract, name, collection)).expect("a collection")
    })
}

#[test]
fn a_fingerprint_follows_its_own_collection_and_the_defaults_only() {
    let [a, b] = prints(TEXT);
    let [a_changed, b_same] = prints(&TEXT.replacen("type: integer", "type: string(9)", 1));
    assert!(a != a_changed && b == b_same && a != b);
    let [a_default, b_default] = prints(&TEXT.replace("collections:", "defaults: {drift: freeze}\ncollections:"));
    assert!(a_default != a && b_default != b);
    // Only a load reads these.
    let load = "defaults: {max_deleted_share: 0.5, removed: drop}\ncollections:";
    assert_eq!(
        prints(&TEXT.replace("collections:", load).replacen("key: id", "removed: null, key: id", 1)),
        [a.clone(), b.clone()]
    );
    // Only the order and time of requests depend on these.
    let requests =
        "request: {rate_limit: {requests: 1, seconds: 2}, concurrency: 3, retry_statuses: [403]}\ncollections:";
    assert_eq!(prints(&TEXT.replace("collections:", requests)), [a.clone(), b.clone()]);
    // A source's request is that of its collections.
    let [a_page, b_page] = prints(&TEXT.replace("collections:", "request: {query: {page: 2}}\ncollections:"));
    assert!(a_page != a && b_page != b);
    assert_eq!(prints(&TEXT.replacen("key: id", "request: {query: {page: 2}}, key: id", 1)), [a_page, b]);
}

#[test]
fn a_fingerprint_does_not_follow_how_often_changes_are_requested() {
    let with = |incremental: &str| {
        let cursor = format!("incremental: {{cursor: n, start_param: s{incremental}}}, key: id");
        prints(&TEXT.replacen("key: id", &cursor, 1).replacen(
            "columns: {",
            "columns: {n: {type: integer, required: true, doc: n}, ",
            1,
        ))
    };
    assert_eq!(with(", lookback: 7, snapshot_every: 3"), with(""));
    assert_ne!(with(", end_param: e"), with(""));
}
