//! Tests what the emulators store.

use super::*;

#[test]
fn sources_that_name_the_same_secret_share_its_text() {
    let one = |secret: &str, name: &str| {
        (SourceSecret::parse(secret).expect("a secret"), BTreeMap::from([(name.to_owned(), "x".to_owned().into())]))
    };
    let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/dpstack/a";
    let found = stored(vec![one("/dpstack/a", "B"), one("/dpstack/b", "C"), one(arn, "A")]).expect("texts");
    let found: Vec<_> = found.iter().map(|(secret, text)| (secret.name(), text.expose())).collect();
    assert_eq!(found, [("dpstack/a", r#"{"A":"x","B":"x"}"#), ("dpstack/b", r#"{"C":"x"}"#)]);
}
