//! Tests that secrets are found in every form, however the bytes are split.

use super::*;

fn secrets() -> Secrets {
    let values = BTreeMap::from([("LONG", "tok+en/1 2"), ("SHORT", "abc"), ("UNICODE", "pä\"sswörd")]);
    Secrets::new(values.clone().into_keys(), |name| values.get(name).map(|value| (*value).to_owned())).expect("all")
}

#[test]
fn every_form_is_hidden_in_pieces_of_every_size() {
    let forms = [
        "tok+en/1 2",
        "tok%2Ben%2F1%202",
        "tok%2ben%2f1%202",
        "tok%2Ben%2F1+2",
        "tok+en\\/1 2",
        "pä\"sswörd",
        "pä\\\"sswörd",
        "p%C3%A4%22ssw%C3%B6rd",
        "tok\\u002Ben/1 2",
        "p\\u00e4\\\"ssw\\u00f6rd",
        "tok%2Ben/1%202",
        "dG9rK2VuLzEgMg",
        "cMOkInNzd8O2cmQ",
    ];
    let secrets = secrets();
    for form in forms {
        let text = format!("{form}, abc and {form}{form}.");
        let expected = format!("{HIDDEN}, abc and {HIDDEN}{HIDDEN}.");
        assert_eq!(secrets.hidden(&text), expected);
        for size in 1..=text.len() {
            let (mut filter, mut found) = (secrets.filter(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                found.extend(filter.push(piece));
            }
            found.extend(filter.end());
            assert_eq!(String::from_utf8(found).as_deref(), Ok(expected.as_str()), "{form} in pieces of {size}");
            assert!(filter.found);
        }
    }
}

#[test]
fn a_later_secret_is_hidden_as_well_and_a_missing_one_is_named() {
    let mut secrets = Secrets::default();
    assert!(secrets.is_empty());
    assert_eq!(secrets.hidden("a-token"), "a-token");
    secrets.hide("a-token");
    assert_eq!(secrets.hidden("a-token"), HIDDEN);
    let missing = Secrets::new(["A", "B", "C"], |name| (name == "A").then(String::new)).expect_err("all");
    assert_eq!(missing.to_string(), "the contract needs the secret `A`, `B`, `C`, which is not set");
}
