//! Tests the addresses of datasets.

use super::*;

fn named(place: Place) -> String {
    format!("{} {}", place.namespace, place.name)
}

#[test]
fn places_follow_the_naming_convention() {
    for (url, key, expected) in [
        ("s3://bucket", "processed/a", "s3://bucket processed/a"),
        ("s3://bucket/pre/fix/", "processed/a", "s3://bucket pre/fix/processed/a"),
        ("file:///my%20lake", "processed/a", "file /my lake/processed/a"),
        ("https://api.example.com", "/v4/a", "https://api.example.com /v4/a"),
        ("http://me:secret@host:8080/base/?key=secret", "/v4/a", "http://host:8080 /base/v4/a"),
    ] {
        assert_eq!(named(Place::below(url, key)), expected);
    }
}

#[test]
fn a_warehouse_has_no_user_and_no_password() {
    for (url, region, expected) in [
        ("postgres://loader:secret@db.example:6432/dev?sslmode=require", None, "postgres://db.example:6432 dev"),
        ("postgresql://loader:secret@db.example/dev", Some("eu-west-1"), "postgres://db.example:5432 dev"),
        ("postgres://dev@", None, "postgres://localhost:5432 "),
        ("redshift://workgroup/dev", Some("eu-west-1"), "redshift://workgroup.eu-west-1:5439 dev"),
        ("redshift://workgroup/dev", None, "redshift://workgroup:5439 dev"),
        ("secret", None, "postgres://localhost:5432 "),
    ] {
        assert_eq!(named(Place::of_warehouse(url, region)), expected, "{url}");
    }
}

#[test]
fn an_address_in_a_text_loses_its_secrets() {
    for (text, expected) in [
        ("nothing", "nothing"),
        ("`http://host/a` answered", "`http://host/a` answered"),
        ("at http://me:secret@host:1/a?key=secret#secret it", "at http://host:1/a it"),
        ("a://u:secret@h, b://h/x?secret\nc", "a://h, b://h/x\nc"),
        ("postgres://me:sec/ret@host/db", "postgres://host"),
        ("postgres://me:sec@ret@host/db", "postgres://host/db"),
    ] {
        assert_eq!(without_secrets(text), expected);
    }
}
