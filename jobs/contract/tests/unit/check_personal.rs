//! Tests which columns may be dropped, hashed or masked.

use crate::model::Contract;

const GOOD: &str = "\
source: zoo
base_url: http://zoo.example
hash_key: {secret: ZOO_HASHES}
collections:
  animals:
    path: /animals
    key: id
    doc: One row an animal.
    columns:
      id: {type: string(64), personal: hash, doc: key}
      chip: {type: string(64), doc: c}
      at: {type: timestamp, required: true, doc: t}
      owner: {type: string(64), unique: true, references: owners.email, personal: hash, doc: who}
      phone: {type: string(3), required: true, personal: mask, doc: p}
      home: {type: json, personal: drop, doc: h}
    children:
      guests: {at: guests, parent_key: animal_id, doc: g, columns: {guest: {at: ., type: string(9), personal: mask, doc: m}}}
  owners:
    path: /owners
    key: email
    doc: o
    columns:
      email: {type: string(64), personal: hash, doc: key}
";

fn problems(text: &str) -> String {
    Contract::parse(text, "zoo.yaml").map(|_| String::new()).unwrap_or_else(|error| error.to_string())
}

#[test]
fn a_dropped_column_is_in_no_table_and_the_key_of_hashes_is_a_secret() {
    let contract = Contract::parse(GOOD, "zoo.yaml").expect("good");
    let names: Vec<&str> = contract.tables()[0].columns.iter().map(|column| column.name).collect();
    assert_eq!(names, ["id", "chip", "at", "owner", "phone"]);
    assert_eq!(contract.secrets().into_iter().collect::<Vec<_>>(), ["ZOO_HASHES"]);
}

#[test]
fn what_requests_keys_and_references_need_is_refused() {
    let cursor = "key: id\n    incremental: {cursor: at, start_param: s}";
    let last = "key: id\n    request: {paginator: {type: cursor, last_record: home.town, cursor_param: c}}";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("personal: mask, doc: p", "personal: hide, doc: p")], "unknown variant `hide`, expected one of `drop`"),
        (&[("hash_key: {secret: ZOO_HASHES}\n", "")], "hash_key: is missing, but a column has `personal: hash`"),
        (&[("{secret: ZOO_HASHES}", "hunter2")], "zoo.yaml:3: hash_key: is a secret: write {secret: NAME}"),
        (&[("ZOO_HASHES", "zoo")], "zoo.yaml:3: hash_key: `zoo` is not the name of an environment variable"),
        (&[(", personal: hash", ""), (", personal: hash", ""), (", personal: hash", "")], "remove the key"),
        (
            &[("id: {type: string(64), personal: hash", "id: {type: string(64), personal: mask")],
            "zoo.yaml:10: collections.animals.columns.id.personal: `id` identifies a record, also in child tables",
        ),
        (&[("id: {type: string(64), personal: hash", "id: {type: string(64), personal: drop")], "`id` identifies a"),
        (
            &[("key: id", cursor), ("required: true, doc: t", "required: true, personal: drop, doc: t")],
            "requests contain the cursor `at`; remove `personal`",
        ),
        (&[("key: id", last)], "requests contain `home` (`last_record`); remove `personal`"),
        (
            &[("type: json, personal", "type: json, required: true, personal")],
            "columns.home.required: the column is dropped",
        ),
        (&[("string(9), personal: mask", "string(9), personal: drop")], "guest.personal: an element cannot be dropped"),
        (
            &[("type: json, personal: drop", "type: json, personal: mask")],
            "home.type: the text that is written needs string(3)",
        ),
        (
            &[("owner: {type: string(64)", "owner: {type: string(63)")],
            "owner.type: the text that is written needs string(64)",
        ),
        (&[("phone: {type: string(3)", "phone: {type: string(2)")], "needs string(3) or longer, not string(2)"),
        (
            &[("phone: {type: string(3)", "phone: {type: string(3), unique: true")],
            "phone.unique: all values are masked",
        ),
        (
            &[("phone: {type: string(3)", "phone: {type: string(3), values: [a]")],
            "phone.values: its values are not written",
        ),
        (
            &[("owners.email, personal: hash", "owners.email")],
            "owner.references: its values do not occur in `owners.email`; use `personal: hash` for both",
        ),
        (
            &[("owners.email, personal: hash", "owners.email, personal: mask")],
            "its values do not occur in `owners.email`",
        ),
        (
            &[("email: {type: string(64), personal: hash", "email: {type: string(64)")],
            "its values do not occur in `owners.email`",
        ),
    ];
    assert_eq!(problems(GOOD), "");
    for (changes, expected) in cases {
        let text = changes.iter().fold(GOOD.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let found = problems(&text);
        assert!(found.contains(expected), "{expected}\n{found}");
    }
}
