//! Tests what is written instead of personal data, wherever it is in a record.

use super::*;

const CONTRACT: &str = "
source: zoo
base_url: http://zoo.example
hash_key: {secret: ZOO_HASHES}
collections:
  keepers:
    path: /keepers
    key: id
    doc: k
    columns:
      id: {type: integer, doc: i}
      email: {type: string(64), personal: hash, doc: e}
      phone: {type: string(8), personal: mask, doc: p}
      home: {at: contact.home, type: json, personal: drop, doc: h}
      town: {at: contact.town, type: string(8), doc: t}
      plain: {at: plain.name, type: string(8), doc: n}
    children:
      friends: {at: contact.friends, parent_key: keeper_id, doc: f, columns: {name: {type: string(9), personal: mask, doc: m}}}
      nicks: {at: nicks, parent_key: keeper_id, doc: n, columns: {nick: {at: ., type: string(9), personal: mask, doc: n}}}
";

/// HMAC-SHA256 of `ada@zoo.example`, computed with Python's `hmac`.
const HASH: &str = "4c6cd420d6f671bdf87403f9b9ba6eba00e0eb636e9cf066c747467905e84cc3";

fn redactor(text: &str) -> Option<Redactor> {
    let contract = Contract::parse(text, "zoo.yaml").expect("good");
    let key = HashKey::new("0123456789abcdef0123456789abcdef").expect("long enough");
    Redactor::new(&contract, &contract.collections["keepers"], Some(&key))
}

#[test]
fn each_value_is_replaced_where_the_contract_says() {
    let redactor = redactor(CONTRACT).expect("personal data");
    let hashed = format!(r#"{{"email":"{HASH}"}}"#);
    let cases = [
        (r#"{"id":1,"plain":{"name":"x"},"more":[{"a":"b"}]}"#, r#"{"id":1,"plain":{"name":"x"},"more":[{"a":"b"}]}"#),
        (r#" { "email" : "ada@zoo.example" } "#, &hashed),
        // Cleaned as in the table, so that equal values have equal hashes.
        (r#"{"email":" ada\u0040zoo.example\n"}"#, &hashed),
        (r#"{"email":"","phone":" "}"#, r#"{"email":null,"phone":null}"#),
        (r#"{"email":null,"phone":null}"#, r#"{"email":null,"phone":null}"#),
        (r#"{"phone":"1"}"#, r#"{"phone":"***"}"#),
        // Names that are written in another way, or twice.
        (r#"{"p\u0068one":"1","phone":"2"}"#, r#"{"p\u0068one":"***","phone":"***"}"#),
        (r#"{"Phone":"1","PHONE":"2"}"#, r#"{"Phone":"***","PHONE":"***"}"#),
        (r#"{"contact.home":"1","Contact.Home":2,"contact":{"HOME":3}}"#, r#"{"contact":{}}"#),
        (r#"{"contact.friends.name":"1"}"#, r#"{"contact.friends.name":"***"}"#),
        (r#"{"contact":{"home":{"street":"s"},"town":"t"}}"#, r#"{"contact":{"town":"t"}}"#),
        // Another type than the contract's.
        (r#"{"phone":12,"email":true}"#, r#"{"phone":0,"email":false}"#),
        (r#"{"phone":-1e5,"email":{"a":"b"}}"#, r#"{"phone":0,"email":{}}"#),
        (r#"{"phone":["1",[2,null]]}"#, r#"{"phone":["***",[0,null]]}"#),
        (r#"{"contact":"1"}"#, r#"{"contact":"***"}"#),
        (r#"{"contact":[{"home":1,"town":"t"},7]}"#, r#"{"contact":[{"town":"t"},"***"]}"#),
        (
            r#"{"contact":{"friends":[{"name":"n","x":1},"n",null]}}"#,
            r#"{"contact":{"friends":[{"name":"***","x":1},"***",null]}}"#,
        ),
        (r#"{"contact":{"friends":{"name":"n"}}}"#, r#"{"contact":{"friends":{"name":"***"}}}"#),
        // An object instead of a list has elements as fields.
        (
            r#"{"contact":{"friends":{"0":{"name":"n"},"a":[{"name":"n","x":1}],"b":{"c":{"name":"n"}},"d":"n"}}}"#,
            r#"{"contact":{"friends":{"0":{"name":"***"},"a":[{"name":"***","x":1}],"b":{"c":{"name":"***"}},"d":"***"}}}"#,
        ),
        (r#"{"contact.friends.0.name":"n"}"#, r#"{"contact.friends.0.name":"***"}"#),
        (r#"{"phone.home":"1","contact.home.street":"s"}"#, r#"{"phone.home":"***"}"#),
        (r#"{"nicks":["a",{"b":"c"}]}"#, r#"{"nicks":["***",{}]}"#),
        (r#"{"nicks":"a"}"#, r#"{"nicks":"***"}"#),
        // Another record than an object, and text that serde_json cannot read.
        (r#""ada""#, r#""***""#),
        (r#"[{"phone":"1"},3]"#, r#"[{"phone":"***"},"***"]"#),
        (r#"{"phone":"\ud800","\ud800":"x"}"#, r#"{"phone":"***","\ud800":"x"}"#),
        (r#"{"phone":1e999,"x":1e999}"#, r#"{"phone":0,"x":1e999}"#),
    ];
    for (record, expected) in cases {
        assert_eq!(redactor.redact(record), expected, "{record}");
    }
    let deep = format!(r#"{{"x":{}1{},"phone":"1"}}"#, "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(redactor.redact(&deep), deep.replace(r#""1""#, r#""***""#));
    let deep = format!(r#"{{"phone":{}1{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(redactor.redact(&deep), format!(r#"{{"phone":{}[]{}}}"#, "[".repeat(128), "]".repeat(128)));
}

#[test]
fn a_collection_without_personal_data_needs_no_redactor() {
    let plain = CONTRACT.replace("hash_key: {secret: ZOO_HASHES}\n", "");
    let plain =
        ["hash", "mask", "drop"].iter().fold(plain, |text, word| text.replace(&format!(" personal: {word},"), ""));
    assert!(redactor(&plain).is_none());
}

/// A column whose name differs only in case from that of a personal one keeps its values.
#[test]
fn an_exact_name_decides() {
    let both = CONTRACT.replace("      phone:", "      other: {at: Phone, type: string(8), doc: o}\n      phone:");
    let redactor = redactor(&both).expect("personal data");
    assert_eq!(
        redactor.redact(r#"{"Phone":"1","phone":"2","PHONE":"3"}"#),
        r#"{"Phone":"1","phone":"***","PHONE":"***"}"#
    );
}

#[test]
fn a_short_key_is_refused() {
    assert_eq!(HashKey::new(&"k".repeat(31)).expect_err("short"), "has 31 bytes; a key of hashes needs at least 32");
}
