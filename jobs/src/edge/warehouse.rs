//! The warehouse that a run is loaded into.
//!
//! [`crate::load`] builds the statements; a driver runs them, stages files, and reports a conflict (the ledger's head
//! has moved) separately from a failure.

mod binary;
mod driver;
mod postgres;
#[cfg(feature = "aws")]
mod redshift;
mod tables;

use anyhow::Result;

use crate::failure::Failure;

pub(crate) use driver::{Commit, Warehouse, values, waits};
pub use postgres::Postgres;
#[cfg(feature = "aws")]
pub use redshift::Redshift;

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A PostgreSQL URL, which may contain a password.
    Postgres(String),
    #[cfg(feature = "aws")]
    Redshift { workgroup: String, database: String },
}

impl Address {
    /// Reads `postgres://user:password@host:port/database` or `redshift://workgroup/database`.
    /// Fails if no driver supports the URL. The error does not show the URL, because it may contain a password.
    pub fn parse(url: &str) -> Result<Self> {
        let problem = match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => return Ok(Self::Postgres(url.to_owned())),
            #[cfg(feature = "aws")]
            Some(("redshift", place)) => {
                // Workgroup names have 3 to 64 characters: a-z, 0-9, hyphens (Redshift Serverless API,
                // CreateWorkgroup).
                let plain = |name: &str, more: &str| {
                    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || more.contains(char))
                };
                match place.split_once('/') {
                    Some((workgroup, database)) if plain(workgroup, "-") && plain(database, "_-$") => {
                        return Ok(Self::Redshift { workgroup: workgroup.to_owned(), database: database.to_owned() });
                    }
                    _ => "WAREHOUSE_URL does not contain a valid workgroup and database".to_owned(),
                }
            }
            Some((other, _)) => format!("unsupported warehouse URL scheme `{other}`"),
            // The text is not shown: it may be a password.
            None => "WAREHOUSE_URL is not a URL".to_owned(),
        };
        let forms = "use the format redshift://workgroup/database or postgres://user:password@host:port/database";
        Err(Failure::refused(problem).hint(forms).into())
    }
}
