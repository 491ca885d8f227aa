//! A warehouse address.

use std::str::FromStr;

use contract::{Tls, TlsOptions};
use url::Url;

use crate::failure::Failure;

/// `redshift://workgroup/database`, or `postgres://user@host:port/database` with [`TlsOptions`]. It must not contain a
/// password, because other users can read the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Redshift Serverless workgroup, for the Data API.
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
                    ?sslmode=verify-full&sslrootcert=FILE if the system does not trust the server's CA";

impl FromStr for Address {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        // The message does not contain the text, which may include a password.
        let wrong = |problem: &str| Failure::new(format!("the warehouse address {problem}")).hint(HINT);
        let (text, options) = TlsOptions::split(text);
        let url = Url::parse(&text).map_err(|_| wrong("is not a URL"))?;
        if url.password().is_some() {
            let failure = Failure::new("the warehouse address contains a password");
            return Err(failure.hint("remove it and set PGPASSWORD: other users can read the command line"));
        }
        let database = url.path().trim_start_matches('/').to_owned();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || database.is_empty() || database.contains('/') {
            return Err(wrong("must have a host and one database"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has options other than `sslmode` and `sslrootcert`"));
        }
        match url.scheme() {
            "redshift" if options != TlsOptions::default() => Err(wrong("has options that apply to PostgreSQL only")),
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
