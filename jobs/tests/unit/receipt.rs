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
    assert_eq!(prints(&TEXT.replace("collections:", load).replacen("key: id", "removed: null, key: id", 1)), [a, b]);
}
