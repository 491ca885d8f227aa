//! Tests the TLS modes that `sslmode` and `sslrootcert` select.

use super::*;

fn decided(url: &str, hosts: &[&str]) -> Result<Tls, String> {
    TlsOptions::split(url).1.decide(hosts.iter().copied())
}

#[test]
fn a_remote_host_needs_a_verified_certificate_unless_the_url_says_otherwise() {
    let full = |file: Option<&str>| Ok(Tls::VerifyFull(file.map(PathBuf::from)));
    let (remote, local) = (["db.example"].as_slice(), ["127.0.0.1"].as_slice());
    let cases: &[(&str, &[&str], Result<Tls, String>)] = &[
        ("", remote, full(None)),
        ("", &["10.0.0.5"], full(None)),
        ("", &["127.0.0.1.example"], full(None)),
        ("", &["localhost", "db.example"], full(None)),
        ("", local, Ok(Tls::Off)),
        ("", &["::1", "localhost", "/run/postgresql", "::ffff:127.0.0.1"], Ok(Tls::Off)),
        ("?sslrootcert=/etc/ca.pem", local, full(Some("/etc/ca.pem"))),
        ("?sslrootcert=system", local, full(None)),
        ("?sslmode=disable", remote, Ok(Tls::Off)),
        ("?sslmode=require", local, Ok(Tls::Encrypt)),
        ("?sslmode=require&sslrootcert=a%20b.pem", remote, Ok(Tls::VerifyCa("a b.pem".into()))),
        ("?sslmode=verify-ca&sslrootcert=a.pem", remote, Ok(Tls::VerifyCa("a.pem".into()))),
        ("?sslmode=verify-full", local, full(None)),
        ("?sslmode=verify-full&sslrootcert=a.pem", remote, full(Some("a.pem"))),
    ];
    for (query, hosts, expected) in cases {
        assert_eq!(&decided(&format!("postgres://h/d{query}"), hosts), expected, "{query} {hosts:?}");
    }
    for (query, expected) in [
        ("prefer", "fall back to plaintext"),
        ("hunter2", "must be `disable`"),
        ("", "must be `disable`"),
        ("verify-ca", "requires `sslrootcert`"),
        ("require&sslrootcert=system", "requires `sslmode=verify-full`"),
        ("verify-full&sslmode=disable", "is set twice"),
        ("verify-full&sslrootcert=a.pem&sslrootcert=b.pem", "is set twice"),
        ("verify-full&sslrootcert=", "`sslrootcert` is empty"),
        ("disable&sslrootcert=a.pem", "verifies no certificate"),
    ] {
        let error = decided(&format!("postgres://h/d?sslmode={query}"), local).expect_err(query);
        assert!(error.contains(expected) && !error.contains("hunter2"), "{query}: {error}");
    }
}

#[test]
fn the_driver_gets_the_rest_of_the_url() {
    for (url, rest) in [
        ("postgres://u:p@h/d", "postgres://u:p@h/d"),
        ("postgres://u:p@h/d?sslmode=require", "postgres://u:p@h/d"),
        ("postgres://u:p@h/d?a=1&sslrootcert=x&b=2&sslmode=verify-full", "postgres://u:p@h/d?a=1&b=2"),
    ] {
        assert_eq!(TlsOptions::split(url).0, rest);
    }
}

#[test]
fn only_loopback_addresses_and_localhost_are_this_machine() {
    for url in [
        "http://localhost",
        "https://LOCALHOST:8/a?b#c",
        "http://127.0.0.1:80/a@b",
        "http://127.9.9.9",
        "http://[::1]",
        "http://[::1]:9/",
    ] {
        assert!(is_on_loopback(url), "{url}");
    }
    for url in [
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://127.0.0.1@a.example",
        "http://localhost:8@a.example",
        "http://a.example/localhost",
        "http://128.0.0.1",
        "http://[::2]",
        "http://0.0.0.0",
        "localhost",
        "/localhost",
    ] {
        assert!(!is_on_loopback(url), "{url}");
    }
}
