//! Tests warehouse addresses that are accepted and rejected.

use super::*;

#[test]
fn addresses_are_parsed_and_errors_do_not_quote_them() {
    let workgroup = Address::Redshift { workgroup: "w-g".to_owned(), database: "d".to_owned() };
    assert_eq!("redshift://w-g/d".parse::<Address>().expect("an address"), workgroup);
    let postgres = "postgres://ann@db.example/d".parse::<Address>().expect("an address");
    assert!(matches!(&postgres, Address::Postgres { port: 5432, user, .. } if user == "ann"), "{postgres:?}");
    for (address, expected) in [
        ("postgres://ann@db.example/d", Tls::VerifyFull(None)),
        ("postgres://ann@127.0.0.1/d", Tls::Off),
        ("postgres://ann@[::1]:5433/d", Tls::Off),
        ("postgres://ann@db.example/d?sslmode=disable", Tls::Off),
        ("postgres://ann@localhost/d?sslmode=require", Tls::Encrypt),
        ("postgres://ann@db.example/d?sslrootcert=/etc/ca.pem", Tls::VerifyFull(Some("/etc/ca.pem".into()))),
    ] {
        let found = address.parse::<Address>();
        assert!(matches!(&found, Ok(Address::Postgres { tls, .. }) if *tls == expected), "{address}: {found:?}");
    }
    for wrong in [
        "",
        "w/d",
        "redshift://w",
        "redshift://w/",
        "redshift://w/a/b",
        "mysql://u@h/d",
        "postgres://h/d",
        "postgres://u:hunter2@h/d",
        "postgres://u@h/d?sslmode=hunter2",
        "postgres://u@h/d?sslmode=verify-ca",
        "postgres://u@h/d?options=hunter2",
        "redshift://w/d?sslmode=require",
    ] {
        let failure = wrong.parse::<Address>().expect_err(wrong);
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
    }
}
