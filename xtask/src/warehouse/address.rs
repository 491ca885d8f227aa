//! The address of a warehouse.

use std::str::FromStr;

use contract::{Tls, TlsOptions};
use url::Url;

use crate::failure::Failure;

/// `redshift://workgroup/database`, or `postgres://user@host:port/database` with [`TlsOptions`]. It contains no password:
/// other users can read a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A workgroup of Redshift Serverless, for the Data API.
    Redshift {
        workgroup: String,
        database: String,
    },
    Postgres {
        host: String,
        port: u16,
        user: String,
        database: String,
        tls: Tls,
    },
}

const HINT: &str = "write redshift://workgroup/database or postgres://user@host:port/database, with \
                    ?sslmode=verify-full&sslrootcert=FILE if the server's CA is not one of the system's";

impl FromStr for Address {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        // Without the text: it may contain a password.
        let wrong = |problem: &str| Failure::new(format!("the warehouse's address {problem}")).hint(HINT);
        let (text, options) = TlsOptions::split(text);
        let url = Url::parse(&text).map_err(|_| wrong("is not a URL"))?;
        if url.password().is_some() {
            let failure = Failure::new("the warehouse's address contains a password");
            return Err(failure.hint("remove it and set PGPASSWORD: other users can read a command line"));
        }
        let database = url.path().trim_start_matches('/').to_owned();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || database.is_empty() || database.contains('/') {
            return Err(wrong("needs a host and one database"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has options other than `sslmode` and `sslrootcert`"));
        }
        match url.scheme() {
            "redshift" if options != TlsOptions::default() => Err(wrong("has options, which are only for PostgreSQL")),
            "redshift" => Ok(Self::Redshift { workgroup: host, database }),
            "postgres" | "postgresql" if url.username().is_empty() => Err(wrong("has no user")),
            "postgres" | "postgresql" => {
                let tls = options
                    .decide([host.as_str()])
                    .map_err(|problem| wrong(&format!("has invalid options: {problem}")))?;
                let (port, user) = (url.port().unwrap_or(5432), url.username().to_owned());
                Ok(Self::Postgres { host, port, user, database, tls })
            }
            _ => Err(wrong("starts with neither redshift:// nor postgres://")),
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/warehouse/address.rs"]
mod tests;
