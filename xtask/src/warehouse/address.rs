//! Where a warehouse is.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::str::FromStr;

use contract::{Tls, TlsOptions};
use url::Url;

use crate::failure::Failure;

/// `redshift://workgroup/database`, or `postgres://user@host:port/database` with the options of [`TlsOptions`], always without a password: others can
/// read a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A workgroup of Redshift Serverless, asked through the Data API.
    Redshift {
        /// The workgroup.
        workgroup: String,
        /// The database.
        database: String,
    },
    /// A PostgreSQL server.
    Postgres {
        /// The host's name or address.
        host: String,
        /// The port; 5432 unless given.
        port: u16,
        /// Who enters.
        user: String,
        /// The database.
        database: String,
        /// How the connection is protected.
        tls: Tls,
    },
}

const FORMS: &str = "redshift://workgroup/database or postgres://user@host:port/database, with ?sslmode=verify-full&sslrootcert=FILE \
                     where the server's CA is not the system's";

impl FromStr for Address {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        // Never with the text: there may be a password in it.
        let wrong = |what: &str| Failure::new(format!("the warehouse's address {what}")).hint(format!("it is {FORMS}"));
        let (text, options) = TlsOptions::split(text);
        let url = Url::parse(&text).map_err(|_| wrong("cannot be read"))?;
        if url.password().is_some() {
            let failure = Failure::new("the warehouse's address has a password in it");
            return Err(failure.hint("leave it out and set PGPASSWORD: others can read a command line"));
        }
        let database = url.path().trim_start_matches('/').to_owned();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || database.is_empty() || database.contains('/') {
            return Err(wrong("wants a host and one database"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("takes no options but `sslmode` and `sslrootcert`"));
        }
        match url.scheme() {
            "redshift" if options != TlsOptions::default() => Err(wrong("has options that are PostgreSQL's")),
            "redshift" => Ok(Self::Redshift { workgroup: host, database }),
            "postgres" | "postgresql" if url.username().is_empty() => Err(wrong("names no user")),
            "postgres" | "postgresql" => {
                let tls = options.decide([host.as_str()]).map_err(|problem| wrong(&format!("is wrong: {problem}")))?;
                let (port, user) = (url.port().unwrap_or(5432), url.username().to_owned());
                Ok(Self::Postgres { host, port, user, database, tls })
            }
            _ => Err(wrong("has another scheme")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_refused_without_repeating_them() {
        let workgroup = Address::Redshift { workgroup: "w-g".to_owned(), database: "d".to_owned() };
        assert_eq!("redshift://w-g/d".parse::<Address>().expect("an address"), workgroup);
        let postgres = "postgres://ann@db.example/d".parse::<Address>().expect("an address");
        assert!(matches!(&postgres, Address::Postgres { port: 5432, user, .. } if user == "ann"), "{postgres:?}");
        for (address, wanted) in [
            ("postgres://ann@db.example/d", Tls::VerifyFull(None)),
            ("postgres://ann@127.0.0.1/d", Tls::Off),
            ("postgres://ann@[::1]:5433/d", Tls::Off),
            ("postgres://ann@db.example/d?sslmode=disable", Tls::Off),
            ("postgres://ann@localhost/d?sslmode=require", Tls::Encrypt),
            ("postgres://ann@db.example/d?sslrootcert=/etc/ca.pem", Tls::VerifyFull(Some("/etc/ca.pem".into()))),
        ] {
            let found = address.parse::<Address>();
            assert!(matches!(&found, Ok(Address::Postgres { tls, .. }) if *tls == wanted), "{address}: {found:?}");
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
}
